/*
 * Being asked to stop by a signal, for commands that have something to put in order first.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_STOP_H
#define KEELSON_CLI_STOP_H

#include <stdbool.h>

extern volatile bool stop_asked;

/* From now on these signals (the last one 0) set it; a reader that leaves is an error of the write. */
void stop_on(const int *signals);

#endif

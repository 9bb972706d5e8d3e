/*
 * Threads that nobody waits for.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_THREAD_H
#define KEELSON_BASE_THREAD_H

#include "base/attr.h"

/* Detached, with all signals left to the thread that starts it.  0, or the error number; then run() is not called. */
MUST_CHECK int thread_start(void *(*run)(void *arg), void *arg);

#endif

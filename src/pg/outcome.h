/*
 * After an answer, or its absence: tasks are done, repeated, or told apart.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_OUTCOME_H
#define KEELSON_PG_OUTCOME_H

#include "base/err.h"

struct pg_link;

void outcome_finished(struct pg_link *k);                       /* as link_events.finished */
void outcome_lost(struct pg_link *k, const struct err *e);      /* as link_events.lost */

#endif

/*
 * After an answer, or its absence: tasks are done, repeated, or told apart.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_OUTCOME_H
#define KEELSON_PG_OUTCOME_H

#include "base/err.h"

struct pg_link;
struct pool;
struct rows;
struct task;

void outcome_finished(struct pg_link *k);                       /* as link_events.finished */
void outcome_lost(struct pg_link *k, const struct err *e);      /* as link_events.lost */

void outcome_done(struct pool *p, struct task *t, const struct rows *rows, int n, const struct err *e);     /* the task's end */
/* Look for what it may have written.  `ended`: the old backend is known to have gone, so what is not there will not come. */
void outcome_recover(struct pool *p, struct task *t, bool ended);
void outcome_undone(struct pool *p, struct task *t);            /* it may have been committed, and was not */

#endif



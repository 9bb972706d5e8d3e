/*
 * Work that is done again: at once, in front of its queue, or after a short pause.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_AGAIN_H
#define KEELSON_PG_AGAIN_H

#include <stdbool.h>

struct err;
struct pool;
struct task;

/* Can it be sent from its beginning?  Only when nothing of it was committed; with a step it is planned anew. */
bool again_possible(struct task *t);

void again_at_once(struct pool *p, struct task *t, const struct err *why);
/* Who met a deadlock or a serialization failure meets it again if everybody comes back at the same moment. */
void again_later(struct pool *p, struct task *t, const struct err *why);

void again_count(struct pool *p, const struct task *t, bool succeeded);     /* at a task's end */
bool again_drop(struct pool *p, struct task *t);                            /* its client has gone; false: it does not wait here */
void again_close(struct pool *p);                                           /* who waits here is refused */

#endif

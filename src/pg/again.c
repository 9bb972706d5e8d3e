/*
 * Repetitions, and what is counted about them.  Whoever calls has made sure that repeating is right; here is only when.
 * Pauses double and are drawn at random, up to a few hundredths of a second: long enough for the other one to commit.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/again.h"

#include <stdlib.h>
#include <string.h>

#include "pg/pool_parts.h"

#define PAUSE (5 * USEC_MS)

bool again_possible(struct task *t)
{
    if (t->tries >= POOL_TRIES || t->recovering)
        return false;
    return !t->step || (t->restart && t->restart(t));
}

/* Each repetition has its end: the task's, or the next repetition. */
void again_count(struct pool *p, const struct task *t, bool succeeded)
{
    if (t->tries > 0)
        ++*(succeeded ? &p->counters.retries[t->cause] : &p->counters.retries_failed[t->cause]);
}

static void note(struct pool *p, struct task *t, const struct err *why)
{
    again_count(p, t, false);
    link_kept_free(t->kept);
    t->kept = NULL;
    t->witness = (struct task_witness){ 0 };
    t->tries++;
    t->state = TASK_WAITING;
    t->link = NULL;
    t->cause = 0;
    for (int i = 1; i < POOL_RETRY_STATES; i++)
        if (strcmp(why->sqlstate, pool_retry_states[i]) == 0)
            t->cause = i;
}

void again_at_once(struct pool *p, struct task *t, const struct err *why)
{
    note(p, t, why);
    queue_add_first(pool_queue(p, t), t);
    pool_turn_soon(p);
}

static void timer_set(struct pool *p)
{
    usec next = INT64_MAX;

    for (const struct task *t = p->delayed.first; t; t = t->next)
        next = t->due < next ? t->due : next;
    if (p->delayed.first)
        loop_timer(p->loop, &p->again, next);
}

static void fire(struct timer *timer)
{
    struct pool *p = CONTAINER(timer, struct pool, again);
    struct task *next;

    for (struct task *t = p->delayed.first; t; t = next) {
        next = t->next;
        if (t->due > loop_now(p->loop))
            continue;
        queue_remove(&p->delayed, t);
        t->state = TASK_WAITING;
        queue_add_first(pool_queue(p, t), t);
    }
    timer_set(p);
    pool_turn_soon(p);
}

void again_later(struct pool *p, struct task *t, const struct err *why)
{
    usec most = PAUSE << t->tries;

    note(p, t, why);
    t->state = TASK_DELAYED;
    t->due = loop_now(p->loop) + most / 2 + random() % most;
    queue_add(&p->delayed, t);
    p->again.fire = fire;
    timer_set(p);
}

bool again_drop(struct pool *p, struct task *t)
{
    if (t->state != TASK_DELAYED || t->kind)
        return false;
    queue_remove(&p->delayed, t);
    return true;
}

void again_close(struct pool *p)
{
    loop_untimer(&p->again);
    while (p->delayed.first) {
        struct task *t = p->delayed.first;

        queue_remove(&p->delayed, t);
        pool_refuse(p, t, E_DRAINING, "the service is shutting down");
    }
}

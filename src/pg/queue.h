/*
 * Tasks in order of arrival: a doubly linked list that knows its length.  A task is in at most one.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_QUEUE_H
#define KEELSON_PG_QUEUE_H

#include "pg/pool.h"

struct queue {
    struct task *first, *last;
    int          n;
};

enum {
    TASK_NEW,
    TASK_WAITING,       /* in one of the pool's queues, or in a half to be repeated */
    TASK_SENT,          /* in task->link */
    TASK_REFUSED,       /* in pool->refused until the end of the turn */
    TASK_PARKED,        /* its connection was lost: waits in pool->leaving for the old backend's end, or in pool->witnesses for the server's word */
    TASK_DELAYED,       /* in pool->delayed */
    TASK_DONE,          /* the caller's again */
};

static inline void queue_remove(struct queue *q, struct task *t)
{
    *(t->prev ? &t->prev->next : &q->first) = t->next;
    *(t->next ? &t->next->prev : &q->last) = t->prev;
    t->next = t->prev = NULL;
    q->n--;
}

static inline void queue_add(struct queue *q, struct task *t)
{
    static uint64_t arrivals;

    t->arrival = ++arrivals;
    t->next = NULL;
    t->prev = q->last;
    *(q->last ? &q->last->next : &q->first) = t;
    q->last = t;
    q->n++;
}

/* Back to the head: it has waited already. */
static inline void queue_add_first(struct queue *q, struct task *t)
{
    t->prev = NULL;
    t->next = q->first;
    *(q->first ? &q->first->prev : &q->last) = t;
    q->first = t;
    q->n++;
}

#endif

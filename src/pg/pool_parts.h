/*
 * The inside of the pool, shared by the files that are the pool: pool.c (queues, connecting, upkeep), lane.c (groups),
 * outcome.c (what follows an answer or its absence).  Nobody else includes this.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_POOL_PARTS_H
#define KEELSON_PG_POOL_PARTS_H

#include "pg/link.h"
#include "pg/pool.h"
#include "pg/queue.h"

#define POOL_TRIES        3
#define POOL_KEY_BITS     12                 /* a lane's keys under way, as a set of hashes: a false hit only waits a turn */
#define POOL_ANSWER_GRACE (5 * USEC_S)       /* after statement_timeout: then the connection itself is given up */

struct lane_keys {
    uint64_t bits[(1u << POOL_KEY_BITS) / 64];
};

struct redo {                                /* half of a group that failed as one */
    struct redo *next;
    int          n;
    struct task *tasks[LINK_GROUP];
};

struct pool {
    struct loop          *loop;
    struct pool_config    config;
    struct pg_link       *links;            /* lanes first */
    int                   nlinks, nlanes;
    struct lane_keys     *keys;             /* per lane */
    struct queue          reads, writes, exclusive, refused;
    struct redo          *redo;
    struct deferred       turn;
    struct timer          sweep;
    deadline              connect_at;       /* not before */
    usec                  backoff;
    bool                  down;             /* no link is open and the last attempt failed */
    bool                  draining;
    void                (*drained)(void *user);
    void                 *drained_user;
    struct pool_counters  counters;
};

void pool_turn_soon(struct pool *p);

static inline struct queue *pool_queue(struct pool *p, const struct task *t)
{
    if (!t->kind || t->tries_alone)
        return &p->exclusive;
    return t->kind->writes ? &p->writes : &p->reads;
}

static inline void pool_task_done(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    t->state = TASK_DONE;
    t->link = NULL;
    t->done(t, rows, n, e);
}

static inline int pool_links(const struct pool *p, enum link_state state, int from, int to)
{
    int n = 0;

    for (int i = from; i < to; i++)
        n += p->links[i].state == state;
    return n;
}

static inline usec pool_answer_limit(const struct pool *p)
{
    return p->config.query_timeout + POOL_ANSWER_GRACE;
}

#endif

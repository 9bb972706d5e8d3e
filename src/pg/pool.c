/*
 * Who gets which connection, and what happens to a task when something fails.
 *
 * Lanes are the first links of the table; the rest are exclusive.  Everything is decided once per turn of the loop, in turn():
 * what arrived meanwhile leaves together.  Connecting is bounded to two attempts at a time and backs off while the server is down;
 * while it is down waiting tasks are refused at once rather than kept.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/pool.h"

#include <stdlib.h>

#include "base/log.h"
#include "pg/cancel.h"
#include "pg/lane.h"
#include "pg/outcome.h"
#include "pg/pool_parts.h"

#define CONNECTS_AT_ONCE 2
#define BACKOFF_FIRST    (20 * USEC_MS)
#define BACKOFF_LAST     (500 * USEC_MS)
#define SWEEP            (100 * USEC_MS)

void pool_turn_soon(struct pool *p)
{
    loop_defer(p->loop, &p->turn);
}

/* ---- refusing ---- */

static void task_refuse(struct pool *p, struct task *t, enum err_kind kind, const char *why)
{
    fail(&t->verdict, kind, "%s", why);
    queue_add(&p->refused, t);
    t->state = TASK_REFUSED;
    pool_turn_soon(p);
}

static void refuse_down(struct pool *p, struct task *t)
{
    t->verdict = p->counters.down_reason;
    t->verdict.retry_after_ms = p->connect_at > loop_now(p->loop) ? (p->connect_at - loop_now(p->loop)) / USEC_MS + 1 : 1;
    p->counters.acquires_down++;
    queue_add(&p->refused, t);
    t->state = TASK_REFUSED;
    pool_turn_soon(p);
}

void pool_submit(struct pool *p, struct task *t)
{
    struct queue *q = pool_queue(p, t);

    t->state = TASK_WAITING;
    t->queued_at = loop_now(p->loop);
    if (t->until == 0)
        t->until = t->queued_at + p->config.timeout;
    if (p->draining) {
        task_refuse(p, t, E_DRAINING, "the service is shutting down");
    } else if (p->down) {
        refuse_down(p, t);
    } else if (q->n >= p->config.queue) {
        p->counters.acquires_full++;
        t->verdict.retry_after_ms = 1000;
        task_refuse(p, t, E_BUSY, "the queue for the database is full");
    } else {
        queue_add(q, t);
        pool_turn_soon(p);
    }
}

/* ---- exclusive work ---- */

static void exclusive_turn(struct pool *p)
{
    usec limit = pool_answer_limit(p);

    for (int i = p->nlanes; i < p->nlinks && p->exclusive.first; i++) {
        struct pg_link *k = &p->links[i];
        struct task *t = p->exclusive.first;

        if (k->state != LINK_IDLE)
            continue;
        queue_remove(&p->exclusive, t);
        if (t->queued_at == loop_now(p->loop))
            p->counters.acquires_immediate++;
        else
            p->counters.acquires_waited++;
        t->state = TASK_SENT;
        t->link = k;
        if (t->kind)
            link_send_group(k, &t, 1, limit);
        else
            link_send_task(k, t, limit);
    }
}

/* ---- connecting ---- */

static void connect_one(struct pool *p, int i)
{
    struct pg_session s = {
        .role = PG_SERVICE,
        .application_name = i < p->nlanes ? "keelson lane" : "keelson",
        .statement_timeout = p->config.query_timeout,
        .lock_timeout = i < p->nlanes ? p->config.lane_lock_timeout : p->config.lock_timeout,
    };

    link_connect(&p->links[i], p->config.target, &s, p->config.connect_timeout);
}

/* Lanes first; then as many exclusive ones as wait, beyond those already on their way. */
static void connects_turn(struct pool *p)
{
    int under_way = pool_links(p, LINK_CONNECTING, 0, p->nlinks);
    int wanted = p->exclusive.n - pool_links(p, LINK_CONNECTING, p->nlanes, p->nlinks);

    if (p->draining || loop_now(p->loop) < p->connect_at)
        return;
    for (int i = 0; i < p->nlinks && under_way < CONNECTS_AT_ONCE; i++) {
        if (p->links[i].state != LINK_CLOSED || (i >= p->nlanes && wanted <= 0))
            continue;
        connect_one(p, i);
        under_way++;
        wanted -= i >= p->nlanes;
    }
}

static void refusals_turn(struct pool *p)
{
    struct task *t;

    while ((t = p->refused.first)) {
        struct err why = t->verdict;

        queue_remove(&p->refused, t);
        pool_task_done(t, NULL, 0, &why);
    }
}

static bool all_closed(const struct pool *p)
{
    return pool_links(p, LINK_CLOSED, 0, p->nlinks) == p->nlinks;
}

static void drain_turn(struct pool *p)
{
    for (int i = 0; i < p->nlinks; i++)
        if (p->links[i].state == LINK_IDLE || p->links[i].state == LINK_CONNECTING)
            link_close(&p->links[i]);
    if (all_closed(p) && p->drained) {
        void (*done)(void *user) = p->drained;

        p->drained = NULL;
        done(p->drained_user);
    }
}

static void turn(struct deferred *d)
{
    struct pool *p = CONTAINER(d, struct pool, turn);

    lane_turn(p);
    exclusive_turn(p);
    connects_turn(p);
    refusals_turn(p);
    if (p->draining)
        drain_turn(p);
}

static void queue_refuse_down(struct pool *p, struct queue *q)
{
    while (q->first) {
        struct task *t = q->first;

        queue_remove(q, t);
        refuse_down(p, t);
    }
}

static void went_down(struct pool *p, const struct err *why)
{
    if (!p->down)
        log_event(LOG_WARN, "database-down", "reason=%s", why->message);
    p->down = true;
    p->counters.down_reason = *why;
    queue_refuse_down(p, &p->reads);
    queue_refuse_down(p, &p->writes);
    queue_refuse_down(p, &p->exclusive);
}

static bool any_open(const struct pool *p)
{
    return pool_links(p, LINK_IDLE, 0, p->nlinks) + pool_links(p, LINK_BUSY, 0, p->nlinks) > 0;
}

static void on_opened(struct pg_link *k)
{
    struct pool *p = k->pool;

    k->recycle_at = k->opened_at + p->config.recycle - p->config.recycle / 10 * (k - p->links) / p->nlinks;
    p->counters.connects_ok++;
    p->backoff = BACKOFF_FIRST;
    p->connect_at = 0;
    if (p->down)
        log_event(LOG_INFO, "database-up", "target=%s", p->config.target->shown);
    p->down = false;
    pool_turn_soon(p);
}

static void on_failed(struct pg_link *k, const struct err *e)
{
    struct pool *p = k->pool;

    p->counters.connects_failed++;
    p->connect_at = loop_now(p->loop) + p->backoff / 2 + (usec)(random() % (p->backoff / 2));
    p->backoff = p->backoff * 2 < BACKOFF_LAST ? p->backoff * 2 : BACKOFF_LAST;
    if (!any_open(p))
        went_down(p, e);
    pool_turn_soon(p);
}

void pool_abandon(struct pool *p, struct task *t)
{
    if (t->state == TASK_WAITING && pool_queue(p, t) == &p->exclusive) {
        queue_remove(&p->exclusive, t);
        p->counters.acquires_gone++;
        task_refuse(p, t, E_TIMEOUT, "the client has gone");
    } else if (t->state == TASK_SENT && !t->kind && !t->link->condemned) {
        /* The cancel may arrive late, so this connection is never lent again. */
        t->link->condemned = true;
        p->counters.cancels += cancel_send(t->link->pg);
    }
}

/* ---- upkeep ---- */

static void queue_expire(struct pool *p, struct queue *q, usec now)
{
    struct task *next;

    for (struct task *t = q->first; t; t = next) {
        next = t->next;
        if (t->until > now)
            continue;
        queue_remove(q, t);
        p->counters.acquires_timeout++;
        t->verdict.retry_after_ms = 1000;
        task_refuse(p, t, E_BUSY, "no database connection became free in time");
    }
}

static void idle_close(struct pool *p, usec now)
{
    int open = pool_links(p, LINK_IDLE, p->nlanes, p->nlinks) + pool_links(p, LINK_BUSY, p->nlanes, p->nlinks);
    bool recycled = false;

    for (int i = p->nlinks - 1; i >= 0; i--) {
        struct pg_link *k = &p->links[i];
        bool spare = i >= p->nlanes && open > p->config.size - p->nlanes && now - k->since > p->config.idle;
        bool old = !recycled && now > k->recycle_at;        /* one a sweep: never all at once */

        if (k->state != LINK_IDLE || (!spare && !old))
            continue;
        recycled = recycled || old;
        open -= i >= p->nlanes;
        p->counters.closes++;
        link_close(k);
    }
}

static void sweep(struct timer *t)
{
    struct pool *p = CONTAINER(t, struct pool, sweep);
    usec now = loop_now(p->loop);

    queue_expire(p, &p->reads, now);
    queue_expire(p, &p->writes, now);
    queue_expire(p, &p->exclusive, now);
    idle_close(p, now);
    pool_turn_soon(p);
    loop_timer(p->loop, &p->sweep, now + (p->down ? BACKOFF_FIRST : SWEEP));
}

static const struct link_events events = { on_opened, on_failed, outcome_finished, outcome_lost };

bool pool_open(struct loop *l, const struct pool_config *c, struct pool **out, struct err *e)
{
    struct pool *p;

    if (c->lanes < 1 || c->lanes >= c->size + c->overflow)
        return fail(e, E_USAGE, "pool.lanes: %d must be at least 1 and below pool.size + pool.overflow (%d)", c->lanes, c->size + c->overflow);
    p = calloc(1, sizeof *p);
    if (!p)
        abort();
    p->loop = l;
    p->config = *c;
    p->nlanes = c->lanes;
    p->nlinks = c->size + c->overflow;
    p->links = calloc((size_t)p->nlinks, sizeof *p->links);
    p->keys = calloc((size_t)p->nlanes, sizeof *p->keys);
    if (!p->links || !p->keys)
        abort();
    for (int i = 0; i < p->nlinks; i++) {
        p->links[i].pool = p;
        p->links[i].loop = l;
        p->links[i].events = &events;
        p->links[i].class = i < p->nlanes ? LINK_LANE : LINK_EXCLUSIVE;
    }
    p->backoff = BACKOFF_FIRST;
    p->turn.run = turn;
    p->sweep.fire = sweep;
    loop_timer(l, &p->sweep, clock_now() + SWEEP);
    pool_turn_soon(p);
    *out = p;
    return true;
}

void pool_drain(struct pool *p, void (*done)(void *user), void *user)
{
    p->draining = true;
    p->drained = done;
    p->drained_user = user;
    pool_turn_soon(p);
}

void pool_close(struct pool *p)
{
    if (!p)
        return;
    loop_untimer(&p->sweep);
    for (int i = 0; i < p->nlinks; i++)
        link_close(&p->links[i]);
    free(p->links);
    free(p->keys);
    free(p);
}

static usec waits(const struct queue *q, usec now)
{
    return q->first ? now - q->first->queued_at : 0;
}

void pool_counters(const struct pool *p, struct pool_counters *out)
{
    usec now = loop_now(p->loop), w[] = { waits(&p->reads, now), waits(&p->writes, now), waits(&p->exclusive, now) };

    *out = p->counters;
    out->idle = pool_links(p, LINK_IDLE, 0, p->nlinks);
    out->in_use = pool_links(p, LINK_BUSY, 0, p->nlinks);
    out->connecting = pool_links(p, LINK_CONNECTING, 0, p->nlinks);
    out->max = p->nlinks;
    out->lanes = p->nlanes;
    out->waiting_lane = p->reads.n + p->writes.n;
    out->waiting_exclusive = p->exclusive.n;
    out->up = !p->down;
    for (size_t i = 0; i < ARRAY_LEN(w); i++)
        out->oldest_waiter = w[i] > out->oldest_waiter ? w[i] : out->oldest_waiter;
}

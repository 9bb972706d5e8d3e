/*
 * Who gets which connection, and what happens to a task when something fails.
 *
 * Lanes are the first links of the table; the rest are exclusive.  Everything is decided once per turn of the loop, in turn():
 * what arrived meanwhile leaves together.  While the server is down waiting tasks are refused at once rather than kept.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/pool.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "pg/again.h"
#include "pg/cancel.h"
#include "pg/connect.h"
#include "pg/door.h"
#include "pg/lane.h"
#include "pg/leak.h"
#include "pg/outcome.h"
#include "pg/pool_parts.h"
#include "pg/rotate.h"
#include "pg/share.h"
#include "pg/upkeep.h"

#define GOODBYE USEC_S                      /* how long a drain waits to see backends gone */

void pool_turn_soon(struct pool *p)
{
    loop_defer(p->loop, &p->turn);
}

void pool_refuse(struct pool *p, struct task *t, enum err_kind kind, const char *why)
{
    fail(&t->verdict, kind, "%s", why);
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
        pool_refuse(p, t, E_DRAINING, "the service is shutting down");
    } else if (leak_holds_already(p, t)) {
        pool_refuse(p, t, E_INTERNAL, "the request holds a database connection and asked for a second one, which could wait for itself forever");
    } else if (p->down) {
        door_refuse_down(p, t);
    } else if (door_admits(p, q, t)) {
        queue_add(q, t);
        pool_turn_soon(p);
    }
}

/* ---- giving connections to work ---- */

/* May it be sent before it is known that the connection lives?  Not what could be done twice. */
static bool harmless(const struct task *t)
{
    return t->kind ? !t->kind->writes || t->kind->finds_itself : t->read_only;
}

void pool_ping(struct pool *p, struct pg_link *k, struct task *const *tasks, int n)
{
    k->ping = PING_NONE;
    p->counters.preping[PREPING_SOCKET_ALIVE]++;
    if (p->config.preping == 0 || loop_now(p->loop) - k->since <= p->config.preping)
        return;
    k->ping = PING_AHEAD;
    for (int i = 0; i < n; i++)
        if (!harmless(tasks[i]))
            k->ping = PING_FIRST;
}

static void lend(struct pool *p, struct pg_link *k, struct queue *q)
{
    struct task *t = q->first;
    usec waited = loop_now(p->loop) - t->queued_at;

    queue_remove(q, t);
    if (waited == 0)
        p->counters.acquires_immediate++;
    else
        p->counters.acquires_waited++;
    histogram_add(&p->counters.acquire[t->control ? POOL_CONTROL : POOL_EXCLUSIVE], waited);
    if (!t->control) {
        drain_left(&p->exclusive_drain, loop_now(p->loop), waited, 1);
        standing_left(&p->exclusive_standing, waited, p->config.standing);
    }
    pool_ping(p, k, &t, 1);
    t->state = TASK_SENT;
    t->link = k;
    if (t->kind)
        link_send_group(k, &t, 1, pool_answer_limit(p));
    else
        link_send_task(k, t, pool_answer_limit(p));
}

static void lend_turn(struct pool *p)
{
    int idle = p->census[POOL_CONTROL][LINK_IDLE] + p->census[POOL_EXCLUSIVE][LINK_IDLE];

    for (int i = p->nlanes; i < p->nlinks && idle > 0 && (p->exclusive.first || p->control.first); i++) {
        bool control = i < p->nlanes + p->ncontrol;
        struct queue *q = &p->exclusive;

        if (p->links[i].state != LINK_IDLE)
            continue;
        idle--;
        if (control || (pool_share(p, POOL_CONTROL) == 0 && p->control.first))
            q = &p->control;
        if (q->first)
            lend(p, &p->links[i], q);
    }
}

static void refusals_turn(struct pool *p)
{
    struct task *t;

    while ((t = p->refused.first)) {
        struct err why = t->verdict;

        queue_remove(&p->refused, t);
        outcome_done(p, t, NULL, 0, &why);
    }
}

static bool all_closed(const struct pool *p)
{
    return pool_links(p, LINK_CLOSED) == p->nlinks;
}

static void drain_turn(struct pool *p)
{
    for (int i = 0; i < p->nlinks; i++)
        if (p->links[i].state == LINK_IDLE || p->links[i].state == LINK_CONNECTING)
            pool_close_link(p, &p->links[i], CLOSE_DRAIN);
    if (all_closed(p) && (!p->leaving || loop_now(p->loop) - p->drain_at > GOODBYE) && p->drained) {
        void (*done)(void *user) = p->drained;

        p->drained = NULL;
        done(p->drained_user);
    }
}

static void turn(struct deferred *d)
{
    struct pool *p = CONTAINER(d, struct pool, turn);

    share_turn(p);
    lane_turn(p);
    lend_turn(p);
    connect_turn(p);
    refusals_turn(p);
    if (p->draining)
        drain_turn(p);
}

static void queue_refuse_down(struct pool *p, struct queue *q)
{
    while (q->first) {
        struct task *t = q->first;

        queue_remove(q, t);
        door_refuse_down(p, t);
    }
}

void pool_down(struct pool *p, const struct err *why)
{
    if (!p->down)
        log_event(LOG_WARN, "database-down", "reason=%s", why->message);
    p->down = true;
    p->counters.down_reason = *why;
    queue_refuse_down(p, &p->reads);
    queue_refuse_down(p, &p->writes);
    queue_refuse_down(p, &p->exclusive);
    queue_refuse_down(p, &p->control);
}

static void on_left(struct pg_link *k, int fd, int pid)
{
    leave_add(k->pool, fd, pid, k->state != LINK_BUSY);
}

void pool_close_link(struct pool *p, struct pg_link *k, enum close_reason why)
{
    if (k->state != LINK_CONNECTING)
        p->counters.closes[why]++;
    link_close(k);
}

void pool_epoch(struct pool *p, enum close_reason why)
{
    p->counters.epoch++;
    for (int i = 0; i < p->nlinks; i++) {
        struct pg_link *k = &p->links[i];

        if (k->state == LINK_IDLE)
            pool_close_link(p, k, why);
        else if (k->state == LINK_BUSY && !k->condemned)
            k->condemned = true, k->reason = why;
    }
    pool_turn_soon(p);
}

void pool_pooled(struct pool *p, const char *sign)
{
    if (p->pooler == POOLER_TRANSACTION)
        return;
    p->pooler = POOLER_TRANSACTION;
    log_event(LOG_WARN, "pooler-found", "kind=%s sign=%s note=%s", pooler_name(p->pooler), sign, pooler_note(p->pooler));
    pool_epoch(p, CLOSE_EPOCH);
}

void pool_abandon(struct pool *p, struct task *t)
{
    t->abandoned = true;
    if (again_drop(p, t)) {
        pool_refuse(p, t, E_TIMEOUT, "the client has gone");
    } else if (t->state == TASK_WAITING && pool_queue(p, t) == &p->exclusive && !t->doubtful) {
        queue_remove(&p->exclusive, t);
        p->counters.acquires_gone++;
        pool_refuse(p, t, E_TIMEOUT, "the client has gone");
    } else if (t->state == TASK_SENT && !t->kind && !t->link->condemned) {
        /* The cancel may arrive late, so this connection is never lent again. */
        t->link->condemned = true;
        t->link->reason = CLOSE_CANCELLED;
        p->counters.cancels += cancel_send(t->link->pg);
    }
}

static void on_alive(struct pg_link *k)
{
    k->pool->counters.preping[PREPING_SYNC_ALIVE]++;
}

static const struct link_events events = { connect_opened, connect_failed, on_alive, outcome_finished, outcome_lost, on_left };

bool pool_open(struct loop *l, const struct pool_config *c, struct pool **out, struct err *e)
{
    struct pool *p;

    if (c->lanes < 1 || c->lanes >= c->size + c->overflow)
        return fail(e, E_USAGE, "pool.lanes: %d must be at least 1 and below pool.size + pool.overflow (%d)", c->lanes, c->size + c->overflow);
    p = calloc(1, sizeof *p);
    if (!p)
        err_die("out of memory: no room for a pool");
    p->loop = l;
    p->config = *c;
    p->pooler = c->pooler;
    if (p->config.leak_after == 0)
        p->config.leak_after = c->query_timeout / 2;
    p->nlanes = c->lanes;
    p->nlinks = p->effective_max = c->size + c->overflow;
    p->ncontrol = p->nlinks - p->nlanes >= 2 ? 1 : 0;
    snprintf(p->tag, sizeof p->tag, "%08lx", (unsigned long)((uint64_t)random() ^ (uint64_t)clock_wall()) & 0xffffffff);
    p->links = calloc((size_t)p->nlinks, sizeof *p->links);
    p->keys = calloc((size_t)p->nlanes, sizeof *p->keys);
    if (!p->links || !p->keys)
        err_die("out of memory: no room for a pool");
    for (int i = 0; i < p->nlinks; i++) {
        p->links[i].pool = p;
        p->links[i].loop = l;
        p->links[i].events = &events;
        p->links[i].census = p->census[pool_class(p, &p->links[i])];
        p->links[i].census[LINK_CLOSED]++;
    }
    p->turn.run = turn;
    connect_start(p);
    upkeep_start(p);
    pool_turn_soon(p);
    *out = p;
    return true;
}

void pool_drain(struct pool *p, void (*done)(void *user), void *user)
{
    p->draining = true;
    p->drain_at = loop_now(p->loop);
    p->drained = done;
    p->drained_user = user;
    pool_turn_soon(p);
}

static void queue_end(struct pool *p, struct queue *q)
{
    while (q->first) {
        struct task *t = q->first;

        queue_remove(q, t);
        pool_refuse(p, t, E_DRAINING, "the service is shutting down");
    }
}

/* Each task is done exactly once, also when nobody waits for what it does. */
static void link_end(struct pool *p, struct pg_link *k)
{
    int n = k->ntasks;

    k->ntasks = 0;
    link_close(k);
    for (int i = 0; i < n; i++)
        pool_refuse(p, k->tasks[i], E_UNKNOWN_OUTCOME, "the service was stopped while this was under way");
}

static void redo_end(struct pool *p)
{
    while (p->redo) {
        struct redo *r = p->redo;

        p->redo = r->next;
        for (int i = 0; i < r->n; i++)
            pool_refuse(p, r->tasks[i], E_DRAINING, "the service is shutting down");
        free(r);
    }
}

void pool_close(struct pool *p)
{
    if (!p)
        return;
    p->draining = true;
    loop_untimer(&p->sweep);
    for (int i = 0; i < p->nlinks; i++)
        link_end(p, &p->links[i]);
    queue_end(p, &p->reads);
    queue_end(p, &p->writes);
    queue_end(p, &p->exclusive);
    queue_end(p, &p->control);
    redo_end(p);
    again_close(p);
    leave_close(p);
    leak_close(p);
    witness_close(p);
    hosts_close(&p->hosts);
    rotate_close(p);
    refusals_turn(p);
    loop_undefer(p->loop, &p->turn);        /* last: what is closed asks for a turn */
    free(p->links);
    free(p->keys);
    arena_free(&p->arena);
    free(p);
}

static void hosts_view(const struct pool *p, struct pool_counters *out)
{
    out->nhosts = p->hosts.target->nhosts;
    for (int i = 0; i < out->nhosts; i++)
        out->hosts[i] = (struct pool_host){ p->hosts.target->hosts[i].shown, p->hosts.list[i].role, p->hosts.list[i].timeline };
}

static usec waits(const struct queue *q, usec now)
{
    return q->first ? now - q->first->queued_at : 0;
}

/* What is under way counts as far as it has come. */
static void use_count(const struct pool *p, struct pool_counters *out)
{
    out->base = p->config.size;
    out->libpq = PQlibVersion();
    out->capacity[POOL_LANE] = p->nlanes * LINK_GROUP;
    out->capacity[POOL_CONTROL] = p->ncontrol;
    out->capacity[POOL_EXCLUSIVE] = p->nlinks - p->nlanes - p->ncontrol;
    for (int i = 0; i < p->nlinks; i++) {
        const struct pg_link *k = &p->links[i];
        enum pool_class class = pool_class(p, k);

        out->leaks_suspected += k->leak != LEAK_NONE;
        out->in_use_control += k->state == LINK_BUSY && class == POOL_CONTROL;
        if (k->state == LINK_BUSY)
            out->busy[class] += (loop_now(p->loop) - k->since) * (class == POOL_LANE ? k->ntasks : 1);
    }
}

void pool_counters(const struct pool *p, struct pool_counters *out)
{
    usec now = loop_now(p->loop), w[] = { waits(&p->reads, now), waits(&p->writes, now), waits(&p->exclusive, now) };

    *out = p->counters;
    out->idle = pool_links(p, LINK_IDLE);
    out->in_use = pool_links(p, LINK_BUSY);
    out->connecting = pool_links(p, LINK_CONNECTING);
    out->max = p->nlinks;
    out->lanes = p->nlanes;
    out->control = p->ncontrol;
    out->closing = p->nleaving;
    out->effective_max = p->effective_max;
    out->pooler = p->pooler;
    for (int i = 0; i < p->nlinks; i++)
        out->prepared += p->links[i].names.n;
    out->waiting_lane = p->reads.n + p->writes.n;
    out->waiting_exclusive = p->exclusive.n;
    out->degraded = p->degrade.on;
    out->up = !p->down;
    hosts_view(p, out);
    use_count(p, out);
    for (size_t i = 0; i < ARRAY_LEN(w); i++)
        out->oldest_waiter = w[i] > out->oldest_waiter ? w[i] : out->oldest_waiter;
}

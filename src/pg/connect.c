/*
 * Two attempts at a time, and only for whoever waits; after a failure the next waits a while, longer each time.  All hosts together
 * get less time than a request may wait for its connection.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/connect.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "pg/link_open.h"
#include "pg/roles.h"
#include "pg/rotate.h"
#include "pg/session.h"
#include "pg/share.h"
#include "pg/upkeep.h"

#define CONNECTS_AT_ONCE 2
#define BACKOFF_LAST     (500 * USEC_MS)

static struct pg_session session_of(const struct pool *p, enum pool_class class)
{
    return (struct pg_session){
        .role = PG_SERVICE, .application_name = p->names[class], .pooler = p->pooler, .statement_timeout = p->config.query_timeout,
        .lock_timeout = class == POOL_LANE ? p->config.lane_lock_timeout : p->config.lock_timeout,
    };
}

void connect_start(struct pool *p)
{
    static const char *const names[POOL_CLASSES] = { [POOL_LANE] = "keelson lane", [POOL_EXCLUSIVE] = "keelson", [POOL_CONTROL] = "keelson control" };

    for (int i = 0; i < POOL_CLASSES; i++) {
        struct pg_session s = session_of(p, (enum pool_class)i);

        snprintf(p->names[i], sizeof p->names[i], "%s %s", names[i], p->tag);
        p->entries[i] = session_entry_sql(&p->arena, &s);
    }
    hosts_open(&p->hosts, p->loop, p->config.target);
    p->writer = -1;
    rotate_start(p);
    p->backoff = POOL_BACKOFF;
}

bool connect_one(struct pool *p, struct pg_link *k)
{
    enum pool_class class = pool_class(p, k);
    usec all = p->config.connect_timeout * p->hosts.target->nhosts, most = p->config.timeout - p->config.timeout / 10;
    struct pg_session s = session_of(p, class);

    if (!share_free(p, class))
        return false;
    k->epoch = p->counters.epoch;
    k->entry = p->pooler == POOLER_NONE ? NULL : p->entries[class];
    link_open(k, &p->hosts, &s, p->config.connect_timeout, all < most ? all : most);
    return true;
}

/* The demand has gone: one attempt is let finish, for whoever comes next, the other is given up. */
static void surplus_end(struct pool *p)
{
    bool kept = false;

    for (int i = p->nlanes + p->ncontrol; i < p->nlinks; i++) {
        if (p->links[i].state != LINK_CONNECTING)
            continue;
        if (kept)
            pool_close_link(p, &p->links[i], CLOSE_OVERFLOW);
        kept = true;
    }
}

/* One is begun for who waits.  Another beside it only when the queue will not be gone before it could help. */
static int connects_at_once(const struct pool *p)
{
    const int *exclusive = p->census[POOL_EXCLUSIVE];
    usec now = loop_now(p->loop), each = now - p->exclusive_drain.last;

    if (p->exclusive.first && each > now - p->exclusive.first->queued_at)
        each = now - p->exclusive.first->queued_at;
    if (each < p->exclusive_drain.each)
        each = p->exclusive_drain.each;
    if (exclusive[LINK_IDLE] + exclusive[LINK_BUSY] == 0 || p->exclusive.n * each > p->connect_took)
        return CONNECTS_AT_ONCE;
    return 1;
}

/* Lanes and control always; of the exclusive ones as many as wait, beyond those already on their way. */
void connect_turn(struct pool *p)
{
    int first = p->nlanes + p->ncontrol;
    int under_way = pool_links(p, LINK_CONNECTING), begun = p->census[POOL_EXCLUSIVE][LINK_CONNECTING], most = connects_at_once(p);
    int wanted = p->exclusive.n + (pool_share(p, POOL_CONTROL) ? 0 : p->control.n) - begun;
    int due = p->census[POOL_LANE][LINK_CLOSED] + p->census[POOL_CONTROL][LINK_CLOSED];

    if (p->exclusive.n == 0 && p->census[POOL_EXCLUSIVE][LINK_CONNECTING] > 1)
        surplus_end(p);
    if ((due == 0 && wanted <= 0) || p->draining || loop_now(p->loop) < p->connect_at)
        return;
    for (int i = 0; i < p->nlinks && under_way < CONNECTS_AT_ONCE; i++) {
        struct pg_link *k = &p->links[i];

        if (k->state != LINK_CLOSED || (i >= first && (wanted <= 0 || begun >= most)) || !connect_one(p, k))
            continue;
        under_way++;
        wanted -= i >= first;
        begun += i >= first;
    }
}

/* ---- what follows ---- */

static bool any_open(const struct pool *p)
{
    return pool_links(p, LINK_IDLE) + pool_links(p, LINK_BUSY) > 0;
}

static void back_off(struct pool *p)
{
    p->connect_at = loop_now(p->loop) + p->backoff / 2 + (usec)(random() % (p->backoff / 2));
    p->backoff = p->backoff * 2 < BACKOFF_LAST ? p->backoff * 2 : BACKOFF_LAST;
}

static void count(struct pool *p, const struct pg_link *k)
{
    p->counters.connects[CONNECT_OK]++;
    p->counters.last_connect = CONNECT_OK;
    for (int i = 0; i < POOL_PHASES; i++)
        if (k->dial.took[i] > 0)
            histogram_add(&p->counters.connect[i], k->dial.took[i]);
}

static void is_up(struct pool *p)
{
    rotate_accepted(p);
    p->backoff = POOL_BACKOFF;
    p->connect_at = 0;
    if (p->down)
        log_event(LOG_INFO, "database-up", "target=%s", p->config.target->shown);
    p->down = false;
}

void connect_opened(struct pg_link *k)
{
    struct pool *p = k->pool;

    upkeep_opened(p, k);
    count(p, k);
    if (k->epoch != p->counters.epoch) {
        pool_close_link(p, k, CLOSE_EPOCH);         /* it was on its way when all others became the past */
    } else if (roles_opened(p, k)) {
        if (pool_class(p, k) != POOL_EXCLUSIVE)
            leave_reconcile_soon(p);
        is_up(p);
    } else {
        back_off(p);
    }
    pool_turn_soon(p);
}

/* What ended the last connection may have ended an attempt that was under way as well: only one that was begun afterwards shows that nobody
   is there. */
void connect_failed(struct pg_link *k, const struct err *e)
{
    struct pool *p = k->pool;

    p->counters.connects[k->dial.outcome]++;
    p->counters.last_connect = k->dial.outcome;
    back_off(p);
    if (k->dial.outcome == CONNECT_TOO_MANY)
        upkeep_shrink(p);
    if (k->dial.outcome == CONNECT_AUTH)
        rotate_refused(p, e);
    if (k->dial.outcome == CONNECT_STARTING)
        pool_epoch(p, CLOSE_EPOCH);
    if (k->dial.outcome == CONNECT_POOLER && k->pooler == POOLER_NONE) {
        pool_pooled(p, e->message);
        p->connect_at = 0;
    } else if (!any_open(p) && k->dial.began_at >= p->lost_at) {
        pool_down(p, e);
    }
    pool_turn_soon(p);
}

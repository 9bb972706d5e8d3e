/*
 * Servers report changes of in_hot_standby and default_transaction_read_only with every answer, so a change of role is seen without a
 * question.  Whoever changes role loses all our connections and gets new ones, which look at timeline and role again.
 *
 * While all hosts take reads only, reads go on and one more connection looks for a writable host every second.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/roles.h"

#include "base/log.h"
#include "pg/connect.h"

#define SEEK_EVERY  USEC_S
#define EVICT_EVERY USEC_S      /* a server that refuses writes and does not report why costs no more */

static bool is_open(const struct pg_link *k)
{
    return (k->state == LINK_IDLE || k->state == LINK_BUSY) && !k->condemned;
}

static void evict(struct pool *p, struct pg_link *k)
{
    if (k->state == LINK_IDLE)
        pool_close_link(p, k, CLOSE_ROLE);
    else if (is_open(k))
        k->condemned = true, k->reason = CLOSE_ROLE;
}

/* Those at `host` that the sieve catches; host -1: everywhere. */
static void evict_all(struct pool *p, int host, bool read_only_ones)
{
    for (int i = 0; i < p->nlinks; i++) {
        struct pg_link *k = &p->links[i];

        if ((host < 0 || k->dial.host == host) && k->read_only == read_only_ones && is_open(k))
            evict(p, k);
    }
    pool_turn_soon(p);
}

static int open_ones(const struct pool *p, bool read_only_ones)
{
    int n = 0;

    for (int i = 0; i < p->nlinks; i++)
        n += is_open(&p->links[i]) && p->links[i].read_only == read_only_ones;
    return n;
}

/* ---- a new connection ---- */

/* Connections to a primary of a lower timeline than this host's: it was replaced. */
static void evict_replaced(struct pool *p, int host)
{
    for (int i = 0; i < p->nlinks; i++) {
        struct pg_link *k = &p->links[i];
        int timeline = is_open(k) ? p->hosts.list[k->dial.host].timeline : 0;

        if (timeline > 0 && k->dial.host != host && timeline < p->hosts.list[host].timeline)
            evict(p, k);
    }
}

static void writer_set(struct pool *p, int host)
{
    int timeline = p->hosts.list[host].timeline;

    if (p->writer >= 0 && (p->writer != host || timeline > p->writer_timeline)) {
        p->counters.failovers++;
        p->leave_check.server_start = 0;        /* another server has another */
        log_event(LOG_WARN, "database-failover", "to=%s timeline=%d", p->hosts.target->hosts[host].shown, timeline);
    }
    p->writer = host;
    p->writer_timeline = timeline;
}

bool roles_opened(struct pool *p, struct pg_link *k)
{
    if (p->hosts.target->attrs == PG_ANY)
        return true;
    if (!k->read_only) {
        evict_all(p, -1, true);
        evict_replaced(p, k->dial.host);
        writer_set(p, k->dial.host);
        return true;
    }
    evict_all(p, k->dial.host, false);
    if (open_ones(p, false) == 0)
        return true;
    pool_close_link(p, k, CLOSE_ROLE);
    return false;
}

bool roles_refused(struct pool *p, struct pg_link *k)
{
    usec now = loop_now(p->loop);

    if (k->dial.read_only || p->hosts.target->attrs == PG_ANY || now - p->refused_at < EVICT_EVERY)
        return false;
    p->refused_at = now;
    p->hosts.list[k->dial.host].role = HOST_READ_ONLY;
    evict_all(p, k->dial.host, false);
    return p->hosts.target->nhosts > 1;
}

/* ---- from time to time ---- */

/* What they have said since.  libpq keeps it; looking there with every answer would cost as much as lending the connection. */
static void changes_note(struct pool *p)
{
    for (int i = 0; i < p->nlinks; i++)
        if (is_open(&p->links[i]))
            p->links[i].read_only = dial_read_only(p->links[i].pg, p->hosts.target->attrs);
}

static void changes_turn(struct pool *p)
{
    changes_note(p);
    for (int i = 0; i < p->nlinks; i++) {
        struct pg_link *k = &p->links[i];
        int host = k->dial.host;

        if (!is_open(k) || k->read_only == k->dial.read_only)
            continue;
        evict_all(p, host, false);
        evict_all(p, host, true);
    }
}

static void state_turn(struct pool *p)
{
    bool read_only = open_ones(p, false) == 0;

    if ((read_only && open_ones(p, true) == 0) || read_only == p->counters.read_only)
        return;
    p->counters.read_only = read_only;
    if (read_only)
        log_event(LOG_WARN, "database-read-only", "target=%s note=%s", p->hosts.target->hosts[p->hosts.last].shown, "reads go on, writes are refused");
    else
        log_event(LOG_INFO, "database-writable", "target=%s", p->hosts.target->hosts[p->hosts.last].shown);
}

/* A connection more, or another one instead: it tries those first that were not read-only. */
static void seek(struct pool *p)
{
    int first = p->nlanes + p->ncontrol < p->nlinks ? p->nlanes + p->ncontrol : 0;

    if (pool_links(p, LINK_CONNECTING) > 0)
        return;
    for (int i = p->nlinks - 1; i >= first; i--)
        if (p->links[i].state == LINK_CLOSED && connect_one(p, &p->links[i]))
            return;
    for (int i = p->nlinks - 1; i >= first; i--)
        if (p->links[i].state == LINK_IDLE) {
            pool_close_link(p, &p->links[i], CLOSE_ROLE);
            return;
        }
}

void roles_turn(struct pool *p, usec now)
{
    if (p->draining || p->hosts.target->attrs == PG_ANY)
        return;
    changes_turn(p);
    state_turn(p);
    if (p->counters.read_only && !p->down && p->hosts.target->nhosts > 1 && now - p->sought_at > SEEK_EVERY) {
        p->sought_at = now;
        seek(p);
    }
}

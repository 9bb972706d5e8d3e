/*
 * A connection is lent for one piece of work, so what looks like a leak is work that does not come back: a lock, a dead network, a
 * statement that is slow.  Which of these it is, the backend knows; it is asked over the control connection, and the report says
 * it.  Nothing is ended for being slow: deadlines do that.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/leak.h"

#include "base/log.h"
#include "pg/pool_parts.h"

#define ASK_EVERY USEC_S            /* about the same ones */
#define ASK_LIMIT (2 * USEC_S)      /* then the report goes out without the backend's part */

static bool holds_long(const struct pool *p, const struct pg_link *k, usec now)
{
    return k->state == LINK_BUSY && pool_class(p, k) != POOL_CONTROL && now - k->since > p->config.leak_after;
}

static bool reclaimable(const struct pg_link *k)
{
    return !k->tasks[0]->kind && k->tasks[0]->abandoned;
}

static void report(const struct pool *p, struct pg_link *k, struct arena *a, const struct rows *r, int row)
{
    const struct task *t = k->tasks[0];
    bool seen = row >= 0;

    k->leak = LEAK_REPORTED;
    log_event(LOG_WARN, "leak-suspected",
              "route=%s request_id=%.*s class=%s tasks=%d age_ms=%lld pid=%d state=%s wait=%s wait_event=%s blocked_by=%s query_age_ms=%lld",
              t->route ? t->route : "internal", SPAN_ARG(t->request_id), pool_class(p, k) == POOL_LANE ? "lane" : "exclusive", k->ntasks,
              (long long)((loop_now(p->loop) - k->since) / USEC_MS), k->pid, seen ? rows_cstr(a, r, row, 1) : "unknown",
              seen ? rows_cstr(a, r, row, 2) : "", seen ? rows_cstr(a, r, row, 3) : "", seen ? rows_cstr(a, r, row, 4) : "",
              seen ? (long long)rows_i64(r, row, 5) : -1LL);
}

/* Its backend has been told to end.  The work is not tried again: nobody waits for it. */
static void reclaim(struct pool *p, struct pg_link *k)
{
    const struct task *t = k->tasks[0];
    struct err e = { 0 };

    log_event(LOG_WARN, "leak-reclaimed", "route=%s request_id=%.*s age_ms=%lld pid=%d", t->route ? t->route : "internal", SPAN_ARG(t->request_id),
              (long long)((loop_now(p->loop) - k->since) / USEC_MS), k->pid);
    fail(&e, E_TIMEOUT, "its client had gone and it sat idle in a transaction, so its connection was taken back");
    k->reclaimed = true;
    link_lose(k, &e);
}

static int row_of(const struct rows *r, int pid)
{
    for (int i = 0; r && i < r->n; i++)
        if (rows_i64(r, i, 0) == pid)
            return i;
    return -1;
}

/* No answer is an answer too: then the report is made without the backend's part. */
static void answered(struct task *task, const struct rows *rows, int n, const struct err *e)
{
    struct pool *p = task->user;
    struct leak_check *c = &p->leak_check;
    const struct rows *r = e->kind == E_NONE && n > 0 ? &rows[0] : NULL;

    c->under_way = false;
    for (int i = 0; i < p->nlinks; i++) {
        struct pg_link *k = &p->links[i];
        int row = row_of(r, k->pid);

        if (k->leak == LEAK_NONE || k->state != LINK_BUSY || !holds_long(p, k, c->asked_at))
            continue;                   /* what holds it now was not asked about */
        if (k->leak == LEAK_SUSPECTED)
            report(p, k, &c->arena, r, row);
        if (row >= 0 && rows_bool(r, row, 6))
            reclaim(p, k);
    }
}

/* A transaction that has only just become idle may be between two steps. */
static const char ask_sql[] =
    "SELECT a.pid, a.state, a.wait_event_type, a.wait_event, pg_catalog.array_to_string(pg_catalog.pg_blocking_pids(a.pid), ','),"
    " (extract(epoch FROM pg_catalog.clock_timestamp() - a.query_start) * 1000)::pg_catalog.int8,"
    " CASE WHEN a.pid = ANY ($2::pg_catalog.int4[]) AND a.state LIKE 'idle in transaction%'"
    "  AND a.state_change < pg_catalog.clock_timestamp() - $3::pg_catalog.int8 * interval '1 millisecond'"
    "  THEN pg_catalog.pg_terminate_backend(a.pid) ELSE false END"
    " FROM pg_catalog.pg_stat_activity a"
    " WHERE a.pid = ANY ($1::pg_catalog.int4[]) AND a.usename = current_user AND a.application_name LIKE '%' || $4::pg_catalog.text";

static void ask(struct pool *p, usec now)
{
    struct leak_check *c = &p->leak_check;
    int32_t *all, *may;
    size_t n = 0, m = 0;

    arena_reset(&c->arena);
    all = arena_array(&c->arena, int32_t, p->nlinks);
    may = arena_array(&c->arena, int32_t, p->nlinks);
    for (int i = 0; i < p->nlinks; i++) {
        const struct pg_link *k = &p->links[i];

        if (k->leak == LEAK_NONE || k->pid == 0 || p->pooler != POOLER_NONE)
            continue;                   /* a pooler's number says nothing of a backend */
        all[n++] = k->pid;
        if (reclaimable(k))
            may[m++] = k->pid;
    }
    c->stmt = STMT("leak_ask", ask_sql);
    stmt_int4_array(&c->arena, &c->stmt, all, n);
    stmt_int4_array(&c->arena, &c->stmt, may, m);
    stmt_int8(&c->arena, &c->stmt, p->config.leak_after / USEC_MS);
    stmt_cstr(&c->arena, &c->stmt, p->tag);
    c->task = (struct task){ .stmts = &c->stmt, .nstmts = 1, .control = true, .until = now + ASK_LIMIT, .done = answered, .user = p };
    c->asked_at = now;
    c->under_way = true;
    pool_submit(p, &c->task);
}

void leak_sweep(struct pool *p, usec now)
{
    struct leak_check *c = &p->leak_check;
    bool news = false, again = false;

    for (int i = 0; i < p->nlinks; i++) {
        struct pg_link *k = &p->links[i];

        if (!holds_long(p, k, now))
            continue;
        if (k->leak == LEAK_NONE)
            k->leak = LEAK_SUSPECTED;
        news = news || k->leak == LEAK_SUSPECTED;
        again = again || reclaimable(k);
    }
    if (!c->under_way && !p->draining && (news || (again && now - c->asked_at > ASK_EVERY)))
        ask(p, now);
}

void leak_end(struct pool *p, struct pg_link *k, usec held)
{
    if (k->leak == LEAK_NONE)
        return;
    if (k->reclaimed)
        p->counters.leaks_reclaimed++;
    else
        p->counters.leaks_returned_late++;
    if (k->leak == LEAK_REPORTED && !k->reclaimed)
        log_event(LOG_INFO, "leak-retracted", "route=%s request_id=%.*s held_ms=%lld", k->tasks[0]->route ? k->tasks[0]->route : "internal",
                  SPAN_ARG(k->tasks[0]->request_id), (long long)(held / USEC_MS));
    k->leak = LEAK_NONE;
    k->reclaimed = false;
}

/* Only a connection of one's own is held while one decides what comes next; a lane's group ends by itself. */
bool leak_holds_already(struct pool *p, const struct task *t)
{
    for (int i = p->nlanes; t->holder && i < p->nlinks; i++) {
        const struct pg_link *k = &p->links[i];
        const struct task *other = k->state == LINK_BUSY && k->ntasks > 0 ? k->tasks[0] : NULL;

        if (!other || other == t || other->state != TASK_SENT || other->holder != t->holder)
            continue;
        p->counters.self_deadlocks++;
        log_event(LOG_ERROR, "self-deadlock", "route=%s request_id=%.*s note=%s", t->route ? t->route : "internal", SPAN_ARG(t->request_id),
                  "a request that holds a connection asked for another");
        return true;
    }
    return false;
}

void leak_close(struct pool *p)
{
    arena_free(&p->leak_check.arena);
}

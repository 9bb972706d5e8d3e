/*
 * Two questions on the control connection.  While somebody leaves and does not end by itself: which of them are still there, and
 * end those.  Every ten seconds: which backends carry our tag, so that one nobody here knows is found, counted and ended.
 * A pooler in between makes process numbers of its own; then nothing is asked or ended, and how many backends there are is not told.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/leave.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "pg/outcome.h"
#include "pg/pool_parts.h"

#define ASK_AFTER       (200 * USEC_MS)     /* a polite end takes less */
#define ASK_EVERY       (200 * USEC_MS)
#define RECONCILE_EVERY (10 * USEC_S)
#define GIVE_UP         (60 * USEC_S)       /* nobody can be asked: then the kernel's own timeouts have ended it */
#define TORN_LONG       (1200 * USEC_MS)    /* a busy backend looks once a second whether its client is there */
#define GIVE_UP_TORN    (3 * USEC_S)        /* a backend whose client has gone notices within a second */
#define ASK_LIMIT       (5 * USEC_S)

/* ---- the list ---- */

static void unresolved(struct pool *p, struct task *t)
{
    pool_refuse(p, t, t->doubtful ? E_UNKNOWN_OUTCOME : E_DATABASE, t->doubtful ? "what became of a write is not known" : "the connection was lost");
}

static bool pooled(const struct pool *p)
{
    return p->pooler != POOLER_NONE;
}

static void gone(struct leaving **at, bool known)
{
    struct leaving *v = *at;
    struct pool *p = v->pool;

    *at = v->next;
    p->nleaving--;
    if (v->task && (known || pooled(p)))
        outcome_recover(p, v->task, known);
    else if (v->task)
        unresolved(p, v->task);
    if (v->watch.fd >= 0) {
        loop_unwatch(&v->watch);
        close(v->watch.fd);
    }
    free(v);
    pool_turn_soon(p);
}

static struct leaving *find(struct pool *p, int pid)
{
    struct leaving *v = p->leaving;

    while (v && v->pid != pid)
        v = v->next;
    return v;
}

static struct leaving **place_of(struct leaving *v)
{
    struct leaving **at = &v->pool->leaving;

    while (*at != v)
        at = &(*at)->next;
    return at;
}

/* What still comes is nobody's; the end is what counts. */
static void drained(struct watch *w, int events)
{
    struct leaving *v = CONTAINER(w, struct leaving, watch);
    char ignored[16384];
    ssize_t n = read(w->fd, ignored, sizeof ignored);

    (void)events;
    if (n == 0 && v->idle) {
        gone(place_of(v), true);
    } else if (n <= 0) {                    /* which says nothing about the other end: something may be in between */
        loop_unwatch(w);
        close(w->fd);
        w->fd = -1;
    }
}

void leave_add(struct pool *p, int fd, int pid, bool idle)
{
    struct leaving *v;

    v = calloc(1, sizeof *v);
    if (!v)
        err_die("out of memory: no room to watch a connection end");
    *v = (struct leaving){ .next = p->leaving, .pool = p, .watch = { .fd = fd, .ready = drained }, .pid = pid, .idle = idle, .since = loop_now(p->loop) };
    p->leaving = v;
    p->nleaving++;
    if (fd >= 0)
        loop_watch(p->loop, &v->watch, LOOP_READ);
}

bool leave_park(struct pool *p, int pid, struct task *t)
{
    struct leaving *v = pid ? find(p, pid) : NULL;

    if (!v || v->task)
        return false;
    v->task = t;
    t->state = TASK_PARKED;
    t->link = NULL;
    return true;
}

bool leave_torn_long(const struct pool *p)
{
    for (const struct leaving *v = p->leaving; v; v = v->next)
        if (v->watch.fd < 0 && loop_now(p->loop) - v->since > TORN_LONG)
            return true;
    return false;
}

/* ---- asking ---- */

/* Who of these is still there?  The same statement ends them; role and tag make sure that a number used again is not hit. */
static const char ask_sql[] =
    "SELECT a.pid, pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a"
    " WHERE a.pid = ANY ($1::pg_catalog.int4[]) AND a.usename = current_user AND a.application_name LIKE '%' || $2::pg_catalog.text";

static const char reconcile_sql[] =
    "SELECT a.pid, (extract(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000000)::pg_catalog.int8, pg_catalog.pg_backend_pid()"
    " FROM pg_catalog.pg_stat_activity a WHERE a.usename = current_user AND a.application_name LIKE '%' || $1::pg_catalog.text";

/* Is the server to be asked about it?  At `now`: one that came later was not asked about. */
static bool due(const struct leaving *v, usec now)
{
    return v->pid != 0 && v->since <= now && (v->watch.fd < 0 || now - v->since > ASK_AFTER);
}

static bool among(const struct rows *r, int pid)
{
    for (int i = 0; i < r->n; i++)
        if (rows_i64(r, i, 0) == pid)
            return true;
    return false;
}

static void asked(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct pool *p = t->user;
    struct leaving **at = &p->leaving;

    p->leave_check.under_way = false;
    if (e->kind != E_NONE || n == 0 || pooled(p))
        return;
    while (*at) {                           /* who was added meanwhile was not asked about */
        if (due(*at, p->leave_check.asked_at) && !among(&rows[0], (*at)->pid))
            gone(at, true);
        else
            at = &(*at)->next;
    }
}

static void submit(struct pool *p, usec now, void (*done)(struct task *, const struct rows *, int, const struct err *))
{
    struct leave_check *c = &p->leave_check;

    c->task = (struct task){ .stmts = &c->stmt, .nstmts = 1, .control = true, .read_only = true, .until = now + ASK_LIMIT, .done = done, .user = p };
    c->under_way = true;
    pool_submit(p, &c->task);
}

static void ask(struct pool *p, usec now)
{
    struct leave_check *c = &p->leave_check;
    int32_t *pids;
    size_t n = 0;

    arena_reset(&c->arena);
    pids = arena_array(&c->arena, int32_t, p->nleaving);
    for (const struct leaving *v = p->leaving; v; v = v->next)
        if (due(v, now))
            pids[n++] = v->pid;
    if (n == 0)
        return;
    c->stmt = STMT("leave_ask", ask_sql);
    stmt_int4_array(&c->arena, &c->stmt, pids, n);
    stmt_cstr(&c->arena, &c->stmt, p->tag);
    c->asked_at = now;
    submit(p, now, asked);
}

/* ---- reconciling ---- */

static bool ours(const struct pool *p, int pid)
{
    for (int i = 0; i < p->nlinks; i++)
        if (p->links[i].state != LINK_CLOSED && p->links[i].pid == pid)
            return true;
    return false;
}

static void server_seen(struct pool *p, int64_t start)
{
    struct leave_check *c = &p->leave_check;

    if (c->server_start != 0 && c->server_start != start) {
        log_event(LOG_WARN, "database-restarted", "target=%s", p->config.target->shown);
        pool_epoch(p, CLOSE_EPOCH);
    }
    c->server_start = start;
}

static void reconciled(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct pool *p = t->user;
    bool connecting = pool_links(p, LINK_CONNECTING) > 0;
    struct leave_check *c = &p->leave_check;

    c->under_way = false;
    if (e->kind != E_NONE || n == 0 || rows[0].n == 0 || pooled(p))
        return;
    if (!ours(p, (int)rows_i64(&rows[0], 0, 2))) {
        pool_pooled(p, "process numbers are not the server's");
        return;
    }
    if (rows[0].n > p->nlinks)
        p->counters.cap_violations++;
    for (int i = 0; i < rows[0].n && !connecting; i++)      /* one that is just arriving has no number here yet */
        if (!ours(p, (int)rows_i64(&rows[0], i, 0)) && !find(p, (int)rows_i64(&rows[0], i, 0)))
            leave_add(p, -1, (int)rows_i64(&rows[0], i, 0), false);
    server_seen(p, rows_i64(&rows[0], 0, 1));
}

static void reconcile(struct pool *p, usec now)
{
    struct leave_check *c = &p->leave_check;

    arena_reset(&c->arena);
    c->stmt = STMT("leave_reconcile", reconcile_sql);
    stmt_cstr(&c->arena, &c->stmt, p->tag);
    c->reconciled_at = now;
    submit(p, now, reconciled);
}

void leave_reconcile_soon(struct pool *p)
{
    p->leave_check.reconciled_at = 0;
}

/* ---- from time to time ---- */

/* How long it counts when nobody confirms that it has gone.  Without a control connection, or a number to ask about, only time tells. */
static usec patience(const struct pool *p, const struct leaving *v)
{
    if (v->watch.fd < 0 && (!p->ncontrol || v->pid == 0 || pooled(p)))
        return GIVE_UP_TORN;
    return p->down || pooled(p) ? GIVE_UP : INT64_MAX;
}

static void give_up(struct pool *p, usec now)
{
    struct leaving **at = &p->leaving;

    while (*at) {
        struct task *t = (*at)->task;

        if (t && t->until < now) {
            (*at)->task = NULL;
            unresolved(p, t);
        }
        if (now - (*at)->since > patience(p, *at))
            gone(at, false);
        else
            at = &(*at)->next;
    }
}

void leave_sweep(struct pool *p, usec now)
{
    struct leave_check *c = &p->leave_check;

    give_up(p, now);
    if (c->under_way || p->down || p->draining || pooled(p))
        return;
    if (p->leaving && now - c->asked_at > ASK_EVERY)
        ask(p, now);
    if (!c->under_way && (c->reconciled_at == 0 || now - c->reconciled_at > RECONCILE_EVERY))
        reconcile(p, now);
}

void leave_close(struct pool *p)
{
    while (p->leaving)
        gone(&p->leaving, false);
    arena_free(&p->leave_check.arena);
}

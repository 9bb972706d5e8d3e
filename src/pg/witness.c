/*
 * pg_xact_status() of the transaction, on the control connection.  "aborted" can be relied upon on the same timeline.  "committed"
 * only when the server has not crashed in between: a crash may lose what was known of a number and give it to another transaction.
 * A control connection that was open before proves that it has not, because a crash ends all of them; a pooler in between
 * would hide that.  Where the number does not decide, the rows may (task.recover), or the outcome is unknown.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/witness.h"

#include <stdlib.h>
#include <string.h>

#include "pg/outcome.h"
#include "pg/pool_parts.h"

#define ASK_EVERY (200 * USEC_MS)
#define ASK_LIMIT (5 * USEC_S)

struct witness {
    struct witness *next;
    struct pool    *pool;
    struct task    *of;             /* NULL: over, and only the question's answer is waited for */
    struct task     ask;
    struct stmt     stmt;
    struct arena    arena;
    bool            under_way;
    usec            asked_at;
};

static const char ask_sql[] =
    "SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8), CASE WHEN pg_catalog.pg_is_in_recovery() THEN ''"
    " ELSE pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8) END";

/* ---- the end ---- */

static struct task *leave_list(struct witness *w)
{
    struct task *t = w->of;
    struct witness **at = &w->pool->witnesses;

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    arena_free(&w->arena);
    free(w);
    return t;
}

static void committed(struct witness *w)
{
    static const struct err fine;
    struct pool *p = w->pool;
    struct task *t = leave_list(w);
    struct rows rows[LINK_STMTS];

    outcome_done(p, t, rows, link_kept_rows(t->kept, rows), &fine);
}

static void unknown(struct pool *p, struct task *t)
{
    pool_refuse(p, t, E_UNKNOWN_OUTCOME, "what became of a write is not known");
}

/* ---- asking ---- */

/* The same server has been running since the transaction named itself. */
static bool not_crashed(const struct pool *p, const struct task *t)
{
    return p->ncontrol && p->pooler == POOLER_NONE && p->links[p->nlanes].opened_at <= t->witness.at;
}

static void judge(struct witness *w, const struct rows *r)
{
    struct pool *p = w->pool;
    struct span status = rows_get(r, 0, 0);

    if (!span_is(rows_get(r, 0, 1), w->of->witness.timeline))
        outcome_recover(p, leave_list(w), p->pooler == POOLER_NONE);
    else if (span_is(status, "aborted"))
        outcome_undone(p, leave_list(w));
    else if (span_is(status, "committed") && not_crashed(p, w->of))
        committed(w);
    else if (!span_is(status, "in progress"))
        outcome_recover(p, leave_list(w), p->pooler == POOLER_NONE);
}

static void asked(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct witness *w = t->user;
    struct pool *p = w->pool;           /* leave_list() frees w, in whatever order arguments are evaluated */

    w->under_way = false;
    if (!w->of)
        leave_list(w);
    else if (e->kind == E_NONE && n > 0 && rows[0].n > 0)
        judge(w, &rows[0]);
    else if (strcmp(e->sqlstate, "22023") == 0)         /* not given out yet: a crash has lost all of it */
        outcome_undone(p, leave_list(w));
}

static void ask(struct witness *w, usec now)
{
    arena_reset(&w->arena);
    w->stmt = STMT("witness_ask", ask_sql);
    stmt_cstr(&w->arena, &w->stmt, w->of->witness.xid);
    w->ask = (struct task){ .stmts = &w->stmt, .nstmts = 1, .control = true, .read_only = true, .until = now + ASK_LIMIT, .done = asked, .user = w };
    w->under_way = true;
    w->asked_at = now;
    pool_submit(w->pool, &w->ask);
}

bool witness_start(struct pool *p, struct task *t)
{
    struct witness *w;

    if (!t->witness.xid[0] || !t->kept)
        return false;
    w = calloc(1, sizeof *w);
    if (!w)
        abort();
    *w = (struct witness){ .next = p->witnesses, .pool = p, .of = t };
    p->witnesses = w;
    t->state = TASK_PARKED;
    t->link = NULL;
    if (!p->down && !p->draining)
        ask(w, loop_now(p->loop));
    return true;
}

static void give_up(struct witness *w)
{
    struct pool *p = w->pool;
    struct task *t = w->of;

    w->of = NULL;
    if (!w->under_way)
        leave_list(w);
    unknown(p, t);
}

void witness_sweep(struct pool *p, usec now)
{
    struct witness *next;

    for (struct witness *w = p->witnesses; w; w = next) {
        next = w->next;
        if (!w->of)
            continue;
        if (w->of->until < now || p->draining)
            give_up(w);
        else if (!w->under_way && !p->down && now - w->asked_at > ASK_EVERY)
            ask(w, now);
    }
}

void witness_close(struct pool *p)
{
    struct witness *next;

    for (struct witness *w = p->witnesses; w; w = next) {
        next = w->next;
        if (w->of)
            unknown(p, w->of);
        w->of = NULL;
        if (!w->under_way)
            leave_list(w);
    }
}

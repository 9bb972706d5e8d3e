/*
 * A removal takes the checkpoints, what hangs on them, and then the values that nobody has any more.  It excludes writers of the
 * organization for its duration: one of them might be about to use such a value again.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/checkpoint_remove.h"

#include <stddef.h>

#include "base/attr.h"
#include "data/checkpoint.h"
#include "data/member.h"
#include "embedded.h"

struct removal {
    struct span *threads, *runs;
    size_t       nthreads, nruns;
    bool         all;                        /* of the threads; else all but the newest */
    bool         removed, swept;
    int64_t      count;
};

enum { COL_COUNT, COL_SHA };

static enum txn_next step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct removal *m = c->state;
    const struct rows *r = &rows[n - 1];
    struct span *hashes;
    size_t used = 0;

    (void)e;
    if (m->removed)
        return TXN_COMMIT;
    m->removed = true;
    m->count = rows_i64(r, 0, COL_COUNT);
    hashes = arena_array(c->arena, struct span, r->n);
    for (int i = 0; i < r->n; i++)
        if (!rows_null(r, i, COL_SHA))
            hashes[used++] = arena_span(c->arena, rows_get(r, i, COL_SHA));
    if (used == 0)
        return TXN_COMMIT;
    plan_next(&c->plan);
    stmt_span_array(c->arena, plan_stmt(c, &c->plan, "checkpoint_sweep", sql_checkpoint_sweep), hashes, used, STMT_OID_BYTEA);
    return TXN_MORE;
}

static void remove_plan(struct call *c, struct plan *p, struct removal *m)
{
    struct stmt *s;

    checkpoint_lock_all(c, p);
    s = plan_stmt(c, p, "checkpoint_remove", sql_checkpoint_remove);
    stmt_span_array(c->arena, s, m->threads, m->nthreads, STMT_OID_TEXT);
    stmt_span_array(c->arena, s, m->runs, m->nruns, STMT_OID_TEXT);
    stmt_bool(c->arena, s, m->all);
    p->step = step;
    c->state = m;
}

/* ---- DELETE ---- */

bool checkpoint_remove_plan(struct call *c, struct plan *p, struct err *e)
{
    struct removal *m = arena_new(c->arena, struct removal);
    struct span *thread = arena_new(c->arena, struct span);

    if (call_param(c, "thread_id", thread) && !member_name("thread_id", *thread, CHECKPOINT_THREAD, e))
        return false;
    if (thread->n == 0)
        return fail(e, E_PARAMETER, "thread_id: is required");
    if (!call_params_done(c, e))
        return false;
    *m = (struct removal){ .threads = thread, .nthreads = 1, .all = true };
    remove_plan(c, p, m);
    return true;
}

/* ---- POST .../prune ---- */

struct prune {
    const struct json *threads, *runs;
    struct span        strategy;
};

static const struct member prune_members[] = {
    { "thread_ids", MEMBER_ARRAY, offsetof(struct prune, threads),  CHECKPOINT_THREADS, MEMBER_MAY },
    { "run_ids",    MEMBER_ARRAY, offsetof(struct prune, runs),     CHECKPOINT_THREADS, MEMBER_MAY },
    { "strategy",   MEMBER_TEXT,  offsetof(struct prune, strategy), 0,                  MEMBER_MAY },
};

bool checkpoint_remove_prune_plan(struct call *c, struct plan *p, struct err *e)
{
    struct removal *m = arena_new(c->arena, struct removal);
    struct prune b = { .strategy = SPAN("keep_latest") };

    if (!call_params_done(c, e) || !member_read(c->arena, c->doc, "", prune_members, ARRAY_LEN(prune_members), &b, e))
        return false;
    m->all = span_is(b.strategy, "delete");
    if (!m->all && !span_is(b.strategy, "keep_latest"))
        fault_add(e, c->arena, "/strategy", "enum", "must be keep_latest or delete");
    if (!b.threads && !b.runs)
        fault_add(e, c->arena, "/thread_ids", "required", "or run_ids is required");
    if (b.threads)
        member_texts(c->arena, b.threads, "/thread_ids", 1, CHECKPOINT_THREAD, &m->threads, &m->nthreads, e);
    if (b.runs)
        member_texts(c->arena, b.runs, "/run_ids", 1, CHECKPOINT_RUN, &m->runs, &m->nruns, e);
    if (e->faults)
        return fail(e, E_INPUT, "the body is not valid");
    remove_plan(c, p, m);
    return true;
}

static bool counted(struct call *c, int status, int64_t n)
{
    c->status = status;
    buf_printf(c->out, "{\"checkpoints\":%lld}", (long long)n);
    return true;
}

bool checkpoint_remove_prune_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows;
    (void)n;
    (void)e;
    return counted(c, 200, ((const struct removal *)c->state)->count);
}

/* ---- POST .../copy ---- */

struct copy {
    struct span from, to;
};

static const struct member copy_members[] = {
    { "from", MEMBER_TEXT, offsetof(struct copy, from), CHECKPOINT_THREAD, MEMBER_MUST },
    { "to",   MEMBER_TEXT, offsetof(struct copy, to),   CHECKPOINT_THREAD, MEMBER_MUST },
};

bool checkpoint_remove_copy_plan(struct call *c, struct plan *p, struct err *e)
{
    struct copy b = { .from = SPAN_NONE };
    struct stmt *s;

    if (!call_params_done(c, e) || !member_read(c->arena, c->doc, "", copy_members, ARRAY_LEN(copy_members), &b, e))
        return false;
    checkpoint_lock_all(c, p);
    s = plan_stmt(c, p, "checkpoint_copy", sql_checkpoint_copy);
    stmt_text(c->arena, s, b.from);
    stmt_text(c->arena, s, b.to);
    return true;
}

bool checkpoint_remove_copy_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct rows *r = &rows[n - 1];

    if (rows_bool(r, 0, 0))
        return fail(e, E_CONFLICT, "the thread to copy to already has checkpoints");
    if (rows_i64(r, 0, 1) == 0)
        return fail(e, E_NOT_FOUND, "the thread to copy from has no checkpoints");
    return counted(c, 201, rows_i64(r, 0, 1));
}

/*
 * The database's part of a request: its plan as a task of the pool, again from the beginning when the server has undone it, and looked for when
 * the answer to its write was lost.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/ask.h"

#include "data/explain.h"
#include "serve/request.h"

static void statements_done(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct request *r = t->user;
    struct err why = *e;

    r->waiting = false;
    metrics_query(r->service->metrics, (int)(r->route - routes), clock_now() - r->asked, t->held, e);
    health_observed(r->service->health, e);
    if (why.kind == E_NONE) {
        serve_render(r, rows, n);
        return;
    }
    explain_error(&r->call, &why);
    serve_refuse(r, &why);
}

static enum txn_next statements_step(struct task *t, const struct rows *rows, int n, struct err *e)
{
    struct request *r = t->user;
    enum txn_next next = r->call.plan.step(&r->call, rows, n, e);

    t->stmts = r->call.plan.stmts;
    t->nstmts = r->call.plan.nstmts;
    return next;
}

/* What is to be done in one go.  A transaction of its own, all the same: which one it was is known before it is committed. */
static enum txn_next commit_step(struct task *t, const struct rows *rows, int n, struct err *e)
{
    (void)t, (void)rows, (void)n, (void)e;
    return TXN_COMMIT;
}

/* ---- a write whose answer was lost: look whether it is there ---- */

static enum txn_next recovered_step(struct task *t, const struct rows *rows, int n, struct err *e)
{
    struct request *r = t->user;

    if (r->call.plan.recovered(&r->call, rows, n, e))
        return TXN_COMMIT;              /* it is there: losing this connection, too, does not make it undone */
    t->settled = true;
    if (e->kind == E_NONE) {
        e->retry_after_ms = 1000;
        fail(e, E_DATABASE, "the connection was lost before the write was committed; nothing was written");
    }
    return TXN_ROLLBACK;
}

static bool statements_recover(struct task *t)
{
    struct request *r = t->user;

    if (!r->call.plan.recover(&r->call))
        return false;
    t->stmts = r->call.plan.stmts;
    t->nstmts = r->call.plan.nstmts;
    t->step = recovered_step;
    t->read_only = true;
    return true;
}

static void plan_to_task(struct request *r)
{
    const struct plan *p = &r->call.plan;
    struct task *t = &r->task;

    t->stmts = p->stmts;
    t->nstmts = p->nstmts;
    t->read_only = p->read_only || (p->kind && !p->kind->writes);
    t->recover = p->recover ? statements_recover : NULL;
    t->step = p->step ? statements_step : p->kind || p->recover || t->read_only ? NULL : commit_step;
}

/* ---- a write that was undone: from the beginning ---- */

static bool statements_restart(struct task *t)
{
    struct request *r = t->user;
    struct call *c = &r->call;
    struct err e = { 0 };

    c->plan = (struct plan){ 0 };
    c->err = (struct err){ 0 };
    c->state = NULL;
    c->status = c->nheaders = 0;
    c->render = r->route->render;
    buf_clear(&r->out);
    if (!serve_plan(r, &e))
        return false;
    plan_to_task(r);
    return true;
}

void ask_submit(struct request *r)
{
    struct plan *p = &r->call.plan;

    r->task = (struct task){
        .org = r->call.org, .kind = p->kind, .item = p->item, .key = p->key,
        .restart = statements_restart, .keyed = !p->kind && r->call.idempotency_key.p && r->route->idempotent_key,
        .until = r->x->arrived + r->service->conf.pool_timeout, .done = statements_done, .user = r,
        .route = r->route->at.pattern, .request_id = r->x->request_id, .holder = r,
    };
    plan_to_task(r);
    r->asked = clock_now();
    r->waiting = true;
    pool_submit(r->service->pool, &r->task);
}

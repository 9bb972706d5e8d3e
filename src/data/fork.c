/*
 * The copies are messages of their own: what happens to them later, or to the first ones, concerns one session only.  The session that is
 * copied is locked, so that nobody changes a message meanwhile.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/fork.h"

#include "data/answer.h"
#include "data/conversation.h"
#include "data/projection.h"
#include "data/read.h"

struct fork {
    struct uuid session, made;
    int64_t     through;                /* -1: all of it */
    bool        written;
};

static bool body_read(struct call *c, struct fork *f, struct err *e)
{
    f->through = -1;
    if (c->doc->type != JSON_OBJECT)
        return fault_add(e, c->arena, "", "type", "must be an object: {\"through_seq\":...}, or {} for all");
    for (const struct json *v = c->doc->first; v; v = v->next) {
        if (!span_is(v->key, "through_seq"))
            fault_add(e, c->arena, json_pointer(c->arena, "", v->key), "unknown", "is not known; there is only through_seq");
        else if (!json_i64(v, &f->through) || f->through < 0)
            fault_add(e, c->arena, "/through_seq", "type", "is not a sequence number (0 or more)");
    }
    return !e->faults;
}

enum { COL_LAST_SEQ, COL_MADE };

static enum txn_next step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct fork *f = c->state;
    const struct rows *r = &rows[n - 1];

    if (f->written)
        return TXN_COMMIT;
    if (r->n == 0) {
        answer_missing(c, e);
        return TXN_ROLLBACK;
    }
    if (!rows_bool(r, 0, COL_MADE)) {
        fault_add(e, c->arena, "/through_seq", "range", "is beyond the last message, which is %lld", (long long)rows_i64(r, 0, COL_LAST_SEQ));
        return TXN_ROLLBACK;
    }
    plan_next(&c->plan);
    read_stmt_many(c, &c->plan, &f->made, 1);
    f->written = true;
    return TXN_MORE;
}

/* Its identifier was made here, so nobody else can have written it. */
static bool recover(struct call *c)
{
    struct fork *f = c->state;

    plan_next(&c->plan);
    read_stmt_many(c, &c->plan, &f->made, 1);
    return true;
}

static bool recovered(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)c, (void)e;
    return rows[n - 1].n == 1;
}

bool fork_plan(struct call *c, struct plan *p, struct err *e)
{
    const struct conversation *v = c->model->conversation;
    struct fork *f = arena_new(c->arena, struct fork);
    struct uuid feed = uuid_v7();
    struct stmt *s;

    if (!call_uuid(c, 0, &f->session, e) || !call_params_done(c, e) || !body_read(c, f, e))
        return false;
    f->made = uuid_v7();
    c->state = f;
    stmt_uuid(c->arena, plan_stmt(c, p, "fork_interview", v->sql_fork_interview), &f->session);
    stmt_uuid_array(c->arena, plan_stmt(c, p, "fork_lock", v->sql_lock), &f->session, 1);
    s = plan_stmt(c, p, "fork", v->sql_fork);
    stmt_uuid(c->arena, s, &f->session);
    stmt_uuid(c->arena, s, &f->made);
    if (f->through >= 0)
        stmt_int8(c->arena, s, f->through);
    else
        stmt_null(s);
    stmt_uuid_array(c->arena, s, &feed, 1);
    p->step = step;
    p->recover = recover;
    p->recovered = recovered;
    return true;
}

bool fork_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct fork *f = c->state;
    struct projection all = { .n = c->resource->neager };
    char id[UUID_TEXT];

    if (rows[n - 1].n != 1)
        return fail(e, E_INTERNAL, "the new session was not there afterwards");
    uuid_format(&f->made, id);
    call_header(c, "Location", span_of(arena_printf(c->arena, "/v1/sessions/%.*s", UUID_TEXT, id)));
    return answer_object(c, 201, &rows[n - 1], 0, 1, &all);
}

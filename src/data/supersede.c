/*
 * The new message is appended like any other, at the end, so that readers who go by seq miss nothing; the old one only learns who replaced
 * it.  A message is replaced once: to replace it again, replace its successor.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/supersede.h"

#include "data/append.h"
#include "data/conversation.h"
#include "data/message.h"

struct supersede {
    struct message_place at;
    struct append_item  *item;
    bool                 written;
};

/* A request that is sent again finds its own message in the place, and append answers with it. */
static bool may_replace(struct call *c, const struct supersede *s, const struct rows *r, struct err *e)
{
    struct span client_id = append_client_id(s->item);
    int column = message_column(c, "superseded_by");
    int64_t by;

    if (!message_there(c, r, e))
        return false;
    if (client_id.p && span_eq(rows_get(r, 0, MESSAGE_SUPERSEDER_ID), client_id))
        return true;
    if (!rows_null(r, 0, column)) {
        by = rows_i64(r, 0, column);
        e->extra = arena_printf(c->arena, "\"superseded_by\":%lld", (long long)by);
        return fail(e, E_CONFLICT, "message %lld was replaced by message %lld; replace that one", (long long)s->at.seq, (long long)by);
    }
    if (rows_bool(r, 0, MESSAGE_ID_TAKEN))
        return fail(e, E_CONFLICT, "another message of the session has this client_message_id");
    return true;
}

static enum txn_next step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct supersede *s = c->state;
    struct stmt *st;

    if (s->written)
        return TXN_COMMIT;
    if (!may_replace(c, s, &rows[n - 1], e))
        return TXN_ROLLBACK;
    plan_next(&c->plan);
    append_stmts(c, &c->plan, s->item);
    st = plan_stmt(c, &c->plan, "message_replaced", c->model->conversation->sql_replaced);
    stmt_uuid(c->arena, st, &s->at.session);
    stmt_int8(c->arena, st, s->at.seq);
    stmt_uuid(c->arena, st, append_id(s->item));
    s->written = true;
    return TXN_MORE;
}

bool supersede_plan(struct call *c, struct plan *p, struct err *e)
{
    struct supersede *s = arena_new(c->arena, struct supersede);

    if (!message_place(c, &s->at, e) || !append_replacement(c, &s->at.session, s->at.seq, &s->item, e))
        return false;
    c->state = s;
    message_lock(c, p, &s->at, append_client_id(s->item));
    p->step = step;
    return true;
}

bool supersede_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct supersede *s = c->state;
    struct rows r = rows[n - 2];            /* of the append; the last statement only tells the old message */

    r.skip = 1;
    return append_render_one(c, s->item, &r, e);
}

/*
 * A window is a part of the conversation in its order.  From the front unless `tail`, `before_seq` or a cursor asks for the end.
 * Cursors are "a57" (after 57) and "b12" (before 12): stable, since messages are never renumbered.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/window.h"

#include "data/answer.h"
#include "data/conversation.h"
#include "data/dialect.h"
#include "data/render.h"

struct window_item {
    const char *name, *sql, *name_one, *sql_one;    /* one: for when it is alone */
    struct uuid session;
    int64_t     after, before;
    int32_t     most;
    struct span role;                   /* SPAN_NONE: any */
    bool        newest;
    enum dialect dialect;               /* of the answer */
};

static int window_alone(const struct task *t, struct arena *a, struct stmt *out)
{
    const struct window_item *w = t->item;

    *out = STMT(w->name_one, w->sql_one);
    stmt_uuid(a, out, &t->org);
    stmt_uuid(a, out, &w->session);
    stmt_int8(a, out, w->after);
    stmt_int8(a, out, w->before);
    stmt_int4(a, out, w->most);
    stmt_text(a, out, w->role);
    return 1;
}

static int window_merge(struct task *const *tasks, int n, struct arena *a, struct stmt *out, int max)
{
    const struct window_item *first = tasks[0]->item;
    int32_t *at = arena_array(a, int32_t, n), *most = arena_array(a, int32_t, n);
    struct uuid *sessions = arena_array(a, struct uuid, n);
    int64_t *after = arena_array(a, int64_t, n), *before = arena_array(a, int64_t, n);
    struct span *roles = arena_array(a, struct span, n);

    (void)max;
    if (n == 1)
        return window_alone(tasks[0], a, out);
    for (int i = 0; i < n; i++) {
        const struct window_item *item = tasks[i]->item;

        at[i] = i;
        sessions[i] = item->session;
        after[i] = item->after;
        before[i] = item->before;
        most[i] = item->most;
        roles[i] = item->role;
    }
    out[0] = STMT(first->name, first->sql);
    stmt_uuid(a, &out[0], &tasks[0]->org);
    stmt_int4_array(a, &out[0], at, (size_t)n);
    stmt_uuid_array(a, &out[0], sessions, (size_t)n);
    stmt_int8_array(a, &out[0], after, (size_t)n);
    stmt_int8_array(a, &out[0], before, (size_t)n);
    stmt_int4_array(a, &out[0], most, (size_t)n);
    stmt_span_array(a, &out[0], roles, (size_t)n, STMT_OID_TEXT);
    return 1;
}

static int one_merge(struct task *const *tasks, int n, struct arena *a, struct stmt *out, int max)
{
    const struct window_item *first = tasks[0]->item;
    int32_t *at = arena_array(a, int32_t, n);
    struct uuid *sessions = arena_array(a, struct uuid, n);
    int64_t *seqs = arena_array(a, int64_t, n);

    (void)max;
    for (int i = 0; i < n; i++) {
        const struct window_item *item = tasks[i]->item;

        at[i] = i;
        sessions[i] = item->session;
        seqs[i] = item->after;
    }
    out[0] = STMT(first->name, first->sql);
    stmt_uuid(a, &out[0], &tasks[0]->org);
    stmt_int4_array(a, &out[0], at, (size_t)n);
    stmt_uuid_array(a, &out[0], sessions, (size_t)n);
    stmt_int8_array(a, &out[0], seqs, (size_t)n);
    return 1;
}

static const struct batch_kind oldest_kind = { .name = "messages_oldest", .merge = window_merge };
static const struct batch_kind newest_kind = { .name = "messages_newest", .merge = window_merge };
static const struct batch_kind one_kind    = { .name = "message_by_seq", .merge = one_merge };

/* ---- what is asked for ---- */

static bool number(struct call *c, const char *name, int64_t least, int64_t most, int64_t *out, bool *given, struct err *e)
{
    struct span v;
    int64_t n;

    *given = call_param(c, name, &v);
    if (!*given)
        return true;
    if (!span_i64(v, &n) || n < least || n > most)
        return fail(e, E_PARAMETER, "%s: must be a number from %lld to %lld", name, (long long)least, (long long)most);
    *out = n;
    return true;
}

static bool cursor(struct call *c, struct window_item *w, bool *given, struct err *e)
{
    struct span v;
    int64_t seq;

    *given = call_param(c, "cursor", &v);
    if (!*given)
        return true;
    if (v.n < 2 || (v.p[0] != 'a' && v.p[0] != 'b') || !span_i64(span_drop(v, 1), &seq) || seq < 0)
        return fail(e, E_PARAMETER, "cursor: is not one that was given out here; begin again without it");
    w->newest = v.p[0] == 'b';
    if (w->newest)
        w->before = seq;
    else
        w->after = seq;
    return true;
}

static bool role(struct call *c, struct window_item *w, struct err *e)
{
    const struct field *f = resource_field(c->model->conversation->messages, SPAN("role"));
    struct span v;

    if (!call_param(c, "role", &v))
        return true;
    if (span_starts(v, SPAN("eq.")))
        v = span_drop(v, 3);
    for (int i = 0; i < f->column->nallowed; i++) {
        if (span_is(v, f->column->allowed[i])) {
            w->role = v;
            return true;
        }
    }
    return fail(e, E_PARAMETER, "role: there is no role \"%.*s\"", SPAN_ARG(span_clip(v, 40)));
}

static bool format(struct call *c, struct window_item *w, struct err *e)
{
    struct span v;

    if (!call_param(c, "format", &v) || dialect_find(v, &w->dialect))
        return true;
    return fail(e, E_PARAMETER, "format: must be %s", dialect_names());
}

static bool window_parse(struct call *c, struct window_item *w, struct err *e)
{
    bool after, before, tail, limit, has_cursor;
    int64_t most = WINDOW_DEFAULT;

    if (!number(c, "after_seq", 0, INT64_MAX - 1, &w->after, &after, e) || !number(c, "before_seq", 1, INT64_MAX, &w->before, &before, e) ||
        !number(c, "tail", 1, WINDOW_MOST, &most, &tail, e) || !number(c, "limit", 1, WINDOW_MOST, &most, &limit, e) ||
        !cursor(c, w, &has_cursor, e) || !role(c, w, e) || !format(c, w, e) || !call_params_done(c, e))
        return false;
    if (tail && limit)
        return fail(e, E_PARAMETER, "tail and limit: give one of them");
    if (has_cursor && (after || before || tail))
        return fail(e, E_PARAMETER, "cursor: already says where; leave after_seq, before_seq and tail out");
    w->newest = w->newest || tail || (before && !after);
    w->most = (int32_t)most;
    return true;
}

bool window_plan(struct call *c, struct plan *p, struct err *e)
{
    const struct conversation *v = c->model->conversation;
    struct window_item *w = arena_new(c->arena, struct window_item);

    w->before = INT64_MAX;
    if (!call_uuid(c, 0, &w->session, e) || !window_parse(c, w, e))
        return false;
    w->name = w->newest ? "messages_newest" : "messages_oldest";
    w->sql = w->newest ? v->sql_newest : v->sql_oldest;
    w->name_one = w->newest ? "messages_newest_one" : "messages_oldest_one";
    w->sql_one = w->newest ? v->sql_newest_one : v->sql_oldest_one;
    c->state = w;
    p->kind = w->newest ? &newest_kind : &oldest_kind;
    p->item = w;
    p->key = w->session;
    return true;
}

/* ---- the answer ---- */

enum { COL_LAST_SEQ, COL_FIELDS };

static void cursor_write(struct buf *b, const char *name, bool any, char side, int64_t seq)
{
    if (any)
        buf_printf(b, ",\"%s\":\"%c%lld\"", name, side, (long long)seq);
    else
        buf_printf(b, ",\"%s\":null", name);
}

static int column_of(const struct resource *messages, const char *name)
{
    for (int i = 0; i < messages->neager; i++)
        if (span_is(span_of(messages->fields[i].name), name))
            return COL_FIELDS + i;
    return -1;
}

/* The row of the i-th message of `n`. */
static int row_of(const struct window_item *w, int i, int n)
{
    return w->newest ? n - 1 - i : i;
}

static void items_write(struct call *c, const struct window_item *w, const struct rows *r, int n)
{
    const struct resource *messages = c->model->conversation->messages;

    for (int i = 0; i < n; i++) {
        if (i > 0)
            buf_char(c->out, ',');
        render_object(c->out, r, row_of(w, i, n), COL_FIELDS, messages->fields, messages->neager, NULL);
    }
}

/* A dialect is written from what a reader of Keelson's own form would get. */
static bool items_translate(struct call *c, const struct window_item *w, const struct rows *r, int n, struct err *e)
{
    const struct resource *messages = c->model->conversation->messages;
    const struct json **list = arena_array(c->arena, const struct json *, n + 1);
    struct json_out out = JSON_OUT(c->out);

    for (int i = 0; i < n; i++) {
        struct buf b = BUF(c->out->max);
        struct json *message;
        bool ok;

        render_object(&b, r, row_of(w, i, n), COL_FIELDS, messages->fields, messages->neager, NULL);
        ok = json_parse(c->arena, arena_span(c->arena, buf_span(&b)), &message, e);
        buf_free(&b);
        if (!ok)
            return false;
        list[i] = message;
    }
    dialect_write(c->arena, w->dialect, list, (size_t)n, &out);
    return true;
}

bool window_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct window_item *w = c->state;
    const struct resource *messages = c->model->conversation->messages;
    const struct rows *r = &rows[0];
    int at_seq = column_of(messages, "seq");
    int64_t last, from, to;
    int items;

    (void)n;
    if (r->n == 0)
        return answer_missing(c, e);
    last = rows_i64(r, 0, COL_LAST_SEQ);
    items = rows_null(r, 0, at_seq) ? 0 : r->n;
    from = items > 0 ? rows_i64(r, row_of(w, 0, items), at_seq) : 0;
    to = items > 0 ? rows_i64(r, row_of(w, items - 1, items), at_seq) : 0;
    c->status = 200;
    buf_str(c->out, "{\"items\":[");
    if (w->dialect == DIALECT_KEELSON)
        items_write(c, w, r, items);
    else if (!items_translate(c, w, r, items, e))
        return false;
    buf_char(c->out, ']');
    cursor_write(c->out, "next", items > 0 && to < last && (w->newest ? w->before <= last : items == w->most), 'a', to);
    cursor_write(c->out, "prev", items > 0 && from > 1, 'b', from);
    buf_printf(c->out, ",\"last_seq\":%lld}", (long long)last);
    return true;
}

bool window_one_plan(struct call *c, struct plan *p, struct err *e)
{
    struct window_item *w = arena_new(c->arena, struct window_item);

    if (!call_uuid(c, 0, &w->session, e) || !call_params_done(c, e))
        return false;
    if (!span_i64(c->capture[1], &w->after) || w->after < 1)
        return fail(e, E_NOT_FOUND, "there is no such message");
    w->name = "message_by_seq";
    w->sql = c->model->conversation->sql_message;
    p->kind = &one_kind;
    p->item = w;
    p->key = w->session;
    return true;
}

bool window_one_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct resource *messages = c->model->conversation->messages;

    if (n == 0 || rows[0].n == 0)
        return fail(e, E_NOT_FOUND, "there is no such message");
    c->status = 200;
    render_object(c->out, &rows[0], 0, 0, messages->fields, messages->neager, NULL);
    return true;
}

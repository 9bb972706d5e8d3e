/*
 * One message, an array, or {"messages": [...], "expect_last_seq": n}: all or nothing.  Repeating a client_message_id, or a lost
 * connection, returns the first result; identifiers are made here, so what a lost first attempt wrote can be recognised.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/append.h"

#include "data/answer.h"
#include "data/conversation.h"
#include "data/dialect.h"
#include "data/original.h"
#include "data/render.h"
#include "data/validate.h"
#include "data/value.h"

#define NO_EXPECTATION INT64_MIN        /* SQL NULL */

struct append_item {
    const struct conversation *conversation;
    struct uuid  session;
    int64_t      expect;
    enum dialect dialect;               /* of the messages in the body */
    int64_t      supersedes;            /* seq of the message this one replaces; 0: none */
    int          n;
    struct uuid  ids[APPEND_MESSAGES];
    struct span  messages[APPEND_MESSAGES];     /* as binary jsonb: version byte and text */
    struct span  originals[APPEND_MESSAGES];
    struct span  client_ids[APPEND_MESSAGES];
};

/* ---- grouping ---- */

static int count(struct task *const *tasks, int n)
{
    int messages = 0;

    for (int i = 0; i < n; i++)
        messages += ((const struct append_item *)tasks[i]->item)->n;
    return messages;
}

static void messages_params(struct task *const *tasks, int n, struct arena *a, struct stmt *s)
{
    int total = count(tasks, n), k = 0;
    int32_t *at = arena_array(a, int32_t, total);
    struct uuid *ids = arena_array(a, struct uuid, total);
    struct span *messages = arena_array(a, struct span, total), *originals = arena_array(a, struct span, total);

    for (int i = 0; i < n; i++) {
        const struct append_item *item = tasks[i]->item;

        for (int m = 0; m < item->n; m++, k++) {
            at[k] = i;
            ids[k] = item->ids[m];
            messages[k] = item->messages[m];
            originals[k] = item->originals[m];
        }
    }
    stmt_int4_array(a, s, at, (size_t)total);
    stmt_uuid_array(a, s, ids, (size_t)total);
    stmt_span_array(a, s, messages, (size_t)total, OID_JSONB);
    stmt_span_array(a, s, originals, (size_t)total, OID_BYTEA);
}

static int merge(struct task *const *tasks, int n, struct arena *a, struct stmt *out, int max)
{
    const struct conversation *v = ((const struct append_item *)tasks[0]->item)->conversation;
    int32_t *at = arena_array(a, int32_t, n);
    struct uuid *sessions = arena_array(a, struct uuid, n);
    int64_t *expected = arena_array(a, int64_t, n);
    bool *again = arena_array(a, bool, n);

    (void)max;
    for (int i = 0; i < n; i++) {
        const struct append_item *item = tasks[i]->item;

        at[i] = i;
        sessions[i] = item->session;
        expected[i] = item->expect;
        again[i] = tasks[i]->tries > 0;
    }
    out[0] = STMT("append_lock", v->sql_lock);
    stmt_uuid(a, &out[0], &tasks[0]->org);
    stmt_uuid_array(a, &out[0], sessions, (size_t)n);
    out[1] = STMT("append", v->sql_append);
    stmt_uuid(a, &out[1], &tasks[0]->org);
    messages_params(tasks, n, a, &out[1]);
    stmt_int4_array(a, &out[1], at, (size_t)n);
    stmt_uuid_array(a, &out[1], sessions, (size_t)n);
    stmt_int8_array(a, &out[1], expected, (size_t)n);
    stmt_bool_array(a, &out[1], again, (size_t)n);
    return 2;
}

static bool shares_id(const struct append_item *a, const struct append_item *b)
{
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < b->n; k++)
            if (a->client_ids[i].p && span_eq(a->client_ids[i], b->client_ids[k]))
                return true;
    return false;
}

/* The statement sees the session as it was before the group: who has an expectation, or repeats another's message, comes alone. */
static bool together(const struct task *ta, const struct task *tb)
{
    const struct append_item *a = ta->item, *b = tb->item;

    return a->expect == NO_EXPECTATION && b->expect == NO_EXPECTATION && !shares_id(a, b);
}

static const struct batch_kind append_kind = { .name = "append", .writes = true, .finds_itself = true, .merge = merge, .together = together };

/* ---- reading the body ---- */

struct body {
    const struct json *first;           /* message */
    const char        *pointer;         /* of the array that holds them; NULL: the body is the message */
    size_t             n;
    int64_t            expect;
};

/* A fault of the wrapper itself. */
static bool wrapped(struct call *c, struct body *b)
{
    for (const struct json *v = c->doc->first; v; v = v->next) {
        if (span_is(v->key, "messages"))
            continue;
        if (!span_is(v->key, "expect_last_seq"))
            fault_add(&c->err, c->arena, json_pointer(c->arena, "", v->key), "unknown", "is not known here; a wrapped body has messages and expect_last_seq");
        else if (!json_i64(v, &b->expect) || b->expect < 0)
            fault_add(&c->err, c->arena, "/expect_last_seq", "type", "is not a sequence number (0 or more)");
    }
    return c->err.kind == E_NONE;
}

static bool body_shape(struct call *c, struct body *b, struct err *e)
{
    const struct json *list = json_find(c->doc, "messages");

    *b = (struct body){ .first = c->doc, .n = 1, .expect = NO_EXPECTATION };
    if (list)
        b->pointer = "/messages";
    else if (c->doc->type == JSON_ARRAY) {
        list = c->doc;
        b->pointer = "";
    }
    if (!list)
        return true;
    if (list->type != JSON_ARRAY)
        return fault_add(e, c->arena, "/messages", "type", "is not an array");
    if (list->count < 1 || list->count > APPEND_MESSAGES)
        return fault_add(e, c->arena, b->pointer, "length", "has %zu messages; 1 to %d are taken at once", list->count, APPEND_MESSAGES);
    b->first = list->first;
    b->n = list->count;
    return list == c->doc || wrapped(c, b);
}

/* With the member that says which message this one replaces, if it does. */
static struct span as_jsonb(struct arena *a, struct span text, int64_t supersedes)
{
    const char *comma = span_is(text, "{}") ? "" : ",";

    if (supersedes > 0)
        text = span_of(arena_printf(a, "{\"supersedes\":%lld%s%.*s", (long long)supersedes, comma, (int)text.n - 1, text.p + 1));
    return value_jsonb(a, text);
}

static bool message_take(struct validator *v, struct append_item *item, const struct json *message, const char *pointer, struct err *e)
{
    const struct json *readable, *id;
    struct span *client_id = &item->client_ids[item->n];

    if (!dialect_read(v->arena, item->dialect, message, pointer, &message, e) || !original_split(v->arena, message, &readable, &item->originals[item->n], e))
        return false;
    validate_create(v, readable, pointer);
    id = json_find(readable, "client_message_id");
    if (id && id->type == JSON_STRING) {
        *client_id = json_text(v->arena, id);
        for (int i = 0; i < item->n; i++)
            if (span_eq(item->client_ids[i], *client_id))
                fault_add(v->e, v->arena, json_pointer(v->arena, pointer, id->key), "duplicate", "is the same as that of an earlier message");
    }
    item->ids[item->n] = uuid_v7();
    item->messages[item->n++] = as_jsonb(v->arena, readable->raw, item->supersedes);
    return true;
}

static bool messages_done(struct validator *v, struct err *e)
{
    if (validate_done(v) && v->e->kind == E_NONE)
        return true;
    *e = *v->e;
    return false;
}

static bool messages_take(struct call *c, struct append_item *item, const struct body *b, struct err *e)
{
    struct validator v = { .arena = c->arena, .resource = item->conversation->messages, .e = &c->err };
    const struct json *m = b->first;

    for (size_t i = 0; i < b->n; i++, m = m->next)
        if (!message_take(&v, item, m, b->pointer ? json_pointer_at(c->arena, b->pointer, i) : "", e))
            return false;
    return messages_done(&v, e);
}

void append_stmts(struct call *c, struct plan *p, struct append_item *item)
{
    struct task *task = arena_new(c->arena, struct task);
    struct stmt made[2];
    int n;

    task->org = c->org;
    task->item = item;
    n = merge(&task, 1, c->arena, made, 2);
    for (int i = 0; i < n; i++)
        *plan_stmt(c, p, made[i].name, made[i].sql) = made[i];
}

bool append_replacement(struct call *c, const struct uuid *session, int64_t seq, struct append_item **out, struct err *e)
{
    struct append_item *item = arena_new(c->arena, struct append_item);
    struct body b = { .first = c->doc, .n = 1 };

    item->conversation = c->model->conversation;
    item->session = *session;
    item->expect = NO_EXPECTATION;
    item->supersedes = seq;
    *out = item;
    return messages_take(c, item, &b, e);
}

bool append_some(struct call *c, const struct uuid *session, const struct json *const *messages, size_t n, size_t at, struct append_item **out, struct err *e)
{
    struct append_item *item = arena_new(c->arena, struct append_item);
    struct validator v = { .arena = c->arena, .resource = c->model->conversation->messages, .e = &c->err };

    item->conversation = c->model->conversation;
    item->session = *session;
    item->expect = NO_EXPECTATION;
    *out = item;
    for (size_t i = 0; i < n; i++)
        if (!message_take(&v, item, messages[i], json_pointer_at(c->arena, "", at + i), e))
            return false;
    return messages_done(&v, e);
}

size_t append_count(const struct append_item *item)
{
    return (size_t)item->n;
}

const struct uuid *append_id(const struct append_item *item)
{
    return &item->ids[0];
}

struct span append_client_id(const struct append_item *item)
{
    return item->client_ids[0];
}

/* Which spelling the body is in. */
static bool format_parse(struct call *c, struct append_item *item, struct err *e)
{
    struct span name;

    if (!call_param(c, "format", &name) || dialect_find(name, &item->dialect))
        return true;
    return fail(e, E_PARAMETER, "format: must be %s", dialect_names());
}

bool append_plan(struct call *c, struct plan *p, struct err *e)
{
    struct append_item *item = arena_new(c->arena, struct append_item);
    struct body b;

    item->conversation = c->model->conversation;
    if (!call_uuid(c, 0, &item->session, e) || !format_parse(c, item, e) || !call_params_done(c, e) || !body_shape(c, &b, e)) {
        if (e->kind == E_NONE)
            *e = c->err;
        return false;
    }
    item->expect = b.expect;
    if (!messages_take(c, item, &b, e))
        return false;
    c->state = item;
    p->item = item;
    p->key = item->session;
    if (c->idempotency_key.p)
        append_stmts(c, p, item);           /* in one transaction with the key: not grouped */
    else
        p->kind = &append_kind;
    return true;
}

/* ---- the answer ---- */

enum { COL_LAST_SEQ, COL_STATUS, COL_STATE, COL_FIELDS };

static void items_write(struct buf *b, const struct rows *r, const struct resource *messages, const char *unlike)
{
    bool comma = false;

    buf_char(b, '[');
    for (int i = 0; i < r->n; i++) {
        struct span state = rows_get(r, i, COL_STATE);

        if (state.p == NULL || span_is(state, unlike))
            continue;
        if (comma)
            buf_char(b, ',');
        render_object(b, r, i, COL_FIELDS, messages->fields, messages->neager, NULL);
        comma = true;
    }
    buf_char(b, ']');
}

static int states_count(const struct rows *r, const char *state)
{
    int n = 0;

    for (int i = 0; i < r->n; i++)
        n += span_is(rows_get(r, i, COL_STATE), state);
    return n;
}

/* What the writer has not seen, so that it need not ask. */
static bool stale(struct call *c, const struct append_item *item, const struct rows *r, struct err *e)
{
    struct buf b = BUF(c->out->max);
    int64_t last = rows_i64(r, 0, COL_LAST_SEQ);

    buf_printf(&b, "\"last_seq\":%lld,\"missed\":", (long long)last);
    items_write(&b, r, item->conversation->messages, "known");
    e->extra = arena_strdup(c->arena, buf_span(&b));
    buf_free(&b);
    return fail(e, E_STALE_SEQ, "the last message is %lld, expect_last_seq was %lld", (long long)last, (long long)item->expect);
}

static bool refused(struct call *c, const struct append_item *item, const struct rows *r, struct err *e)
{
    struct span status = rows_get(r, 0, COL_STATUS);

    if (item->expect != NO_EXPECTATION && item->expect != rows_i64(r, 0, COL_LAST_SEQ))
        return stale(c, item, r, e);
    return fail(e, E_CLOSED_SESSION, "the session is %.*s and takes no messages; only created, active and paused ones do", SPAN_ARG(status));
}

bool append_took(struct call *c, const struct append_item *item, const struct rows *rows, struct err *e)
{
    struct rows r = *rows;

    r.skip = 1;                         /* the place in a group of one */
    return states_count(&r, "new") == item->n || refused(c, item, &r, e);
}

bool append_render_one(struct call *c, const struct append_item *item, const struct rows *r, struct err *e)
{
    int new;

    if (r->n == 0)
        return answer_missing(c, e);
    new = states_count(r, "new");
    if (new + states_count(r, "known") < item->n)
        return refused(c, item, r, e);
    c->status = new > 0 ? 201 : 200;
    buf_str(c->out, "{\"items\":");
    items_write(c->out, r, item->conversation->messages, "missed");
    buf_str(c->out, ",\"last_seq\":");
    buf_i64(c->out, rows_i64(r, 0, COL_LAST_SEQ) + new);
    buf_char(c->out, '}');
    return true;
}

bool append_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct rows r = rows[n - 1];

    if (!c->plan.kind)
        r.skip = 1;                     /* the place in a group of one */
    return append_render_one(c, c->state, &r, e);
}

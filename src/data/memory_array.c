/*
 * A message that was replaced is its successor, in the first one's place.  Everything is done under the lock of the session, so of two
 * who add to the same array one is told.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/memory_array.h"

#include <stdlib.h>
#include <string.h>

#include "data/answer.h"
#include "data/append.h"
#include "data/conversation.h"
#include "data/memory.h"
#include "data/message.h"
#include "data/render.h"
#include "embedded.h"

#define ARRAY_MOST 10000                /* messages: bounds how long one request keeps the loop */
#define ARRAY_TEXT ((size_t)64 << 20)   /* bytes of a message, or of those that were missed */
#define MISSED     100
#define NEW_MOST   2000                 /* of them appended by one request: what a transaction does in its time, in one step */
#define MARK       "{\"keelson:messages\": \""

struct array {
    struct uuid          session;
    struct memory_match  match;
    enum dialect         dialect;
    bool                 guessed;       /* the address does not say it: the document must */
    size_t               n;             /* of the array sent */
    const struct json  **sent;          /* in Keelson's own form */
    size_t               nkept;
    const struct json  **kept;          /* the messages there are, in the order of the array, the same */
    size_t               nseen;         /* messages they make in the array's spelling */
    int                  nitems;        /* appended, APPEND_MESSAGES each */
    struct append_item **items;
    bool                 written, marks;
    int64_t              version, through, last_seq, last_event;
};

/* ---- the document that stands for the messages ---- */

bool memory_array_marked(struct span document, enum dialect *out)
{
    struct span head = SPAN(MARK);

    if (!span_starts(document, head) || document.n < head.n + 2 || memcmp(document.p + document.n - 2, "\"}", 2) != 0)
        return false;
    return dialect_find((struct span){ document.p + head.n, document.n - head.n - 2 }, out);
}

/* ---- rows to array ---- */

static const struct json *message_of(struct call *c, const struct rows *r, int row, int first, struct err *e)
{
    const struct resource *messages = c->model->conversation->messages;
    struct buf b = BUF(ARRAY_TEXT);
    struct json *message = NULL;

    render_object(&b, r, row, first, messages->fields, messages->neager, NULL);
    if (!json_parse(c->arena, arena_span(c->arena, buf_span(&b)), &message, e))
        message = NULL;
    buf_free(&b);
    return message;
}

/* Which row stands in the place of each: itself, or the last of those that replaced it; -1: it is such a one. */
static int *places(struct call *c, const struct rows *r, int first)
{
    int column = message_column(c, "supersedes") - MESSAGE_FIELDS + first;
    int *stands = arena_array(c->arena, int, r->n + 1), *root = arena_array(c->arena, int, r->n + 1);

    for (int i = 0; i < r->n; i++) {
        int64_t of = rows_null(r, i, column) ? i : rows_i64(r, i, column) - 1;      /* seq has no gaps */

        root[i] = of >= 0 && of < i ? root[of] : i;
        stands[i] = root[i] == i ? i : -1;
        stands[root[i]] = i;
    }
    return stands;
}

static bool messages_read(struct call *c, const struct rows *r, int first, const struct json ***out, size_t *n, struct err *e)
{
    int *stands = places(c, r, first);

    *out = arena_array(c->arena, const struct json *, r->n + 1);
    *n = 0;
    for (int i = 0; i < r->n; i++)
        if (stands[i] >= 0 && !((*out)[(*n)++] = message_of(c, r, stands[i], first, e)))
            return false;
    return true;
}

bool memory_array_write(struct call *c, enum dialect d, const struct rows *r, int first, struct err *e)
{
    int column = message_column(c, "id") - MESSAGE_FIELDS + first;
    struct rows none = { .n = 0 };
    struct json_out out = JSON_OUT(c->out);
    const struct json **messages;
    size_t n;

    if (!messages_read(c, rows_null(r, 0, column) ? &none : r, first, &messages, &n, e))
        return false;
    buf_char(c->out, '[');
    dialect_write(c->arena, d, messages, n, &out);
    buf_char(c->out, ']');
    return true;
}

/* ---- refusals ---- */

static bool differs(struct call *c, const struct array *m, size_t at, struct err *e)
{
    struct buf b = BUF(ARRAY_TEXT);
    struct json_out out = JSON_OUT(&b);

    buf_printf(&b, "\"index\":%zu,\"last_seq\":%lld,\"missed\":[", at, (long long)m->last_seq);
    for (size_t i = at; m->nseen == m->nkept && i < m->nkept && i < at + MISSED; i++)
        json_tree(&out, m->kept[i]);
    buf_char(&b, ']');
    e->extra = arena_strdup(c->arena, buf_span(&b));
    buf_free(&b);
    if (at == m->n) {
        fail(e, E_STALE_SEQ, "the array has %zu messages, the session %zu: history does not shrink", m->n, m->nseen);
        return fault_add(e, c->arena, "", "history", "ends before the messages that are stored");
    }
    fail(e, E_STALE_SEQ, "message %zu of the array is not the one that is stored in its place: history is not rewritten", at);
    return fault_add(e, c->arena, json_pointer_at(c->arena, "", at), "history", "is not the message that is stored in its place");
}

struct named { struct span id; size_t at; };

static int by_name(const void *pa, const void *pb)
{
    const struct named *a = pa, *b = pb;
    int order = json_key_order(a->id, b->id);

    return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

static void name(struct arena *a, const struct json *message, size_t at, struct named *list, size_t *n)
{
    const struct json *id = json_find(message, "client_message_id");

    if (id && id->type == JSON_STRING)
        list[(*n)++] = (struct named){ json_text(a, id), at };
}

/* Append would take a message whose identifier is known for a repetition. */
static bool names_fresh(struct call *c, const struct array *m, const struct rows *r, size_t from, struct err *e)
{
    int column = message_column(c, "client_message_id") - MESSAGE_FIELDS;
    struct named *list = arena_array(c->arena, struct named, (size_t)r->n + m->n + 1);
    size_t n = 0;

    for (int i = 0; i < r->n; i++)
        if (!rows_null(r, i, column))
            list[n++] = (struct named){ rows_get(r, i, column), 0 };
    for (size_t i = from; i < m->n; i++)
        name(c->arena, m->sent[i], i + 1, list, &n);
    qsort(list, n, sizeof *list, by_name);
    for (size_t i = 1; i < n; i++) {
        if (!span_eq(list[i].id, list[i - 1].id))
            continue;
        if (list[i - 1].at == 0)
            return differs(c, m, list[i].at - 1, e);
        return fault_add(e, c->arena, json_pointer_at(c->arena, "", list[i].at - 1), "duplicate", "has the identifier of an earlier message");
    }
    return true;
}

/* ---- what is to be done ---- */

static bool versions_fit(struct call *c, struct array *m, const struct rows *r, struct err *e)
{
    enum dialect marked = DIALECT_KEELSON;
    bool is_marked = memory_array_marked(span_drop(rows_get(r, 0, MEMORY_DOCUMENT), 1), &marked);

    m->version = rows_i64(r, 0, MEMORY_VERSION);
    m->through = rows_i64(r, 0, MEMORY_THROUGH);
    m->last_seq = rows_i64(r, 0, MEMORY_LAST_SEQ);
    m->last_event = rows_i64(r, 0, MEMORY_LAST_EVENT);
    m->marks = m->guessed && !(is_marked && marked == m->dialect);
    return memory_match_fits(c, &m->match, m->version, is_marked || !m->guessed || m->version == 0, e);
}

static bool items_make(struct call *c, struct array *m, size_t from, struct err *e)
{
    if (m->n - from > NEW_MOST)
        return fault_add(e, c->arena, json_pointer_at(c->arena, "", from + NEW_MOST), "length",
                         "comes after %d new messages, which is the most at once; send the array up to here first", NEW_MOST);
    m->items = arena_array(c->arena, struct append_item *, (m->n - from) / APPEND_MESSAGES + 1);
    for (size_t i = from; i < m->n; i += APPEND_MESSAGES) {
        size_t n = m->n - i < APPEND_MESSAGES ? m->n - i : APPEND_MESSAGES;

        if (!append_some(c, &m->session, m->sent + i, n, i, &m->items[m->nitems++], e))
            return false;
    }
    return true;
}

static bool compare(struct call *c, struct array *m, const struct rows *r, struct err *e)
{
    size_t from;

    if (!messages_read(c, r, 0, &m->kept, &m->nkept, e) ||
        !dialect_common(c->arena, m->dialect, m->sent, m->n, m->kept, m->nkept, &m->nseen, &from, e))
        return false;
    if (from < m->nseen)
        return differs(c, m, from, e);
    return names_fresh(c, m, r, from, e) && items_make(c, m, from, e);
}

static void write(struct call *c, struct array *m)
{
    plan_next(&c->plan);
    for (int i = 0; i < m->nitems; i++)
        append_stmts(c, &c->plan, m->items[i]);
    if (m->marks)
        memory_write_stmt(c, &c->plan, &m->session, span_of(arena_printf(c->arena, MARK "%s\"}", dialect_name(m->dialect))), -1);
    m->written = true;
}

/* First the locked session and its messages come, then the rows of what was appended. */
static enum txn_next step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct array *m = c->state;

    (void)n;
    if (m->written) {
        for (int i = 0; i < m->nitems; i++)
            if (!append_took(c, m->items[i], &rows[2 * i + 1], e))
                return TXN_ROLLBACK;
        return TXN_COMMIT;
    }
    if (rows[0].n == 0) {
        answer_missing(c, e);
        return TXN_ROLLBACK;
    }
    if (!versions_fit(c, m, &rows[0], e) || !compare(c, m, &rows[1], e))
        return TXN_ROLLBACK;
    if (m->nitems == 0 && !m->marks)
        return TXN_COMMIT;
    write(c, m);
    return TXN_MORE;
}

/* ---- reading the body ---- */

static bool dialect_choose(struct call *c, struct array *m, struct err *e)
{
    struct span v;

    if (!call_param(c, "format", &v)) {
        m->guessed = true;
        return call_params_done(c, e) && (dialect_guess(c->doc->first, &m->dialect) ||
               fault_add(e, c->arena, "/0", "format", "is no message of LangChain; say with format= whose messages these are"));
    }
    return (dialect_find(v, &m->dialect) || fail(e, E_PARAMETER, "format: must be %s", dialect_names())) && call_params_done(c, e);
}

static bool sent_read(struct call *c, struct array *m, struct err *e)
{
    const struct json *v = c->doc->first;

    if (c->doc->count > ARRAY_MOST)
        return fault_add(e, c->arena, "", "length", "has %zu messages; an array of at most %d is taken", c->doc->count, ARRAY_MOST);
    m->sent = arena_array(c->arena, const struct json *, c->doc->count + 1);
    for (; v; v = v->next, m->n++) {
        const char *pointer = json_pointer_at(c->arena, "", m->n);

        if (v->type != JSON_OBJECT)
            return fault_add(e, c->arena, pointer, "type", "must be a message, an object");
        if (!dialect_read(c->arena, m->dialect, v, pointer, &m->sent[m->n], e))
            return false;
    }
    return true;
}

static bool array_render(struct call *c, const struct rows *rows, int n, struct err *e);

bool memory_array_plan(struct call *c, struct plan *p, struct err *e)
{
    struct array *m = arena_new(c->arena, struct array);

    if (!call_uuid(c, 0, &m->session, e) || !memory_match_parse(c, &m->match, e) || !dialect_choose(c, m, e) || !sent_read(c, m, e))
        return false;
    c->state = m;
    c->render = array_render;
    memory_lock(c, p, &m->session);
    stmt_uuid(c->arena, plan_stmt(c, p, "memory_messages", c->model->conversation->sql_all), &m->session);
    p->step = step;
    return true;
}

/* ---- the answer ---- */

/* Not the array again: its cost would grow with the conversation. */
static bool array_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct array *m = c->state;
    size_t appended = m->nitems == 0 ? 0 : (size_t)(m->nitems - 1) * APPEND_MESSAGES + append_count(m->items[m->nitems - 1]);

    (void)rows, (void)n, (void)e;
    memory_headers(c, m->version + m->marks, m->through, m->last_event + (int64_t)appended);
    c->status = 200;
    buf_printf(c->out, "{\"appended\":%zu,\"last_seq\":%lld}", appended, (long long)m->last_seq + (long long)appended);
    return true;
}

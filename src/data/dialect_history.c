/*
 * A conversation that its client keeps as one list and sends whole: how far is it the one that is stored?
 *
 * Two messages are the same when they are written alike in the client's spelling: absent and null, members in another order, a number
 * spelled otherwise make no difference.  Of one that was redacted nothing is left to compare but who spoke: what a client still holds of
 * it is neither refused nor stored.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/dialect_parts.h"

#define HISTORY_TEXT ((size_t)64 << 20)     /* bytes of one written out */

struct history {
    struct arena             *arena;
    enum dialect              dialect;
    const struct json *const *sent, *const *kept;
    size_t                    nkept;
    const struct json        *seen;         /* `kept` in the client's spelling, an array */
};

bool dialect_guess(const struct json *message, enum dialect *out)
{
    const struct json *data = message ? json_find(message, "data") : NULL, *type = message ? json_find(message, "type") : NULL;

    *out = DIALECT_LANGCHAIN_JS;
    if (message && json_find(message, "lc") && json_find(message, "kwargs"))
        *out = DIALECT_LC;
    else if (data && json_find(data, "type"))
        *out = DIALECT_LANGCHAIN_PY;
    return !message || (type && type->type == JSON_STRING);
}

static bool spelled(struct history *h, const struct json *const *messages, size_t n, const struct json **out, struct err *e)
{
    struct buf b = BUF(HISTORY_TEXT);
    struct json_out o = JSON_OUT(&b);
    struct json *array;
    bool ok;

    json_open(&o, '[');
    dialect_write(h->arena, h->dialect, messages, n, &o);
    json_close(&o, ']');
    ok = b.full ? fail(e, E_TOO_LARGE, "the conversation is too large to be compared as one array") :
                  json_parse(h->arena, arena_span(h->arena, buf_span(&b)), &array, e);
    if (ok)
        *out = array;
    buf_free(&b);
    return ok;
}

/* The identifier a reader of the array sees; NULL: none. */
static const struct json *id_of(const struct json *message)
{
    const struct json *inner = json_find(message, "data"), *id;

    if (!inner)
        inner = json_find(message, "kwargs");
    id = json_find(inner ? inner : message, "id");
    return id && id->type == JSON_STRING ? id : NULL;
}

/* Who gives no identifier does not deny the one there is. */
static const struct json *with_id(struct arena *a, const struct json *sent, const struct json *seen)
{
    const struct json *id = id_of(seen);
    struct json *message, *member;

    if (!id || dialect_value(sent, "client_message_id"))
        return sent;
    message = arena_new(a, struct json);
    member = arena_new(a, struct json);
    *message = *sent;
    *member = *id;
    member->key = SPAN("client_message_id");
    member->next = sent->first;
    message->first = member;
    message->count++;
    message->raw = SPAN_NONE;
    return message;
}

/* Keelson's own form: what is given must be so, and content that is not given must not be there. */
static bool same_row(struct arena *a, const struct json *sent, const struct json *row)
{
    static const char *const content[] = { "name", "content", "content_parts", "tool_calls", "tool_call_id" };

    for (const struct json *v = sent->first; v; v = v->next) {
        const struct json *there = json_find(row, arena_strdup(a, v->key));

        if (there ? !json_equal(a, v, there) : v->type != JSON_NULL)
            return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(content); i++)
        if (!json_find(sent, content[i]) && dialect_value(row, content[i]))
            return false;
    return true;
}

static bool redacted_same(struct arena *a, const struct json *sent, const struct json *row)
{
    const struct json *role = json_find(sent, "role");

    return role && json_equal(a, role, json_find(row, "role"));
}

static bool same(const struct history *h, size_t i, const struct json *sent, const struct json *seen)
{
    bool one_each = h->seen->count == h->nkept;    /* not so where the AI SDK's form takes answers of tools into another message */

    if (one_each && dialect_value(h->kept[i], "redacted_at"))
        return redacted_same(h->arena, h->sent[i], h->kept[i]);
    if (h->dialect == DIALECT_KEELSON)
        return same_row(h->arena, h->sent[i], seen);
    return json_equal(h->arena, sent, seen);
}

bool dialect_common(struct arena *a, enum dialect d, const struct json *const *sent, size_t n, const struct json *const *kept, size_t nkept,
                    size_t *there, size_t *common, struct err *e)
{
    struct history h = { .arena = a, .dialect = d, .sent = sent, .kept = kept, .nkept = nkept };
    const struct json **list = arena_array(a, const struct json *, n + 1), *x, *y;
    size_t most, i;

    if (!spelled(&h, kept, nkept, &h.seen, e))
        return false;
    most = n < h.seen->count ? n : h.seen->count;
    for (i = 0, y = h.seen->first; i < most; i++, y = y->next)
        list[i] = d == DIALECT_KEELSON ? sent[i] : with_id(a, sent[i], y);
    if (!spelled(&h, list, most, &x, e))
        return false;
    for (i = 0, x = x->first, y = h.seen->first; i < most && x && same(&h, i, x, y); i++) {
        x = x->next;
        y = y->next;
    }
    *there = h.seen->count;
    *common = i;
    return true;
}

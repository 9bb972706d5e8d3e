/*
 * Works on the spelling: an escape that cannot be stored is replaced by another of the same length.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/original.h"

#include <string.h>

#include "base/buf.h"

#define ORIGINAL_MAX ((size_t)16 << 20)

static const char *const kept[] = { "content", "content_parts", "tool_calls" };

/* Is it a member whose content is kept exactly? */
static bool is_kept(struct span key)
{
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (span_is(key, kept[i]))
            return true;
    return false;
}

/* The four digits after "\u"; the text is valid JSON, so they are there. */
static unsigned escape_value(const char *p)
{
    unsigned v = 0;

    for (int i = 2; i < 6; i++)
        v = v << 4 | (unsigned)(p[i] <= '9' ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
    return v;
}

static bool is_escape(struct span s, size_t at)
{
    return at + 6 <= s.n && s.p[at] == '\\' && s.p[at + 1] == 'u';
}

/* Bytes of the escape sequence at `at`; *storable is false when it must be replaced. */
static size_t escape_length(struct span s, size_t at, bool *storable)
{
    unsigned v;

    *storable = true;
    if (!is_escape(s, at))
        return 2;
    v = escape_value(s.p + at);
    if (v >= 0xd800 && v < 0xdc00 && is_escape(s, at + 6)) {
        unsigned low = escape_value(s.p + at + 6);

        if (low >= 0xdc00 && low < 0xe000)
            return 12;
    }
    *storable = v != 0 && !(v >= 0xd800 && v < 0xe000);
    return 6;
}

static void readable_write(struct buf *b, struct span s)
{
    for (size_t i = 0; i < s.n;) {
        const char *next = memchr(s.p + i, '\\', s.n - i);
        size_t plain = next ? (size_t)(next - s.p) - i : s.n - i;
        bool storable;
        size_t n;

        buf_add(b, (struct span){ s.p + i, plain });
        i += plain;
        if (i == s.n)
            break;
        n = escape_length(s, i, &storable);
        buf_add(b, storable ? (struct span){ s.p + i, n } : SPAN("\\ufffd"));
        i += n;
    }
}

bool original_split(struct arena *a, const struct json *message, const struct json **readable, struct span *original, struct err *e)
{
    struct buf text = BUF(ORIGINAL_MAX + 2), bytes = BUF(ORIGINAL_MAX + 2);
    struct json_out whole = JSON_OUT(&text), exact = JSON_OUT(&bytes);
    struct json *parsed = NULL;
    bool any = false;

    *readable = message;
    *original = SPAN_NONE;
    if (message->type != JSON_OBJECT || !(message->flags & JSON_UNSTORABLE))
        return true;
    json_open(&whole, '{');
    json_open(&exact, '{');
    for (const struct json *v = message->first; v; v = v->next) {
        bool replace = (v->flags & JSON_UNSTORABLE) && is_kept(v->key);

        json_key_span(&whole, v->key);
        if (!replace) {
            json_raw(&whole, v->raw);
            continue;
        }
        json_raw(&whole, SPAN_NONE);
        readable_write(&text, v->raw);
        json_key_span(&exact, v->key);
        json_raw(&exact, v->raw);
        any = true;
    }
    json_close(&whole, '}');
    json_close(&exact, '}');
    if (any && json_parse(a, arena_span(a, buf_span(&text)), &parsed, e)) {
        *readable = parsed;
        *original = arena_span(a, buf_span(&bytes));
    }
    buf_free(&text);
    buf_free(&bytes);
    return !any || parsed;
}

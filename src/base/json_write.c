/*
 * The JSON writer: text straight into a buffer, no tree.
 *
 * It puts commas and escapes; that brackets match and keys alternate with values is the caller's promise.  Only
 * what RFC 8259 demands is escaped, so text stays as readable as it was.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/json_scan.h"

static void separate(struct json_out *o)
{
    if (o->comma)
        buf_char(o->b, ',');
    o->comma = true;
}

void json_open(struct json_out *o, char bracket)
{
    separate(o);
    buf_char(o->b, bracket);
    o->comma = false;
}

void json_close(struct json_out *o, char bracket)
{
    buf_char(o->b, bracket);
    o->comma = true;
}

/* The escape of a byte that json_plain() stops at. */
static struct span escaped(unsigned char c, char room[6])
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
    };

    room[0] = '\\';
    if (c >= 0x20 || letters[c]) {
        room[1] = c >= 0x20 ? (char)c : letters[c];
        return (struct span){ room, 2 };
    }
    memcpy(room + 1, "u00", 3);
    room[4] = hex[c >> 4];
    room[5] = hex[c & 15];
    return (struct span){ room, 6 };
}

static void quoted(struct buf *b, struct span s)
{
    const char *p = s.p, *end = s.n > 0 ? s.p + s.n : s.p;
    char room[6];

    buf_char(b, '"');
    while (p < end) {
        const char *stop = json_plain(p, end, false);

        buf_add(b, (struct span){ p, (size_t)(stop - p) });
        if (stop < end)
            buf_add(b, escaped((unsigned char)*stop++, room));
        p = stop;
    }
    buf_char(b, '"');
}

void json_key(struct json_out *o, const char *key)
{
    separate(o);
    buf_char(o->b, '"');
    buf_str(o->b, key);
    buf_add(o->b, SPAN("\":"));
    o->comma = false;
}

void json_key_span(struct json_out *o, struct span key)
{
    separate(o);
    quoted(o->b, key);
    buf_char(o->b, ':');
    o->comma = false;
}

void json_string(struct json_out *o, struct span s)
{
    separate(o);
    quoted(o->b, s);
}

void json_cstring(struct json_out *o, const char *s)
{
    if (s)
        json_string(o, span_of(s));
    else
        json_null(o);
}

void json_int(struct json_out *o, int64_t v)
{
    separate(o);
    buf_i64(o->b, v);
}

void json_boolean(struct json_out *o, bool v)
{
    json_raw(o, v ? SPAN("true") : SPAN("false"));
}

void json_null(struct json_out *o)
{
    json_raw(o, SPAN("null"));
}

void json_raw(struct json_out *o, struct span s)
{
    separate(o);
    buf_add(o->b, s);
}

void json_tree(struct json_out *o, const struct json *v)
{
    bool object = v->type == JSON_OBJECT;

    if (v->raw.p) {
        json_raw(o, v->raw);
        return;
    }
    json_open(o, object ? '{' : '[');
    for (const struct json *c = v->first; c; c = c->next) {
        if (object)
            json_key_span(o, c->key);
        json_tree(o, c);
    }
    json_close(o, object ? '}' : ']');
}

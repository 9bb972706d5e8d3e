/*
 * Any bytes through the reader: both forms agree; what is accepted is UTF-8, and written from its tree it reads as equal.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* Every accessor, and what the header promises about spans, counts and flags. */
static void walk(struct arena *a, const struct json *v, const struct json *parent)
{
    size_t n = 0;
    int64_t i;
    bool b;

    require(v->raw.n > 0);
    require(!parent || ((v->flags & 7) & ~parent->flags) == 0);
    require(!parent || (v->raw.p > parent->raw.p && v->raw.p + v->raw.n < parent->raw.p + parent->raw.n));
    require(span_utf8(json_text(a, v)) && span_utf8(v->key));
    json_i64(v, &i);
    json_bool(v, &b);
    for (const struct json *c = v->first; c; c = c->next, n++)
        walk(a, c, v);
    require(n == v->count);
}

/* The same tree without spelling, so that the writer has to make all of it. */
static void write_made(struct arena *a, struct json_out *o, const struct json *v)
{
    bool object = v->type == JSON_OBJECT;

    if (v->type == JSON_STRING) {
        json_string(o, json_text(a, v));
    } else if (v->type != JSON_ARRAY && !object) {
        json_raw(o, v->raw);
    } else {
        json_open(o, object ? '{' : '[');
        for (const struct json *c = v->first; c; c = c->next) {
            if (object)
                json_key_span(o, c->key);
            write_made(a, o, c);
        }
        json_close(o, object ? '}' : ']');
    }
}

static void accepted(struct arena *a, struct span text, const struct json *root)
{
    struct buf b = BUF(SIZE_MAX / 2);
    struct json_out o = JSON_OUT(&b);
    struct err e = { 0 };
    struct json *again;
    const char *where = json_where(a, root, JSON_UNSTORABLE);

    require(span_utf8(text));
    walk(a, root, NULL);
    require(!where == !(root->flags & JSON_UNSTORABLE));
    require(!where || json_resolve(a, root, span_of(where)));
    if (!where) {
        write_made(a, &o, root);
        require(json_parse(a, buf_span(&b), &again, &e));
        require(json_equal(a, root, again));
    }
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA;
    struct span text = { (const char *)data, size };
    struct err e = { 0 }, other = { 0 };
    struct json *root;
    bool ok = json_parse(&a, text, &root, &e);

    require(ok == json_check(text, &other));
    require(strcmp(e.message, other.message) == 0);
    if (ok)
        accepted(&a, text, root);
    arena_free(&a);
    return 0;
}

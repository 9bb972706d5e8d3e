/*
 * The JSON reader: one pass over the bytes, strict, with a tree or without.
 *
 * Bytes are checked and kept where they are; only keys with escapes are decoded, because members must be compared.
 * Recursion is bounded by JSON_DEPTH, memory by JSON_VALUES.  Keys of the objects that are still open lie on one stack;
 * an object looks for duplicates when it closes: few keys pair by pair, many by sorting, so no choice of keys makes it
 * slow.  Numbers are never converted here.
 */
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/json_scan.h"

enum { FEW = 24, OWN_FLAGS = (1 << JSON_KEY_SHIFT) - 1 };

_Static_assert(JSON_KEY_ESCAPED == JSON_ESCAPED << JSON_KEY_SHIFT, "the flags of a key are those of a string, shifted");
_Static_assert(JSON_KEY_UNSTORABLE == JSON_UNSTORABLE << JSON_KEY_SHIFT, "the flags of a key are those of a string, shifted");

struct key {
    struct span text;                      /* decoded, nothing replaced */
    size_t      at;                        /* where in the source       */
    uint32_t    sketch;                    /* other sketch, other key   */
};

struct reader {
    const char   *at, *end, *start;
    struct arena *arena;
    bool          tree;                    /* nodes are wanted */
    struct err   *e;
    size_t        values;
    struct json  *path[JSON_DEPTH];        /* the containers that are open, outermost first */
    struct key   *keys;                    /* of all of them */
    size_t        nkeys, room;
    struct key    few[FEW];                /* room for keys before malloc is needed */
};

static bool read_value(struct reader *r, struct json *v, int depth);

static __attribute__((cold)) bool bad(struct reader *r, const char *at, const char *what)
{
    return fail(r->e, E_JSON, "byte %zu: %s", (size_t)(at - r->start), what);
}

static __attribute__((cold)) bool expected(struct reader *r, const char *what)
{
    const char *end = r->at == r->end ? "the text ends, " : "";

    return fail(r->e, E_JSON, "byte %zu: %sexpected %s", (size_t)(r->at - r->start), end, what);
}

static inline void skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

static inline bool next_is(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* What is at p inside a string, where json_plain() stopped.  0: an error, reported. */
static size_t read_special(struct reader *r, const char *p, unsigned *flags)
{
    struct json_escape esc;
    size_t n;

    if (p == r->end)
        return bad(r, p, "the text ends inside a string");
    if ((unsigned char)*p >= 0x80) {
        n = span_utf8_next((struct span){ p, (size_t)(r->end - p) });
        return n ? n : bad(r, p, "not UTF-8");
    }
    if (*p != '\\')
        return bad(r, p, "control character in a string");
    esc = json_escape(p, r->end);
    if (esc.n == 0)
        return bad(r, p, "invalid escape in a string");
    *flags |= JSON_ESCAPED;
    if (esc.code == 0 || json_surrogate(esc.code))
        *flags |= JSON_UNSTORABLE;
    return esc.n;
}

/* From the opening quote to after the closing one. */
static bool read_string(struct reader *r, struct span *raw, unsigned *flags)
{
    const char *p = r->at + 1;

    for (;;) {
        size_t n;

        p = json_plain(p, r->end, true);
        if (p < r->end && *p == '"')
            break;
        n = read_special(r, p, flags);
        if (n == 0)
            return false;
        p += n;
    }
    *raw = (struct span){ r->at, (size_t)(p + 1 - r->at) };
    r->at = p + 1;
    return true;
}

static inline bool read_digits(struct reader *r)
{
    if (r->at == r->end || *r->at < '0' || *r->at > '9')
        return expected(r, "a digit");
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return true;
}

static bool read_number(struct reader *r, struct json *v)
{
    const char *start = r->at;
    bool exponent = false;

    next_is(r, '-');
    if (next_is(r, '0')) {
        if (r->at < r->end && *r->at >= '0' && *r->at <= '9')
            return bad(r, r->at - 1, "number with a leading zero");
    } else if (!read_digits(r)) {
        return false;
    }
    if (next_is(r, '.') && !read_digits(r))
        return false;
    if (next_is(r, 'e') || next_is(r, 'E')) {
        exponent = true;
        if (!next_is(r, '+'))
            next_is(r, '-');
        if (!read_digits(r))
            return false;
    }
    v->type = JSON_NUMBER;
    v->raw = (struct span){ start, (size_t)(r->at - start) };
    if ((exponent || v->raw.n > JSON_DIGITS) && json_huge(v->raw))
        v->flags |= JSON_HUGE;
    return true;
}

static bool read_word(struct reader *r, struct json *v, enum json_type type, struct span word)
{
    if (!span_starts((struct span){ r->at, (size_t)(r->end - r->at) }, word))
        return expected(r, "a value");
    v->type = type;
    v->raw = (struct span){ r->at, word.n };
    r->at += word.n;
    return true;
}

static struct json *node_new(struct reader *r, struct json *spare)
{
    if (r->tree)
        return arena_new(r->arena, struct json);
    *spare = (struct json){ 0 };
    return spare;
}

/* One more value or element is complete. */
static inline void adopt(struct json *parent, const struct json *child)
{
    parent->count++;
    parent->flags |= (child->flags & OWN_FLAGS) | child->flags >> JSON_KEY_SHIFT;
}

static bool enter(struct reader *r, struct json *v, enum json_type type, int depth)
{
    if (depth > JSON_DEPTH)
        return fail(r->e, E_JSON, "byte %zu: nested deeper than %d", (size_t)(r->at - r->start), JSON_DEPTH);
    r->path[depth - 1] = v;
    v->type = type;
    v->raw.p = r->at++;
    skip_blanks(r);
    return true;
}

static void leave(struct reader *r, struct json *v)
{
    v->raw.n = (size_t)(r->at - v->raw.p);
}

/* After an element: more of them?  An error, reported, is false with *ok false. */
static inline bool more(struct reader *r, char close, const char *what, bool *ok)
{
    skip_blanks(r);
    if (next_is(r, ',')) {
        skip_blanks(r);
        return true;
    }
    *ok = next_is(r, close) || expected(r, what);
    return false;
}

static bool read_array(struct reader *r, struct json *v, int depth)
{
    struct json **tail = &v->first;
    bool ok = true;

    if (!enter(r, v, JSON_ARRAY, depth))
        return false;
    if (!next_is(r, ']')) {
        do {
            struct json spare, *item = node_new(r, &spare);

            if (!read_value(r, item, depth))
                return false;
            adopt(v, item);
            if (r->tree) {
                *tail = item;
                tail = &item->next;
            }
        } while (more(r, ']', "',' or ']'", &ok));
    }
    leave(r, v);
    return ok;
}

/* ---- duplicate keys ---- */

static void keys_grow(struct reader *r)
{
    size_t room = r->room * 2;
    struct key *keys = realloc(r->keys == r->few ? NULL : r->keys, room * sizeof(*keys));

    if (!keys)
        err_die("out of memory: %zu keys of a JSON object", room);
    if (r->keys == r->few)
        memcpy(keys, r->few, sizeof(r->few));
    r->keys = keys;
    r->room = room;
}

static void keys_push(struct reader *r, struct span text, size_t at)
{
    uint32_t sketch = (uint32_t)text.n << 16;

    if (text.n > 0)
        sketch |= (uint32_t)(unsigned char)text.p[0] << 8 | (unsigned char)text.p[text.n - 1];
    if (r->nkeys == r->room)
        keys_grow(r);
    r->keys[r->nkeys++] = (struct key){ text, at, sketch };
}

/* Equal keys side by side, in the order of the source. */
static int keys_order(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int order;

    if (x->sketch != y->sketch)
        return x->sketch < y->sketch ? -1 : 1;
    order = json_key_order(x->text, y->text);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static bool keys_equal(const struct key *x, const struct key *y)
{
    return x->sketch == y->sketch && span_eq(x->text, y->text);
}

static const struct key *duplicate_of_few(const struct key *k, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (keys_equal(&k[i], &k[j]))
                return &k[i];
    return NULL;
}

/* A better sketch.  Whoever makes them collide is back at comparing text, still n log n. */
static uint32_t sketch_all(struct span s)
{
    uint64_t h = s.n;

    for (; s.n >= 8; s = span_drop(s, 8)) {
        uint64_t x;

        memcpy(&x, s.p, sizeof(x));
        h = (h ^ x) * 0x9E3779B97F4A7C15u;
        h ^= h >> 32;
    }
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(h >> 32);
}

static const struct key *duplicate_of_many(struct key *k, size_t n)
{
    const struct key *first = NULL;

    for (size_t i = 0; i < n; i++)
        k[i].sketch = sketch_all(k[i].text);
    qsort(k, n, sizeof(*k), keys_order);
    for (size_t i = 1; i < n; i++)
        if (keys_equal(&k[i], &k[i - 1]) && (!first || k[i].at < first->at))
            first = &k[i];
    return first;
}

static __attribute__((cold)) bool duplicate(struct reader *r, const struct key *k, int depth)
{
    const char *pointer = "";
    struct span raw;
    unsigned flags = 0;

    bad(r, r->start + k->at, "duplicate key");
    if (!r->tree)
        return false;
    for (int d = 1; d < depth; d++)
        if (r->path[d - 1]->type == JSON_OBJECT)
            pointer = json_pointer(r->arena, pointer, r->path[d]->key);
        else
            pointer = json_pointer_at(r->arena, pointer, r->path[d - 1]->count);
    r->at = r->start + k->at;
    if (read_string(r, &raw, &flags))          /* again: k->text may be unfit to show */
        pointer = json_pointer(r->arena, pointer, json_decode(r->arena, (struct span){ raw.p + 1, raw.n - 2 }, false));
    return fault_add(r->e, r->arena, pointer, "duplicate-key", "appears more than once");
}

/* The object whose keys start at `base` is complete. */
static bool keys_close(struct reader *r, size_t base, int depth)
{
    struct key *k = r->keys + base;
    size_t n = r->nkeys - base;
    const struct key *twice = n <= FEW ? duplicate_of_few(k, n) : duplicate_of_many(k, n);

    r->nkeys = base;
    return !twice || duplicate(r, twice, depth);
}

/* ---- objects ---- */

static bool read_key(struct reader *r, struct json *m)
{
    struct span raw, exact;
    unsigned flags = 0;

    if (r->at == r->end || *r->at != '"')
        return expected(r, "a key in quotes");
    if (!read_string(r, &raw, &flags))
        return false;
    m->key = exact = (struct span){ raw.p + 1, raw.n - 2 };
    if (flags) {
        m->key = json_decode(r->arena, exact, false);
        exact = flags & JSON_UNSTORABLE ? json_decode(r->arena, exact, true) : m->key;
        m->flags = flags << JSON_KEY_SHIFT;
    }
    keys_push(r, exact, (size_t)(raw.p - r->start));
    skip_blanks(r);
    if (!next_is(r, ':'))
        return expected(r, "':'");
    skip_blanks(r);
    return true;
}

static bool read_object(struct reader *r, struct json *v, int depth)
{
    struct json **tail = &v->first;
    size_t base = r->nkeys;
    bool ok = true;

    if (!enter(r, v, JSON_OBJECT, depth))
        return false;
    if (!next_is(r, '}')) {
        do {
            struct json spare, *member = node_new(r, &spare);

            if (!read_key(r, member) || !read_value(r, member, depth))
                return false;
            adopt(v, member);
            if (r->tree) {
                *tail = member;
                tail = &member->next;
            }
        } while (more(r, '}', "',' or '}'", &ok));
    }
    leave(r, v);
    return ok && keys_close(r, base, depth);
}

/* ---- values ---- */

static bool read_value(struct reader *r, struct json *v, int depth)
{
    if (r->at == r->end)
        return expected(r, "a value");
    if (++r->values > JSON_VALUES)
        return fail(r->e, E_JSON, "byte %zu: more than %d values", (size_t)(r->at - r->start), JSON_VALUES);
    switch (*r->at) {
    case '{':
        return read_object(r, v, depth + 1);
    case '[':
        return read_array(r, v, depth + 1);
    case '"':
        v->type = JSON_STRING;
        return read_string(r, &v->raw, &v->flags);
    case 't':
        return read_word(r, v, JSON_TRUE, SPAN("true"));
    case 'f':
        return read_word(r, v, JSON_FALSE, SPAN("false"));
    case 'n':
        return read_word(r, v, JSON_NULL, SPAN("null"));
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        return read_number(r, v);
    default:
        return expected(r, "a value");
    }
}

static bool read_text(struct reader *r, struct json *root)
{
    if (span_starts((struct span){ r->at, (size_t)(r->end - r->at) }, SPAN("\xEF\xBB\xBF")))
        return bad(r, r->at, "byte order mark");
    skip_blanks(r);
    if (!read_value(r, root, 0))
        return false;
    skip_blanks(r);
    return r->at == r->end || bad(r, r->at, "text after the value");
}

static bool run(struct arena *a, struct span text, struct json *root, bool tree, struct err *e)
{
    struct reader r;
    bool ok;

    r.start = r.at = text.n > 0 ? text.p : "";
    r.end = r.start + text.n;
    r.arena = a;
    r.tree = tree;
    r.e = e;
    r.values = r.nkeys = 0;
    r.keys = r.few;
    r.room = FEW;
    ok = read_text(&r, root);
    if (r.keys != r.few)
        free(r.keys);
    return ok;
}

bool json_parse(struct arena *a, struct span text, struct json **out, struct err *e)
{
    struct json *root = arena_new(a, struct json);

    *out = root;
    if (run(a, text, root, true, e))
        return true;
    *out = NULL;
    return false;
}

bool json_check(struct span text, struct err *e)
{
    struct arena scratch = ARENA;          /* for keys with escapes */
    struct json root = { 0 };
    bool ok = run(&scratch, text, &root, false, e);

    arena_free(&scratch);
    return ok;
}

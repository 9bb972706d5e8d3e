/*
 * Finding one's way in a JSON tree: members, elements, pointers (RFC 6901).
 *
 * Members are searched one after the other, so the caller who asks for many of them sorts first.
 */
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/json_scan.h"

static const char *const type_names[] = {
    [JSON_NULL]   = "null",
    [JSON_FALSE]  = "boolean",
    [JSON_TRUE]   = "boolean",
    [JSON_NUMBER] = "number",
    [JSON_STRING] = "string",
    [JSON_ARRAY]  = "array",
    [JSON_OBJECT] = "object",
};

const char *json_type_name(enum json_type t)
{
    return type_names[t];
}

static const struct json *member(const struct json *object, struct span key)
{
    if (object->type != JSON_OBJECT)
        return NULL;
    for (const struct json *m = object->first; m; m = m->next)
        if (span_eq(m->key, key))
            return m;
    return NULL;
}

const struct json *json_find(const struct json *object, const char *key)
{
    return member(object, span_of(key));
}

const struct json *json_at(const struct json *array, size_t i)
{
    const struct json *item = array->type == JSON_ARRAY && i < array->count ? array->first : NULL;

    while (item && i-- > 0)
        item = item->next;
    return item;
}

/* ---- order of keys ---- */

int json_key_order(struct span a, struct span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int member_order(const void *a, const void *b)
{
    const struct json *const *x = a, *const *y = b;

    return json_key_order((*x)->key, (*y)->key);
}

const struct json **json_sorted(struct arena *a, const struct json *object)
{
    const struct json **sorted = arena_array(a, const struct json *, object->count);
    size_t n = 0;

    for (const struct json *m = object->first; m; m = m->next)
        sorted[n++] = m;
    if (n > 1)
        qsort(sorted, n, sizeof(*sorted), member_order);
    return sorted;
}

/* ---- pointers ---- */

const char *json_pointer(struct arena *a, const char *base, struct span key)
{
    size_t n = strlen(base);
    char *text = arena_alloc(a, n + 2 * key.n + 2);
    char *to = text + n;

    memcpy(text, base, n);
    *to++ = '/';
    for (size_t i = 0; i < key.n; i++) {
        bool escape = key.p[i] == '~' || key.p[i] == '/';

        *to++ = escape ? '~' : key.p[i];
        if (escape)
            *to++ = key.p[i] == '~' ? '0' : '1';
    }
    *to = '\0';
    return text;
}

const char *json_pointer_at(struct arena *a, const char *base, size_t index)
{
    return arena_printf(a, "%s/%zu", base, index);
}

/* A token without its ~0 and ~1; false: another ~. */
static bool unescape(struct arena *a, struct span token, struct span *out)
{
    char *text;
    size_t n = 0;

    *out = token;
    if (token.n == 0 || !memchr(token.p, '~', token.n))
        return true;
    text = arena_alloc(a, token.n);
    for (size_t i = 0; i < token.n; i++) {
        char c = token.p[i];

        if (c == '~') {
            if (++i == token.n || (token.p[i] != '0' && token.p[i] != '1'))
                return false;
            c = token.p[i] == '0' ? '~' : '/';
        }
        text[n++] = c;
    }
    *out = (struct span){ text, n };
    return true;
}

bool json_pointer_next(struct arena *a, struct span *pointer, struct span *token)
{
    size_t n;

    if (pointer->n == 0 || *pointer->p != '/')
        return false;
    *pointer = span_drop(*pointer, 1);
    for (n = 0; n < pointer->n && pointer->p[n] != '/'; n++)
        ;
    if (!unescape(a, (struct span){ pointer->p, n }, token))
        return false;
    *pointer = span_drop(*pointer, n);
    return true;
}

bool json_index(struct span token, size_t *out)
{
    uint64_t i;

    if ((token.n > 1 && *token.p == '0') || !span_u64(token, &i) || i > SIZE_MAX)
        return false;
    *out = (size_t)i;
    return true;
}

static const struct json *child(const struct json *v, struct span token)
{
    size_t i;

    if (v->type == JSON_ARRAY)
        return json_index(token, &i) ? json_at(v, i) : NULL;
    return member(v, token);
}

const struct json *json_resolve(struct arena *a, const struct json *root, struct span pointer)
{
    const struct json *v = root;

    while (v && pointer.n > 0) {
        struct span token;

        if (!json_pointer_next(a, &pointer, &token))
            return NULL;
        v = child(v, token);
    }
    return v;
}

/* ---- flags ---- */

enum { OF_KEYS = JSON_KEY_ESCAPED | JSON_KEY_UNSTORABLE, OF_VALUES = JSON_ESCAPED | JSON_UNSTORABLE | JSON_HUGE };

static const char *where(struct arena *a, const struct json *v, unsigned values, unsigned keys, const char *at)
{
    const char *found = NULL;
    size_t i = 0;

    if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
        return v->flags & values ? at : NULL;
    for (const struct json *c = v->first; c && !found; c = c->next, i++) {
        if (!(c->flags & (values | keys | keys >> JSON_KEY_SHIFT)))
            continue;
        found = v->type == JSON_OBJECT ? json_pointer(a, at, c->key) : json_pointer_at(a, at, i);
        if (!(c->flags & keys))
            found = where(a, c, values, keys, found);
    }
    return found;
}

const char *json_where(struct arena *a, const struct json *root, unsigned flags)
{
    unsigned values = flags & OF_VALUES;

    return where(a, root, values, (flags | values << JSON_KEY_SHIFT) & OF_KEYS, "");
}

/*
 * Bodies of fixed shape, read through a table.  All faults are found, not only the first, and what is not in the table is one of them.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/member.h"

#include <string.h>

#include "base/digest.h"

#define BYTES_MAX ((size_t)16 << 20)

static bool wrong_type(struct arena *a, const struct json *v, const char *pointer, const char *wanted, struct err *e)
{
    return fault_add(e, a, pointer, "type", "must be %s, not %s", wanted, json_type_name(v->type));
}

/* A string as MEMBER_TEXT takes it, with its faults. */
static bool text_take(struct arena *a, const struct json *v, const char *pointer, size_t least, size_t most, struct span *out, struct err *e)
{
    if (v->type != JSON_STRING)
        return wrong_type(a, v, pointer, "a string", e);
    if (v->flags & JSON_UNSTORABLE)
        return fault_add(e, a, pointer, "unstorable", "holds U+0000 or a lone surrogate");
    *out = json_text(a, v);
    if (out->n < least)
        return fault_add(e, a, pointer, "too-short", "must not be empty");
    if (most > 0 && out->n > most)
        return fault_add(e, a, pointer, "too-large", "is longer than %zu bytes", most);
    return true;
}

bool member_texts(struct arena *a, const struct json *array, const char *pointer, size_t least, size_t most, struct span **out, size_t *n, struct err *e)
{
    bool ok = true;

    *n = 0;
    *out = arena_array(a, struct span, array->count);
    for (const struct json *v = array->first; v; v = v->next, ++*n)
        ok &= text_take(a, v, json_pointer_at(a, pointer, *n), least, most, &(*out)[*n], e);
    return ok;
}

bool member_storable(struct arena *a, const struct json *v, const char *pointer, struct err *e)
{
    const char *where;

    if ((where = json_where(a, v, JSON_UNSTORABLE)))
        return fault_add(e, a, arena_printf(a, "%s%s", pointer, where), "unstorable", "holds U+0000 or a lone surrogate");
    if ((where = json_where(a, v, JSON_HUGE)))
        return fault_add(e, a, arena_printf(a, "%s%s", pointer, where), "too-large", "is a number of more than %d digits", JSON_DIGITS);
    return true;
}

bool member_name(const char *name, struct span v, size_t most, struct err *e)
{
    if (v.n > most)
        return fail(e, E_PARAMETER, "%s: is longer than %zu bytes", name, most);
    if (!span_utf8(v) || (v.n > 0 && memchr(v.p, '\0', v.n)))
        return fail(e, E_PARAMETER, "%s: must be UTF-8 without U+0000", name);
    return true;
}

/* ---- one member ---- */

static bool bytes(struct arena *a, const struct json *v, const char *pointer, struct span *out, struct err *e)
{
    struct buf b = BUF(BYTES_MAX);
    bool ok;

    if (v->type != JSON_STRING)
        return wrong_type(a, v, pointer, "a string of base64", e);
    ok = digest_base64_decode(&b, json_text(a, v));
    if (ok)
        *out = arena_span(a, buf_span(&b));
    buf_free(&b);
    return ok || fault_add(e, a, pointer, "format.base64", "is not base64");
}

static bool integer(struct arena *a, const struct json *v, const char *pointer, size_t most, int64_t *out, struct err *e)
{
    if (v->type != JSON_NUMBER)
        return wrong_type(a, v, pointer, "a number", e);
    if (!json_i64(v, out) || *out < 0 || (most > 0 && (uint64_t)*out > most))
        return fault_add(e, a, pointer, "range", "must be a whole number from 0 to %zu", most > 0 ? most : (size_t)INT64_MAX);
    return true;
}

static bool array(struct arena *a, const struct json *v, const char *pointer, size_t most, struct err *e)
{
    if (v->type != JSON_ARRAY)
        return wrong_type(a, v, pointer, "an array", e);
    if (v->count == 0 || (most > 0 && v->count > most))
        return fault_add(e, a, pointer, "count", "must have 1 to %zu elements", most);
    return true;
}

static void take(struct arena *a, const struct member *m, const struct json *v, const char *pointer, void *to, struct err *e)
{
    switch (m->kind) {
    case MEMBER_TEXT:
        text_take(a, v, pointer, m->presence == MEMBER_MUST ? 1 : 0, m->most, to, e);
        return;
    case MEMBER_BYTES:
        bytes(a, v, pointer, to, e);
        return;
    case MEMBER_BOOL:
        if (!json_bool(v, to))
            wrong_type(a, v, pointer, "true or false", e);
        return;
    case MEMBER_INT:
        integer(a, v, pointer, m->most, to, e);
        return;
    case MEMBER_ARRAY:
        if (array(a, v, pointer, m->most, e))
            *(const struct json **)to = v;
        return;
    case MEMBER_OBJECT:
        if (v->type != JSON_OBJECT)
            wrong_type(a, v, pointer, "an object", e);
        else if (member_storable(a, v, pointer, e))
            *(const struct json **)to = v;
        return;
    case MEMBER_ANY:
        if (member_storable(a, v, pointer, e))
            *(const struct json **)to = v;
        return;
    }
}

/* ---- the object ---- */

static const struct member *find(const struct member *table, size_t n, struct span name)
{
    for (size_t i = 0; i < n; i++)
        if (span_is(name, table[i].name))
            return &table[i];
    return NULL;
}

static void required(struct arena *a, const struct json *object, const char *pointer, const struct member *table, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].presence == MEMBER_MUST && !json_find(object, table[i].name))
            fault_add(e, a, json_pointer(a, pointer, span_of(table[i].name)), "required", "is required");
    }
}

bool member_read(struct arena *a, const struct json *object, const char *pointer, const struct member *table, size_t n, void *out, struct err *e)
{
    if (object->type != JSON_OBJECT) {
        wrong_type(a, object, pointer, "an object", e);
        return fail(e, E_INPUT, "the body is not valid");
    }
    for (const struct json *v = object->first; v; v = v->next) {
        const struct member *m = find(table, n, v->key);
        const char *at = json_pointer(a, pointer, v->key);

        if (!m)
            fault_add(e, a, at, "unknown", "is not known here");
        else if (v->type != JSON_NULL || m->presence != MEMBER_NULLABLE)
            take(a, m, v, at, (char *)out + m->at, e);
    }
    required(a, object, pointer, table, n, e);
    return !e->faults || fail(e, E_INPUT, "the body is not valid");
}

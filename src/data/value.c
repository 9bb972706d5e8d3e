/*
 * What a field takes.  Each kind of field has one check; bounds and lists of values come from the column.  A check is at
 * least as strict as PostgreSQL's input function, because a value that passes is cast there.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/value.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/uuid.h"
#include "data/scalar.h"

const char *value_list(struct arena *a, const char *const *values, int n)
{
    const char *list = "";

    for (int i = 0; i < n; i++)
        list = arena_printf(a, "%s%s%s", list, i == 0 ? "" : i + 1 < n ? ", " : " or ", values[i]);
    return list;
}

#define PATTERN_TEXT_MAX 4096      /* longer text is left to the database */

struct checker {
    struct arena        *arena;
    const struct field  *field;
    struct value_fault  *out;
};

static bool refuse(const struct checker *k, const char *pointer, const char *code, const char *message)
{
    *k->out = (struct value_fault){ pointer, code, message };
    return false;
}

static bool wrong_type(const struct checker *k, const char *pointer, const char *wanted, const struct json *got)
{
    return refuse(k, pointer, "type", arena_printf(k->arena, "must be %s, not %s", wanted, json_type_name(got->type)));
}

/* ---- text ---- */

static int64_t characters(struct span s)
{
    int64_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((uint8_t)s.p[i] & 0xC0) != 0x80;
    return n;
}

static bool allowed(const struct checker *k, struct span text, const char *pointer)
{
    const struct column *c = k->field->column;

    for (int i = 0; i < c->nallowed; i++) {
        if (span_is(text, c->allowed[i]))
            return true;
    }
    return c->nallowed == 0 ||
           refuse(k, pointer, "enum", arena_printf(k->arena, "must be %s", value_list(k->arena, c->allowed, c->nallowed)));
}

static bool length(const struct checker *k, int64_t n, const char *what, const char *pointer)
{
    const struct column *c = k->field->column;

    if (n == 0 && c->min == 1)
        return refuse(k, pointer, "min-length", "must not be empty");
    if (n < c->min)
        return refuse(k, pointer, "min-length", arena_printf(k->arena, "must have at least %lld %s", (long long)c->min, what));
    if (n > c->max)
        return refuse(k, pointer, "max-length", arena_printf(k->arena, "must have at most %lld %s, has %lld", (long long)c->max, what,
                                                             (long long)n));
    return true;
}

/* Where POSIX and PostgreSQL read a pattern alike: no backslashes, no (?...). */
static bool same_dialect(const char *pattern)
{
    return !strchr(pattern, '\\') && !strstr(pattern, "(?") && !strstr(pattern, "***");
}

static bool matches(const struct checker *k, struct span text, const char *pointer)
{
    const char *pattern = k->field->column->pattern;
    regex_t re;
    bool ok;

    if (!pattern || !same_dialect(pattern) || text.n > PATTERN_TEXT_MAX || regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return true;
    ok = regexec(&re, arena_strdup(k->arena, text), 0, NULL, 0) == 0;
    regfree(&re);
    if (ok)
        return true;
    if (strcmp(k->field->name, "email") == 0)
        return refuse(k, pointer, "format.email", "is not an email address");
    return refuse(k, pointer, "pattern", arena_printf(k->arena, "must match %s", pattern));
}

static bool check_text(const struct checker *k, const struct json *j, const char *pointer)
{
    struct span text;

    if (j->type != JSON_STRING)
        return wrong_type(k, pointer, "a string", j);
    text = json_text(k->arena, j);
    return allowed(k, text, pointer) && length(k, characters(text), "characters", pointer) && matches(k, text, pointer);
}

/* ---- numbers ---- */

static bool in_range(const struct checker *k, int64_t v, const char *pointer)
{
    const struct column *c = k->field->column;
    int64_t low = c->min, high = c->max, widest = c->type == OID_INT2 ? INT16_MAX : c->type == OID_INT4 ? INT32_MAX : INT64_MAX;

    low = low < -widest - 1 ? -widest - 1 : low;
    high = high > widest ? widest : high;
    if (v < low)
        return refuse(k, pointer, "minimum", arena_printf(k->arena, "must be at least %lld", (long long)low));
    if (v > high)
        return refuse(k, pointer, "maximum", arena_printf(k->arena, "must be at most %lld", (long long)high));
    return true;
}

static bool check_int(const struct checker *k, const struct json *j, const char *pointer)
{
    int64_t v;

    if (j->type != JSON_NUMBER)
        return wrong_type(k, pointer, "a whole number", j);
    if (!json_i64(j, &v))
        return refuse(k, pointer, "type", "must be a whole number within 64 bits");
    return k->field->kind == FIELD_ARRAY || in_range(k, v, pointer);
}

static bool digits(const struct checker *k, struct span number, const char *pointer)
{
    const struct field *f = k->field;
    int64_t before, behind;

    if (f->digits == 0)
        return true;
    scalar_digits(number, &before, &behind);
    if (before > f->digits - f->scale)
        return refuse(k, pointer, "maximum", arena_printf(k->arena, "must have at most %d digits before the point", f->digits - f->scale));
    if (behind > f->scale)
        return refuse(k, pointer, "scale", arena_printf(k->arena, "must have at most %d digits behind the point", f->scale));
    return true;
}

/* Bounds through a double: rounding keeps order, so nothing that is in bounds is refused; the database checks exactly. */
static bool check_number(const struct checker *k, const struct json *j, const char *pointer)
{
    const struct column *c = k->field->column;
    double d;

    if (j->type != JSON_NUMBER)
        return wrong_type(k, pointer, "a number", j);
    if (j->flags & JSON_HUGE)
        return refuse(k, pointer, "number-size", arena_printf(k->arena, "would need more than %d digits", JSON_DIGITS));
    d = strtod(arena_strdup(k->arena, j->raw), NULL);
    if ((c->type == OID_FLOAT8 && isinf(d)) || (c->type == OID_FLOAT4 && isinf((float)d)))
        return refuse(k, pointer, "maximum", "is out of range");
    if (c->min != INT64_MIN && d < (double)c->min)
        return refuse(k, pointer, "minimum", arena_printf(k->arena, "must be at least %lld", (long long)c->min));
    if (c->max != INT64_MAX && d > (double)c->max)
        return refuse(k, pointer, "maximum", arena_printf(k->arena, "must be at most %lld", (long long)c->max));
    return digits(k, j->raw, pointer);
}

static bool check_bool(const struct checker *k, const struct json *j, const char *pointer)
{
    return j->type == JSON_TRUE || j->type == JSON_FALSE || wrong_type(k, pointer, "true or false", j);
}

/* ---- text with a form ---- */

static bool check_uuid(const struct checker *k, const struct json *j, const char *pointer)
{
    struct uuid id;

    if (j->type != JSON_STRING)
        return wrong_type(k, pointer, "a UUID as a string", j);
    return uuid_parse(json_text(k->arena, j), &id) || refuse(k, pointer, "format.uuid", "is not a UUID");
}

static bool check_time(const struct checker *k, const struct json *j, const char *pointer)
{
    int64_t at;

    if (j->type != JSON_STRING)
        return wrong_type(k, pointer, "a time as a string", j);
    return scalar_timestamp(json_text(k->arena, j), &at) ||
           refuse(k, pointer, "format.date-time", "is not a time as in RFC 3339, such as 2026-01-31T09:30:00Z");
}

static bool check_date(const struct checker *k, const struct json *j, const char *pointer)
{
    if (j->type != JSON_STRING)
        return wrong_type(k, pointer, "a date as a string", j);
    return scalar_date(json_text(k->arena, j)) || refuse(k, pointer, "format.date", "is not a date such as 2026-01-31");
}

static bool check_bytes(const struct checker *k, const struct json *j, const char *pointer)
{
    struct buf out;
    struct span text;
    bool ok;

    if (j->type != JSON_STRING)
        return wrong_type(k, pointer, "base64 in a string", j);
    text = json_text(k->arena, j);
    out = BUF(text.n + 1);
    ok = digest_base64_decode(&out, text);
    buf_free(&out);
    return ok || refuse(k, pointer, "format.base64", "is not base64");
}

static bool check_other(const struct checker *k, const struct json *j, const char *pointer)
{
    if (j->type != JSON_STRING && j->type != JSON_NUMBER)
        return wrong_type(k, pointer, "a string", j);
    return k->field->kind == FIELD_ARRAY || j->type == JSON_NUMBER || allowed(k, json_text(k->arena, j), pointer);
}

/* ---- containers ---- */

static bool check_json(const struct checker *k, const struct json *j, const char *pointer)
{
    const char *kind = k->field->column->json_kind;

    if (j->flags & JSON_HUGE)
        return refuse(k, arena_printf(k->arena, "%s%s", pointer, json_where(k->arena, j, JSON_HUGE)), "number-size",
                      arena_printf(k->arena, "would need more than %d digits", JSON_DIGITS));
    if (kind && k->field->kind == FIELD_JSON && strcmp(kind, json_type_name(j->type)) != 0)
        return wrong_type(k, pointer, kind[0] == 'a' || kind[0] == 'o' ? arena_printf(k->arena, "an %s", kind) : kind, j);
    return true;
}

static bool check_scalar(const struct checker *k, enum field_kind kind, const struct json *j, const char *pointer);

static bool check_array(const struct checker *k, const struct json *j, const char *pointer)
{
    size_t at = 0;

    if (j->type != JSON_ARRAY)
        return wrong_type(k, pointer, "an array", j);
    for (const struct json *item = j->first; item; item = item->next) {
        const char *place = json_pointer_at(k->arena, pointer, at++);

        if (item->type == JSON_NULL)
            return wrong_type(k, place, "a value", item);
        if (!check_scalar(k, k->field->element, item, place))
            return false;
    }
    return length(k, (int64_t)j->count, "items", pointer);
}

/* In an array the bounds of the column are about its length and not about the elements. */
static bool check_element_text(const struct checker *k, const struct json *j, const char *pointer)
{
    return j->type == JSON_STRING || wrong_type(k, pointer, "a string", j);
}

static bool check_scalar(const struct checker *k, enum field_kind kind, const struct json *j, const char *pointer)
{
    switch (kind) {
    case FIELD_TEXT:   return k->field->kind == FIELD_ARRAY ? check_element_text(k, j, pointer) : check_text(k, j, pointer);
    case FIELD_INT:    return check_int(k, j, pointer);
    case FIELD_NUMBER: return check_number(k, j, pointer);
    case FIELD_BOOL:   return check_bool(k, j, pointer);
    case FIELD_UUID:   return check_uuid(k, j, pointer);
    case FIELD_TIME:   return check_time(k, j, pointer);
    case FIELD_DATE:   return check_date(k, j, pointer);
    case FIELD_JSON:   return check_json(k, j, pointer);
    case FIELD_BYTES:  return check_bytes(k, j, pointer);
    case FIELD_ARRAY:  return check_array(k, j, pointer);
    case FIELD_OTHER:  return check_other(k, j, pointer);
    case FIELD_PART:
    case FIELD_EXACT:  break;
    }
    return true;
}

bool value_check(struct arena *a, const struct field *f, const struct json *j, const char *pointer, struct value_fault *out)
{
    struct checker k = { a, f, out };

    if (j->flags & JSON_UNSTORABLE)
        return refuse(&k, arena_printf(a, "%s%s", pointer, json_where(a, j, JSON_UNSTORABLE)), "unstorable",
                      "has U+0000 or a lone surrogate, which cannot be stored here");
    return check_scalar(&k, f->kind, j, pointer);
}

static bool whole(struct span s)
{
    int64_t v;

    return span_i64(s, &v);
}

static bool endless(struct span s)
{
    return span_is(s, "infinity") || span_is(s, "-infinity");
}

const char *value_refused(enum field_kind kind, struct span text)
{
    struct uuid id;
    int64_t at;

    switch (kind) {
    case FIELD_INT:    return whole(text) ? NULL : "is not a whole number";
    case FIELD_NUMBER: return scalar_number(text) ? NULL : "is not a number";
    case FIELD_BOOL:   return span_is(text, "true") || span_is(text, "false") ? NULL : "is neither true nor false";
    case FIELD_UUID:   return uuid_parse(text, &id) ? NULL : "is not a UUID";
    case FIELD_TIME:   return endless(text) || scalar_timestamp(text, &at) ? NULL : "is not a time as in RFC 3339";
    case FIELD_DATE:   return endless(text) || scalar_date(text) ? NULL : "is not a date as in 2026-01-31";
    case FIELD_TEXT:
    case FIELD_OTHER:  return span_utf8(text) && !memchr(text.p ? text.p : "", '\0', text.n) ? NULL : "is not storable text";
    case FIELD_JSON:
    case FIELD_BYTES:
    case FIELD_ARRAY:
    case FIELD_PART:
    case FIELD_EXACT:  break;
    }
    return "cannot be compared";
}

static bool same_json(struct arena *a, const struct json *x, const struct json *y);

static bool same_members(struct arena *a, const struct json *x, const struct json *y)
{
    const struct json **left = json_sorted(a, x), **right = json_sorted(a, y);

    for (size_t i = 0; i < x->count; i++) {
        if (!span_eq(left[i]->key, right[i]->key) || !same_json(a, left[i], right[i]))
            return false;
    }
    return true;
}

static bool same_elements(struct arena *a, const struct json *x, const struct json *y)
{
    for (x = x->first, y = y->first; x && y; x = x->next, y = y->next) {
        if (!same_json(a, x, y))
            return false;
    }
    return true;
}


static bool same_json(struct arena *a, const struct json *x, const struct json *y)
{
    if (x->type != y->type || x->count != y->count)
        return false;
    if (x->raw.n > 0 && span_eq(x->raw, y->raw))
        return true;
    switch (x->type) {
    case JSON_STRING: return span_eq(json_text(a, x), json_text(a, y));
    case JSON_ARRAY:  return same_elements(a, x, y);
    case JSON_OBJECT: return same_members(a, x, y);
    case JSON_NUMBER: return false;              /* spelled differently */
    default:          return true;
    }
}

bool value_same(struct arena *a, enum field_kind kind, const struct json *x, const struct json *y)
{
    struct uuid u, v;
    int64_t s, t;

    if (same_json(a, x, y))
        return true;
    if (x->type != y->type)
        return false;
    if (kind == FIELD_TIME && x->type == JSON_STRING)
        return scalar_timestamp(json_text(a, x), &s) && scalar_timestamp(json_text(a, y), &t) && s == t;
    if (kind == FIELD_UUID && x->type == JSON_STRING)
        return uuid_parse(json_text(a, x), &u) && uuid_parse(json_text(a, y), &v) && uuid_eq(&u, &v);
    return kind == FIELD_INT && json_i64(x, &s) && json_i64(y, &t) && s == t;
}

struct span value_jsonb(struct arena *a, struct span text)
{
    char *p = arena_alloc(a, text.n + 1);

    p[0] = 1;
    memcpy(p + 1, text.p, text.n);
    return (struct span){ p, text.n + 1 };
}

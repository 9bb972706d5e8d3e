/*
 * What strings and numbers of a JSON tree mean: decoding, integers, digits needed, equality.
 *
 * Numbers are decimal digits and an exponent all the way; nothing is ever written out to find its size, and nothing
 * passes through a double.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/json_scan.h"

/* ---- strings ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of \uXXXX at p, or -1. */
static int32_t hex4(const char *p, const char *end)
{
    int32_t code = 0;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(p[i]);

        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

static struct json_escape escape_u(const char *p, const char *end)
{
    int32_t code = hex4(p, end);
    int32_t low;

    if (code < 0)
        return (struct json_escape){ 0 };
    if (code >= 0xD800 && code <= 0xDBFF) {
        low = hex4(p + 6, end);
        if (low >= 0xDC00 && low <= 0xDFFF)
            return (struct json_escape){ 12, (uint32_t)(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)) };
    }
    return (struct json_escape){ 6, (uint32_t)code };
}

struct json_escape json_escape(const char *p, const char *end)
{
    if (end - p < 2)
        return (struct json_escape){ 0 };
    switch (p[1]) {
    case '"': case '\\': case '/':
        return (struct json_escape){ 2, (unsigned char)p[1] };
    case 'b': return (struct json_escape){ 2, '\b' };
    case 'f': return (struct json_escape){ 2, '\f' };
    case 'n': return (struct json_escape){ 2, '\n' };
    case 'r': return (struct json_escape){ 2, '\r' };
    case 't': return (struct json_escape){ 2, '\t' };
    case 'u': return escape_u(p, end);
    default:  return (struct json_escape){ 0 };
    }
}

/* UTF-8, also of a surrogate; at most as long as the escape it stands for. */
static char *put_code(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xE0 | c >> 12);
        } else {
            *to++ = (char)(0xF0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
    }
    *to++ = (char)(0x80 | (c & 0x3F));
    return to;
}

struct span json_decode(struct arena *a, struct span inner, bool exact)
{
    const char *p = inner.p, *end = inner.p + inner.n;
    char *text = arena_alloc(a, inner.n);
    char *to = text;

    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        size_t run = (size_t)((slash ? slash : end) - p);
        struct json_escape esc;

        memcpy(to, p, run);
        to += run;
        p += run;
        if (p == end)
            break;
        esc = json_escape(p, end);
        if (!exact && (esc.code == 0 || json_surrogate(esc.code)))
            esc.code = 0xFFFD;
        to = put_code(to, esc.code);
        p += esc.n;
    }
    return (struct span){ text, (size_t)(to - text) };
}

static struct span inner(const struct json *string)
{
    return (struct span){ string->raw.p + 1, string->raw.n - 2 };
}

struct span json_text(struct arena *a, const struct json *string)
{
    if (string->type != JSON_STRING)
        return SPAN_NONE;
    return string->flags & JSON_ESCAPED ? json_decode(a, inner(string), false) : inner(string);
}

static bool strings_equal(struct arena *a, const struct json *x, const struct json *y)
{
    struct span s = inner(x), t = inner(y);

    if (x->flags & JSON_ESCAPED)
        s = json_decode(a, s, true);
    if (y->flags & JSON_ESCAPED)
        t = json_decode(a, t, true);
    return span_eq(s, t);
}

/* ---- numbers ---- */

#define EXPONENT_MAX 1073741822        /* PostgreSQL refuses a larger one, whatever the digits */

/* 0.DDDD x 10^point, the first D not zero: every spelling of a value gives the same one. */
struct decimal {
    bool    negative, zero, far;       /* far: the exponent is out of bounds, `point` means nothing */
    int64_t point;
    int64_t fraction;                  /* digits behind the point when written out: 1.10 has 2, 1e2 has 0 */
    struct span digits;                /* first to last that is not zero; may have the point among them */
};

static int64_t exponent(struct span s, bool *far)
{
    bool negative = s.n > 0 && *s.p == '-';
    int64_t e = 0;

    if (s.n > 0 && (*s.p == '-' || *s.p == '+'))
        s = span_drop(s, 1);
    for (size_t i = 0; i < s.n && !*far; i++) {
        e = e * 10 + (s.p[i] - '0');
        *far = e > EXPONENT_MAX;
    }
    return negative ? -e : e;
}

/* The part of a span of digits and a point that starts and ends with a digit that is not zero. */
static struct span significant(struct span s)
{
    while (s.n > 0 && (*s.p == '0' || *s.p == '.'))
        s = span_drop(s, 1);
    while (s.n > 0 && (s.p[s.n - 1] == '0' || s.p[s.n - 1] == '.'))
        s.n--;
    return s;
}

static struct decimal decimal(struct span number)
{
    struct decimal d = { .negative = *number.p == '-' };
    struct span mantissa = d.negative ? span_drop(number, 1) : number;
    struct span power = SPAN_NONE;
    const char *dot, *point;
    int64_t e;

    for (size_t i = 0; i < mantissa.n; i++)
        if ((mantissa.p[i] | 0x20) == 'e') {
            power = span_drop(mantissa, i + 1);
            mantissa.n = i;
        }
    e = exponent(power, &d.far);
    dot = memchr(mantissa.p, '.', mantissa.n);
    point = dot ? dot : mantissa.p + mantissa.n;
    d.fraction = (dot ? mantissa.p + mantissa.n - dot - 1 : 0) - e;
    if (d.fraction < 0)
        d.fraction = 0;
    d.digits = significant(mantissa);
    d.zero = d.digits.n == 0;
    if (!d.zero)                       /* a first digit behind the point is one further than it looks */
        d.point = (point - d.digits.p) + (d.digits.p > point) + e;
    return d;
}

bool json_huge(struct span number)
{
    struct decimal d = decimal(number);
    int64_t whole = d.point > 1 ? d.point : 1;

    return d.far || whole + d.fraction > JSON_DIGITS;
}

static bool digits_equal(struct span x, struct span y)
{
    size_t i = 0, j = 0;

    for (; i < x.n && j < y.n; i++, j++) {
        if (x.p[i] == '.')
            i++;
        if (y.p[j] == '.')
            j++;
        if (x.p[i] != y.p[j])
            return false;
    }
    return i == x.n && j == y.n;
}

static bool numbers_equal(struct span x, struct span y)
{
    struct decimal a = decimal(x), b = decimal(y);

    if (a.far || b.far)
        return span_eq(x, y);
    if (a.zero || b.zero)
        return a.zero && b.zero;
    return a.negative == b.negative && a.point == b.point && digits_equal(a.digits, b.digits);
}

/* digits followed by zeros up to `point` digits; false when there are digits behind it or it does not fit. */
static bool whole(const struct decimal *d, uint64_t *out)
{
    uint64_t v = 0;
    int64_t n = 0;

    if (d->point > 19)
        return false;
    for (size_t i = 0; i < d->digits.n; i++)
        if (d->digits.p[i] != '.') {
            if (n++ == d->point)
                return false;
            v = v * 10 + (uint64_t)(d->digits.p[i] - '0');
        }
    for (; n < d->point; n++)
        v *= 10;
    *out = v;
    return true;
}

bool json_i64(const struct json *v, int64_t *out)
{
    struct decimal d;
    uint64_t u = 0;

    if (v->type != JSON_NUMBER)
        return false;
    d = decimal(v->raw);
    if (!d.zero && (d.far || d.point < 1 || !whole(&d, &u)))
        return false;
    if (u > (uint64_t)INT64_MAX + d.negative)
        return false;
    *out = d.negative ? (int64_t)(0 - u) : (int64_t)u;
    return true;
}

bool json_bool(const struct json *v, bool *out)
{
    if (v->type != JSON_TRUE && v->type != JSON_FALSE)
        return false;
    *out = v->type == JSON_TRUE;
    return true;
}

/* ---- equality ---- */

static bool arrays_equal(struct arena *a, const struct json *x, const struct json *y)
{
    const struct json *p = x->first, *q = y->first;

    for (; p && q; p = p->next, q = q->next)
        if (!json_equal(a, p, q))
            return false;
    return !p && !q;
}

static bool objects_equal(struct arena *a, const struct json *x, const struct json *y)
{
    const struct json **p, **q;

    if (x->count != y->count)
        return false;
    p = json_sorted(a, x);
    q = json_sorted(a, y);
    for (size_t i = 0; i < x->count; i++) {
        if ((p[i]->flags | q[i]->flags) & JSON_KEY_UNSTORABLE)
            return x->raw.p && y->raw.p && span_eq(x->raw, y->raw);
        if (!span_eq(p[i]->key, q[i]->key) || !json_equal(a, p[i], q[i]))
            return false;
    }
    return true;
}

bool json_equal(struct arena *a, const struct json *x, const struct json *y)
{
    if (x->type != y->type)
        return false;
    switch (x->type) {
    case JSON_NUMBER: return numbers_equal(x->raw, y->raw);
    case JSON_STRING: return strings_equal(a, x, y);
    case JSON_ARRAY:  return arrays_equal(a, x, y);
    case JSON_OBJECT: return objects_equal(a, x, y);
    default:          return true;
    }
}

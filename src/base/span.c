/*
 * Views of text: comparing, cutting, numbers, UTF-8.
 *
 * Pure functions over bytes somebody else owns.  No locale, no allocation; everything
 * beyond ASCII except the UTF-8 check is left to the database.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/span.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool span_ieq(struct span a, struct span b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool span_starts(struct span s, struct span prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool span_ends(struct span s, struct span suffix)
{
    return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct span span_trim(struct span s)
{
    while (s.n > 0 && is_blank(s.p[0]))
        s = span_drop(s, 1);
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct span span_drop(struct span s, size_t n)
{
    return n == 0 ? s : (struct span){ s.p + n, s.n - n };
}

struct span span_cut(struct span *s, char sep)
{
    const char *at = s->n ? memchr(s->p, sep, s->n) : NULL;
    struct span head = *s;

    if (!at) {
        *s = SPAN_NONE;
        return head;
    }
    head.n = (size_t)(at - head.p);
    *s = span_drop(*s, head.n + 1);
    return head;
}

bool span_u64(struct span s, uint64_t *out)
{
    uint64_t v = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(v, (uint64_t)10, &v) || __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
            return false;
    }
    *out = v;
    return true;
}

bool span_i64(struct span s, int64_t *out)
{
    bool negative = s.n > 0 && s.p[0] == '-';
    uint64_t v;

    if (!span_u64(negative ? span_drop(s, 1) : s, &v))
        return false;
    if (v > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

/* Length of the well-formed sequence at p, 0 if there is none: the table 3-7 of the Unicode standard. */
static size_t sequence(const unsigned char *p, size_t n)
{
    static const struct { unsigned char from, to, second_from, second_to; size_t n; } forms[] = {
        { 0x00, 0x7F, 0x00, 0x00, 1 }, { 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 },
        { 0xE1, 0xEC, 0x80, 0xBF, 3 }, { 0xED, 0xED, 0x80, 0x9F, 3 }, { 0xEE, 0xEF, 0x80, 0xBF, 3 },
        { 0xF0, 0xF0, 0x90, 0xBF, 4 }, { 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
    };

    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
        if (p[0] < forms[f].from || p[0] > forms[f].to)
            continue;
        if (n < forms[f].n || (forms[f].n > 1 && (p[1] < forms[f].second_from || p[1] > forms[f].second_to)))
            return 0;
        for (size_t i = 2; i < forms[f].n; i++)
            if ((p[i] & 0xC0) != 0x80)
                return 0;
        return forms[f].n;
    }
    return 0;
}

/* Eight bytes at a time while they are ASCII: most of what we see is. */
static size_t ascii_run(const unsigned char *p, size_t n)
{
    size_t i = 0;

    for (uint64_t word; i + sizeof(word) <= n; i += sizeof(word)) {
        memcpy(&word, p + i, sizeof(word));
        if (word & 0x8080808080808080u)
            break;
    }
    while (i < n && p[i] < 0x80)
        i++;
    return i;
}

size_t span_utf8_next(struct span s)
{
    return s.n ? sequence((const unsigned char *)s.p, s.n) : 0;
}

struct span span_clip(struct span s, size_t n)
{
    if (s.n <= n)
        return s;
    while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--;
    return (struct span){ s.p, n };
}

bool span_utf8(struct span s)
{
    const unsigned char *p = (const unsigned char *)s.p;

    for (size_t i = 0; i < s.n;) {
        size_t step = ascii_run(p + i, s.n - i);

        if (step == 0)
            step = sequence(p + i, s.n - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

/*
 * A span is text somebody else owns: pointer and length, no terminating zero,
 * any byte allowed.  Everything that comes from outside travels as a span.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_SPAN_H
#define KEELSON_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *p;
    size_t      n;
};

#define SPAN(literal)  ((struct span){ "" literal, sizeof(literal) - 1 })
#define SPAN_NONE      ((struct span){ NULL, 0 })
#define SPAN_ARG(s)    (int)(s).n, (s).p           /* for "%.*s" */

static inline struct span span_of(const char *s)   /* NULL gives SPAN_NONE */
{
    return (struct span){ s, s ? strlen(s) : 0 };
}

static inline bool span_eq(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool span_is(struct span a, const char *b)
{
    return span_eq(a, span_of(b));
}

bool span_ieq(struct span a, struct span b);                 /* ASCII letters only */
bool span_starts(struct span s, struct span prefix);
bool span_ends(struct span s, struct span suffix);
struct span span_trim(struct span s);                        /* blanks and tabs at both ends */
struct span span_drop(struct span s, size_t n);              /* n <= s.n */

/* The part before the first `sep`; *s becomes what follows it (SPAN_NONE when there was none). */
struct span span_cut(struct span *s, char sep);

/* Decimal digits only, no sign for _u64; false on anything else or overflow. */
bool span_u64(struct span s, uint64_t *out);
bool span_i64(struct span s, int64_t *out);

/* Well-formed UTF-8 as of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool span_utf8(struct span s);
/* At most n bytes from the start, not ending inside a character: for showing what may be long. */
struct span span_clip(struct span s, size_t n);
/* Bytes of the well-formed character at the start; 0: there is none. */
size_t span_utf8_next(struct span s);

#endif

/*
 * A growing byte buffer that is born with its maximum.
 *
 * Appending past the maximum appends nothing, sets `full` and returns false; the flag stays, so
 * a writer may append many pieces and check once.  Out of memory aborts.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_BUF_H
#define KEELSON_BASE_BUF_H

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"

struct buf {
    char  *p;      /* malloc memory, not terminated; NULL while empty */
    size_t n;      /* bytes in use    */
    size_t cap;    /* bytes allocated */
    size_t max;    /* never more than this */
    bool   full;   /* an append was refused */
};

#define BUF(maximum) ((struct buf){ .max = (maximum) })

bool buf_str(struct buf *b, const char *s);
bool buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
bool buf_i64(struct buf *b, int64_t v);

/* Room for at least n more bytes, to be written at p + n by the caller who then adds to n.  NULL past the maximum. */
char *buf_reserve(struct buf *b, size_t n);

/* The same as the inline ones below, for when there is no room yet. */
bool buf_grow(struct buf *b, struct span s);

static inline bool buf_add(struct buf *b, struct span s)
{
    if (s.n == 0 || b->full || s.n > b->cap - b->n)
        return buf_grow(b, s);
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    return true;
}

static inline bool buf_char(struct buf *b, char c)
{
    if (b->full || b->n == b->cap)
        return buf_grow(b, (struct span){ &c, 1 });
    b->p[b->n++] = c;
    return true;
}

/* All of a file or pipe until its end.  E_TOO_LARGE past the maximum, E_IO when a read fails. */
MUST_CHECK bool buf_read_fd(struct buf *b, int fd, struct err *e);
MUST_CHECK bool buf_read_file(struct buf *b, const char *path, struct err *e);

void buf_consume(struct buf *b, size_t n);     /* drop n bytes from the front */
void buf_clear(struct buf *b);                 /* empty, memory kept, `full` reset */
void buf_free(struct buf *b);
const char *buf_cstr(struct buf *b);           /* terminated in place; valid until the next append */

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){ b->p, b->n };
}

#endif

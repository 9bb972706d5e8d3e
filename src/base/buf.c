/*
 * A growing byte buffer with a maximum.
 *
 * Room doubles.  One byte more than `cap` is always allocated, so that a terminator
 * fits without counting against the maximum.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SMALLEST = 64, READ_STEP = 64 << 10 };

char *buf_reserve(struct buf *b, size_t n)
{
    size_t cap = b->cap < SMALLEST ? SMALLEST : b->cap;

    if (b->full || n > b->max - b->n) {
        b->full = true;
        return NULL;
    }
    if (b->p && n <= b->cap - b->n)
        return b->p + b->n;
    while (cap < b->n + n && cap < b->max)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    if (cap > b->max)
        cap = b->max;
    b->p = realloc(b->p, cap + 1);
    if (!b->p)
        err_die("out of memory: a buffer of %zu bytes wanted %zu more", b->n, n);
    b->cap = cap;
    return b->p + b->n;
}

bool buf_grow(struct buf *b, struct span s)
{
    char *p;

    if (s.n == 0)
        return !b->full;
    p = buf_reserve(b, s.n);
    if (!p)
        return false;
    memcpy(p, s.p, s.n);
    b->n += s.n;
    return true;
}

bool buf_str(struct buf *b, const char *s)
{
    return buf_add(b, span_of(s));
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
    char small[256];
    va_list ap, again;
    char *p = NULL;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(small, sizeof(small), fmt, ap);
    va_end(ap);
    if (n < 0)
        err_die("buf_printf: the format \"%s\" cannot be written: %m", fmt);
    p = buf_reserve(b, (size_t)n);
    if (p && (size_t)n < sizeof(small))
        memcpy(p, small, (size_t)n);
    else if (p)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    if (p)
        b->n += (size_t)n;
    return p != NULL;
}

bool buf_i64(struct buf *b, int64_t v)
{
    char text[20];
    char *p = text + sizeof(text);
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    do
        *--p = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0)
        *--p = '-';
    return buf_add(b, (struct span){ p, (size_t)(text + sizeof(text) - p) });
}

static ssize_t read_again(int fd, char *p, size_t n)
{
    ssize_t got;

    do
        got = read(fd, p, n);
    while (got < 0 && errno == EINTR);
    return got;
}

bool buf_read_fd(struct buf *b, int fd, struct err *e)
{
    ssize_t got;

    if (b->full)
        return fail(e, E_TOO_LARGE, "more than %zu bytes", b->max);
    do {
        size_t room = b->max - b->n < READ_STEP ? b->max - b->n : READ_STEP;
        char probe;

        if (room > 0)
            got = read_again(fd, buf_reserve(b, room), room);
        else
            got = read_again(fd, &probe, 1);
        if (got < 0)
            return fail(e, E_IO, "read: %m");
        if (room == 0 && got > 0) {
            b->full = true;
            return fail(e, E_TOO_LARGE, "more than %zu bytes", b->max);
        }
        b->n += (size_t)got;
    } while (got > 0);
    return true;
}

bool buf_read_file(struct buf *b, const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return fail(e, E_IO, "open %s: %m", path);
    ok = buf_read_fd(b, fd, e);
    if (!ok)
        err_context(e, "%s", path);
    close(fd);
    return ok;
}

void buf_consume(struct buf *b, size_t n)
{
    if (n == 0)
        return;
    b->n -= n;
    memmove(b->p, b->p + n, b->n);
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->full = false;
}

void buf_free(struct buf *b)
{
    free(b->p);
    *b = BUF(b->max);
}

const char *buf_cstr(struct buf *b)
{
    if (!b->p)
        return "";
    b->p[b->n] = '\0';
    return b->p;
}

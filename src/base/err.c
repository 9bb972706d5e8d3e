/*
 * Error values: one row per kind, and the few ways to fill one.
 *
 * Messages are cut at a character boundary, so what was valid UTF-8 stays it.  Nothing
 * here writes or logs, except err_die().
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/span.h"

#define X(name, http, exit, slug, retry, title) { #name, http, exit, slug, retry, title },
static const struct err_info infos[] = { ERR_KINDS(X) };
#undef X

const struct err_info *err_info(enum err_kind kind)
{
    return &infos[kind < ERR_KIND_COUNT ? kind : E_INTERNAL];
}

/* Drop a character that was cut in half at the end. */
static void mend(char *text)
{
    size_t n = strlen(text);
    size_t back = 0;

    while (back < 4 && back < n && ((unsigned char)text[n - back - 1] & 0xC0) == 0x80)
        back++;
    if (back == n || (unsigned char)text[n - back - 1] < 0xC0)
        return;
    back++;
    if (span_utf8_next((struct span){ text + n - back, back }) != back)
        text[n - back] = '\0';
}

static void put(struct err *e, const char *text)
{
    size_t n = strnlen(text, sizeof(e->message) - 1);
    bool cut = text[n] != '\0';

    memmove(e->message, text, n);
    e->message[n] = '\0';
    if (cut)
        mend(e->message);
}

bool fail(struct err *e, enum err_kind kind, const char *fmt, ...)
{
    char text[sizeof(e->message) + 8];      /* apart: an argument may be the old message */
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    put(e, text);
    e->kind = kind;
    return false;
}

bool err_context(struct err *e, const char *fmt, ...)
{
    char text[2 * sizeof(e->message)];
    va_list ap;
    size_t n;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(e->message), fmt, ap);
    va_end(ap);
    n = strlen(text);
    snprintf(text + n, sizeof(text) - n, ": %s", e->message);
    put(e, text);
    return false;
}

static void append(struct err *e, struct fault *f)
{
    if (!e->faults) {
        e->faults = f;
    } else {
        struct fault *last = e->last ? e->last : e->faults;

        while (last->next)
            last = last->next;
        last->next = f;
    }
    e->last = f;
}

bool fault_add(struct err *e, struct arena *a, const char *pointer, const char *code, const char *fmt, ...)
{
    struct fault *f = arena_new(a, struct fault);
    va_list ap;

    va_start(ap, fmt);
    f->message = arena_vprintf(a, fmt, ap);
    va_end(ap);
    f->pointer = arena_strdup(a, span_of(pointer));
    f->code = code;
    append(e, f);
    if (e->kind == E_NONE)
        fail(e, E_INPUT, "%s %s", *f->pointer ? f->pointer : "the body", f->message);
    return false;
}

void err_die(const char *fmt, ...)
{
    char text[sizeof(((struct err *)0)->message)];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    dprintf(STDERR_FILENO, "%s\n", text);
    abort();
}

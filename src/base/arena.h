/*
 * Memory that dies together: a request, a command, one parse.
 *
 * Nothing is freed alone.  Out of memory aborts with a message (a supervisor restarts
 * us; nothing acknowledged is lost).  An arena is used by one thread.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_ARENA_H
#define KEELSON_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/span.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;   /* newest first */
    char               *at, *end; /* free room in the newest */
    size_t              total;    /* bytes taken from malloc, for limits and metrics */
};

#define ARENA ((struct arena){ 0 })

/* Zeroed, aligned for any type.  Never NULL; n = 0 gives a unique pointer. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((malloc, alloc_size(2)));
#define arena_new(a, type)        ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n)   ((type *)arena_alloc((a), (size_t)(n) * sizeof(type)))

char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF(2, 0);
char *arena_strdup(struct arena *a, struct span s);          /* adds a terminating zero */
struct span arena_span(struct arena *a, struct span s);      /* the copy, also terminated */

/* Forget everything; keep one block of ordinary size for reuse. */
void arena_reset(struct arena *a);
/* Give everything back. */
void arena_free(struct arena *a);

#endif

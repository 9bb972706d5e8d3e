/*
 * Memory that dies together: a chain of blocks, a pointer moving through the newest.
 *
 * Large pieces get a block of their own behind the newest, so that its room is not lost.  Blocks grow
 * with the arena.  Under AddressSanitizer unused room is poisoned, also after a reset, so that use after
 * the end of a request is found.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEELSON_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define KEELSON_ASAN 1
#endif
#ifdef KEELSON_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { ALIGN = 16, ORDINARY = 16 << 10, LARGEST = 256 << 10 };

struct arena_block {
    struct arena_block *next;
    size_t              size;      /* of data */
    _Alignas(ALIGN) char data[];
};

static struct arena_block *block_new(struct arena *a, size_t size)
{
    struct arena_block *b = size < SIZE_MAX - sizeof(*b) ? malloc(sizeof(*b) + size) : NULL;

    if (!b)
        err_die("out of memory: an arena of %zu bytes wanted %zu more", a->total, size);
    b->size = size;
    a->total += sizeof(*b) + size;
    ASAN_POISON_MEMORY_REGION(b->data, size);
    return b;
}

static void use(struct arena *a, struct arena_block *b)
{
    a->at = b->data;
    a->end = b->data + b->size;
}

static size_t next_size(const struct arena *a)
{
    if (a->total < ORDINARY)
        return ORDINARY;
    return a->total < LARGEST ? a->total : LARGEST;
}

/* Room of n bytes when the newest block has none left. */
static char *refill(struct arena *a, size_t n)
{
    struct arena_block *b;
    char *p;

    if (a->blocks && n > ORDINARY / 4) {
        b = block_new(a, n);
        b->next = a->blocks->next;
        a->blocks->next = b;
        return b->data;
    }
    b = block_new(a, n > next_size(a) ? n : next_size(a));
    b->next = a->blocks;
    a->blocks = b;
    use(a, b);
    p = a->at;
    a->at += n;
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    size_t room = n < SIZE_MAX - ALIGN ? (n + !n + ALIGN - 1) & ~(size_t)(ALIGN - 1) : n;
    char *p = a->at;

    if (room <= (size_t)(a->end - a->at))
        a->at += room;
    else
        p = refill(a, room);
    ASAN_UNPOISON_MEMORY_REGION(p, n);
    return memset(p, 0, n);
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;
    char *p;
    int n;

    va_copy(again, ap);
    n = vsnprintf(small, sizeof(small), fmt, ap);
    if (n < 0)
        err_die("arena_printf: the format \"%s\" cannot be written: %m", fmt);
    p = arena_alloc(a, (size_t)n + 1);
    if ((size_t)n < sizeof(small))
        memcpy(p, small, (size_t)n);
    else
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    char *p;

    va_start(ap, fmt);
    p = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return p;
}

char *arena_strdup(struct arena *a, struct span s)
{
    char *p = arena_alloc(a, s.n + 1);

    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return p;
}

struct span arena_span(struct arena *a, struct span s)
{
    return (struct span){ arena_strdup(a, s), s.n };
}

/* Free all blocks but `keep`. */
static void drop(struct arena *a, const struct arena_block *keep)
{
    struct arena_block *next;

    for (struct arena_block *b = a->blocks; b; b = next) {
        next = b->next;
        if (b != keep)
            free(b);
    }
    *a = ARENA;
}

void arena_reset(struct arena *a)
{
    struct arena_block *keep = a->blocks;

    while (keep && keep->size != ORDINARY)
        keep = keep->next;
    drop(a, keep);
    if (!keep)
        return;
    keep->next = NULL;
    a->blocks = keep;
    a->total = sizeof(*keep) + keep->size;
    ASAN_POISON_MEMORY_REGION(keep->data, keep->size);
    use(a, keep);
}

void arena_free(struct arena *a)
{
    drop(a, NULL);
}

/*
 * A free list of rooms for exchanges.  Its length is bounded: after a rush memory goes back.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/work.h"

#include <stdlib.h>

#include "http/connection.h"

#define SPARE_MAX 128

struct work *work_acquire(struct http_server *s, struct connection *c)
{
    struct work *w = s->spare;

    if (w) {
        s->spare = w->next;
        s->nspare--;
    } else {
        w = malloc(sizeof(*w));         /* not cleared: most of it is in[] */
        if (!w)
            err_die("out of memory: no room for a request");
        w->arena = ARENA;
    }
    w->c = c;
    w->n = w->searched = 0;
    w->body = BUF(0);
    return w;
}

void work_reset(struct work *w)
{
    buf_free(&w->body);
    arena_reset(&w->arena);
}

void work_release(struct http_server *s, struct work *w)
{
    work_reset(w);
    if (!s || s->nspare == SPARE_MAX) {
        arena_free(&w->arena);
        free(w);
        return;
    }
    w->next = s->spare;
    s->spare = w;
    s->nspare++;
}

/*
 * One statement at a time, on a connection like any other exclusive work.  What fails is tried again at the next turn: it can wait.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/housekeeping.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/log.h"
#include "embedded.h"

#define EVERY (30 * USEC_S)
#define LIMIT (30 * USEC_S)

struct housekeeping {
    struct loop *loop;
    struct pool *pool;
    usec         streaming;
    struct timer timer;
    struct arena arena;
    struct task  task;
    struct stmt  stmt;
};

static usec until_next(const struct housekeeping *h)
{
    return h->streaming < EVERY ? h->streaming : EVERY;
}

static void finished(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct housekeeping *h = t->user;
    int64_t messages = e->kind == E_NONE && n > 0 && rows[0].n > 0 ? rows_i64(&rows[0], 0, 0) : 0;

    if (messages > 0)
        log_event(LOG_INFO, "messages-abandoned", "messages=%lld note=%s", (long long)messages, "they streamed too long and are incomplete now");
    arena_reset(&h->arena);
    if (e->kind != E_DRAINING)
        loop_timer(h->loop, &h->timer, loop_now(h->loop) + until_next(h));
}

static void turn(struct timer *t)
{
    struct housekeeping *h = CONTAINER(t, struct housekeeping, timer);

    h->stmt = STMT("finish_abandoned", sql_finish_abandoned);
    stmt_int8(&h->arena, &h->stmt, h->streaming);
    h->task = (struct task){ .stmts = &h->stmt, .nstmts = 1, .until = loop_now(h->loop) + LIMIT, .done = finished, .user = h };
    pool_submit(h->pool, &h->task);
}

struct housekeeping *housekeeping_open(struct loop *l, struct pool *p, usec streaming)
{
    struct housekeeping *h = calloc(1, sizeof *h);

    if (!h)
        err_die("out of memory: no room for housekeeping");
    *h = (struct housekeeping){ .loop = l, .pool = p, .streaming = streaming, .timer.fire = turn };
    loop_timer(l, &h->timer, clock_now() + until_next(h));
    return h;
}

void housekeeping_close(struct housekeeping *h)
{
    if (!h)
        return;
    loop_untimer(&h->timer);
    arena_free(&h->arena);
    free(h);
}

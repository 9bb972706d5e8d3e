/*
 * A few places for statements under way; when all are taken, the next minute will do.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/key_use.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/attr.h"
#include "embedded.h"

#define PLACES 8
#define LIMIT  (5 * USEC_S)

struct place {
    bool         taken;                 /* its task is the pool's until done */
    struct arena arena;
    struct task  task;
    struct stmt  stmt;
};

struct key_use {
    struct pool *pool;
    struct place places[PLACES];
};

struct key_use *key_use_open(struct pool *pool)
{
    struct key_use *u = calloc(1, sizeof *u);

    if (!u)
        err_die("out of memory: no room for the use of keys");
    u->pool = pool;
    return u;
}

static void noted(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct place *p = t->user;

    (void)rows, (void)n, (void)e;       /* it was worth a try */
    arena_reset(&p->arena);
    p->taken = false;
}

static void note(struct key_use *u, struct place *p, const struct principal *who)
{
    p->taken = true;
    p->stmt = STMT("key_use", sql_key_use);
    stmt_uuid(&p->arena, &p->stmt, &who->org);
    stmt_uuid(&p->arena, &p->stmt, &who->key);
    p->task = (struct task){ .org = who->org, .stmts = &p->stmt, .nstmts = 1, .until = clock_now() + LIMIT, .done = noted, .user = p };
    pool_submit(u->pool, &p->task);
}

void key_use_note(struct key_use *u, const struct principal *who)
{
    for (size_t i = 0; i < ARRAY_LEN(u->places); i++)
        if (!u->places[i].taken) {
            note(u, &u->places[i], who);
            return;
        }
}

void key_use_close(struct key_use *u)
{
    for (size_t i = 0; u && i < ARRAY_LEN(u->places); i++)
        arena_free(&u->places[i].arena);
    free(u);
}

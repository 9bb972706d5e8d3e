/*
 * Two questions, one after the other, on the control connection.  What cannot be answered keeps its last answer: health has
 * other checks for a database that does not answer.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/survey.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "embedded.h"

#define LIMIT (5 * USEC_S)

struct survey {
    struct loop              *loop;
    struct pool              *pool;
    usec                      every, seen;
    struct timer              timer;
    struct task               task;
    struct stmt               stmt;
    struct arena              arena;
    struct storage            storage;
    struct survey_migrations  migrations;
};

static void ask(struct survey *s, const char *name, const char *sql, void (*done)(struct task *, const struct rows *, int, const struct err *))
{
    s->stmt = STMT(name, sql);
    s->task = (struct task){ .stmts = &s->stmt, .nstmts = 1, .control = true, .read_only = true, .until = clock_now() + LIMIT, .done = done, .user = s };
    pool_submit(s->pool, &s->task);
}

static void migrations_take(struct survey *s, const struct rows *r)
{
    struct survey_migrations *m = &s->migrations;
    int from = r->n > SURVEY_MIGRATIONS ? r->n - SURVEY_MIGRATIONS : 0;

    m->known = true;
    m->n = 0;
    for (int i = from; i < r->n; i++) {
        struct survey_migration *one = &m->list[m->n++];

        snprintf(one->project, sizeof one->project, "%s", rows_cstr(&s->arena, r, i, 0));
        one->version = rows_i64(r, i, 1);
        one->ok = rows_bool(r, i, 2);
        one->in_force = rows_bool(r, i, 3);
        m->failed = rows_i64(r, i, 4);
    }
}

static void migrations_done(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct survey *s = t->user;

    if (e->kind == E_NONE && n > 0)
        migrations_take(s, &rows[0]);
    arena_reset(&s->arena);
    loop_timer(s->loop, &s->timer, clock_now() + s->every);
}

static void size_done(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct survey *s = t->user;

    if (e->kind == E_NONE && n > 0 && rows[0].n > 0) {
        s->seen = clock_now();
        storage_note(&s->storage, s->seen, rows_i64(&rows[0], 0, 0));
    }
    if (e->kind == E_DATABASE)
        loop_timer(s->loop, &s->timer, clock_now() + s->every);
    else
        ask(s, "survey_migrations", sql_survey_migrations, migrations_done);
}

static void fire(struct timer *t)
{
    struct survey *s = CONTAINER(t, struct survey, timer);

    ask(s, "survey_size", sql_survey_size, size_done);
}

struct survey *survey_open(struct loop *l, struct pool *p, usec every, int64_t quota)
{
    struct survey *s = calloc(1, sizeof *s);

    if (!s)
        err_die("out of memory: no room for the survey");
    *s = (struct survey){ .loop = l, .pool = p, .every = every, .storage.quota = quota, .timer.fire = fire };
    loop_timer(l, &s->timer, clock_now() + every / 10);     /* the probe goes first */
    return s;
}

void survey_close(struct survey *s)
{
    loop_untimer(&s->timer);
    arena_free(&s->arena);
    free(s);
}

const struct storage *survey_storage(const struct survey *s)
{
    return &s->storage;
}

const struct survey_migrations *survey_migrations(const struct survey *s)
{
    return &s->migrations;
}

usec survey_age(const struct survey *s)
{
    return s->seen ? clock_now() - s->seen : 0;
}

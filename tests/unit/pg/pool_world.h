/*
 * A throwaway server, a pool on it, and jobs: tasks that remember what came of them.  For the one program that includes this.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_TESTS_POOL_WORLD_H
#define KEELSON_TESTS_POOL_WORLD_H

#include <libpq-fe.h>

#include "pg/cluster.h"
#include "pg/conn.h"
#include "pg/pool.h"

static struct arena arena;
static struct cluster cluster;
static struct pg_target target;

/* ---- one test's world ---- */

struct world {
    struct loop *loop;
    struct pool *pool;
    struct arena arena;
    int          left;              /* tasks not done */
};

struct job {                        /* a task and what came of it */
    struct task   task;
    struct world *w;
    struct stmt   stmt;
    int64_t       want, got;
    int           rows, order;
    struct err    err;
};

static int finished;

static void job_done(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct job *j = t->user;

    j->err = *e;
    j->order = finished++;
    if (e->kind == E_NONE && n > 0 && rows[n - 1].n > 0 && PQnfields(rows[n - 1].result) > 0)
        j->got = rows_i64(&rows[n - 1], 0, 0);
    j->rows = n > 0 ? rows[n - 1].n : -1;
    if (--j->w->left == 0)
        loop_stop(j->w->loop);
}

static struct pool_config world_config(int size, int overflow, int lanes, int queue)
{
    return (struct pool_config){
        .target = &target, .size = size, .overflow = overflow, .lanes = lanes, .queue = queue, .timeout = 20 * USEC_S,
        .recycle = 3600 * USEC_S, .idle = 60 * USEC_S, .connect_timeout = 5 * USEC_S, .query_timeout = 10 * USEC_S,
        .lock_timeout = 5 * USEC_S, .lane_lock_timeout = 50 * USEC_MS,
    };
}

static void world_open_with(struct world *w, struct pool_config c)
{
    struct err e = { 0 };

    *w = (struct world){ 0 };
    assert_true(loop_open(&w->loop, &e));
    assert_true(pool_open(w->loop, &c, &w->pool, &e));
}

static inline void world_open(struct world *w, int size, int overflow, int lanes, int queue)
{
    world_open_with(w, world_config(size, overflow, lanes, queue));
}

static void drained(void *user)
{
    loop_stop(((struct world *)user)->loop);
}

static void world_close(struct world *w)
{
    struct pool_counters c;

    pool_drain(w->pool, drained, w);
    loop_run(w->loop);
    pool_counters(w->pool, &c);
    assert_int_equal(c.idle + c.in_use + c.connecting, 0);
    pool_close(w->pool);
    loop_close(w->loop);
    arena_free(&w->arena);
}

static void submit(struct world *w, struct job *j)
{
    j->w = w;
    j->task.done = job_done;
    j->task.user = j;
    w->left++;
    pool_submit(w->pool, &j->task);
}

static void run(struct world *w)
{
    finished = 0;
    loop_run(w->loop);
    assert_int_equal(w->left, 0);
}

static inline struct job sql(const char *text)
{
    return (struct job){ .stmt = STMT(NULL, text) };
}

static inline void exclusive(struct world *w, struct job *j)
{
    j->task.stmts = &j->stmt;
    j->task.nstmts = 1;
    submit(w, j);
}

static inline void execute(const char *text, enum pg_role role)
{
    struct pg_session s = { .role = role };
    struct pg_conn *c;
    struct err e = { 0 };

    assert_true(pg_open(&target, &s, clock_now() + 5 * USEC_S, &c, &e));
    if (!pg_exec(c, text, &e))
        fail_msg("%s: %s", text, e.message);
    pg_close(c);
}

static inline void admin(const char *text)
{
    execute(text, PG_OWNER);
}

static inline void superuser(const char *text)
{
    execute(text, PG_SERVICE);
}

static inline int64_t ask(const char *text)
{
    struct pg_session s = { .role = PG_OWNER };
    struct pg_conn *c;
    struct err e = { 0 };
    const char *v;
    int64_t n;

    assert_true(pg_open(&target, &s, clock_now() + 5 * USEC_S, &c, &e));
    assert_true(pg_value(c, &arena, text, &v, &e));
    n = v ? atoll(v) : -1;
    pg_close(c);
    return n;
}

static bool world_cluster(void)
{
    struct err e = { 0 };

    if (cluster_open_temporary(&arena, NULL, 0, false, &cluster, &e) && pg_url_parse(&arena, cluster.super_url, &target, &e))
        return true;
    print_error("%s\n", e.message);
    return false;
}

static int world_cluster_close(void **state)
{
    (void)state;
    cluster_close(&cluster);
    arena_free(&arena);
    return 0;
}

#endif

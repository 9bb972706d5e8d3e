/*
 * Who is served when there is not enough for all, when connections are made, replaced and asked whether they live.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/pool.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pg/pool_parts.h"
#include "pool_world.h"

#define MANY 300

/* ---- looking on ---- */

struct watcher {                    /* looks every few milliseconds, until it is satisfied */
    struct timer  timer;
    struct world *w;
    bool        (*look)(struct watcher *, const struct pool_counters *);
    int           most, least;      /* open connections, as look() notes them */
};

static void watch(struct timer *t)
{
    struct watcher *v = CONTAINER(t, struct watcher, timer);
    struct pool_counters c;

    pool_counters(v->w->pool, &c);
    if (v->look(v, &c))
        loop_stop(v->w->loop);
    else
        loop_timer(v->w->loop, &v->timer, clock_now() + 2 * USEC_MS);
}

static void until(struct world *w, bool (*look)(struct watcher *, const struct pool_counters *))
{
    struct watcher v = { .timer.fire = watch, .w = w, .look = look, .least = 1000 };

    loop_timer(w->loop, &v.timer, clock_now());
    loop_run(w->loop);
    loop_untimer(&v.timer);
}

static bool settled(struct watcher *v, const struct pool_counters *c)
{
    (void)v;
    return c->connecting == 0 && c->closing == 0;
}

/* ---- order ---- */

static int64_t begun[MANY];

static void note_begin(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct job *j = t->user;

    begun[j->want] = e->kind == E_NONE ? rows_i64(&rows[n - 1], 0, 0) : -1;
    job_done(t, rows, n, e);
}

/* On several connections at once, by the server's own count: nobody begins before those that were in front, except those under way. */
static void test_nobody_is_overtaken(void **state)
{
    static struct job jobs[MANY];
    struct world w;

    (void)state;
    admin("CREATE SEQUENCE public.began");
    world_open(&w, 6, 4, 2, MANY);
    for (int i = 0; i < MANY; i++) {
        jobs[i] = sql("SELECT pg_catalog.nextval('public.began') FROM pg_catalog.pg_sleep(0.001)");
        jobs[i].want = i;
        exclusive(&w, &jobs[i]);
        jobs[i].task.done = note_begin;
    }
    run(&w);
    for (int i = 0; i < MANY; i++)
        assert_in_range(begun[i], i < 10 ? 1 : i - 8, MANY);
    world_close(&w);
}

/* ---- connecting ---- */

/* As HikariCP's SpikeLoad: five are there, fifty come, and connecting takes longer than serving them. */
static void test_a_spike(void **state)
{
    static struct job jobs[55];
    struct pool_counters before, after;
    struct world w;

    (void)state;
    world_open(&w, 12, 0, 1, 100);
    for (int i = 0; i < 5; i++) {
        jobs[i] = sql("SELECT 1::int8 FROM pg_catalog.pg_sleep(0.2)");
        exclusive(&w, &jobs[i]);
    }
    run(&w);
    until(&w, settled);
    pool_counters(w.pool, &before);
    assert_int_equal(before.idle, 1 + 1 + 5);
    superuser("ALTER SYSTEM SET post_auth_delay = 1");
    superuser("SELECT pg_catalog.pg_reload_conf()");
    while (ask("SHOW post_auth_delay") != 1)
        continue;
    until(&w, settled);                     /* the loop has slept meanwhile */
    w.pool->connect_took = USEC_S;          /* as if it had always been so */
    for (int i = 5; i < 55; i++) {
        jobs[i] = sql("SELECT 1::int8 FROM pg_catalog.pg_sleep(0.002)");
        exclusive(&w, &jobs[i]);
    }
    run(&w);
    until(&w, settled);
    pool_counters(w.pool, &after);
    assert_int_equal(after.connects[CONNECT_OK] - before.connects[CONNECT_OK], 1);
    superuser("ALTER SYSTEM RESET post_auth_delay");
    superuser("SELECT pg_catalog.pg_reload_conf()");
    world_close(&w);
}

/* ---- replacing ---- */

static int going_on;

static void come_again(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct job *j = t->user;

    job_done(t, rows, n, e);
    if (going_on && e->kind == E_NONE) {
        exclusive(j->w, j);
        t->done = come_again;
    }
}

static bool twelve_replaced(struct watcher *v, const struct pool_counters *c)
{
    int open = c->idle + c->in_use;

    v->most = open > v->most ? open : v->most;
    if (v->most == 7)                           /* all had come about: from now on at most one is away */
        assert_in_range(open, 6, 7);
    going_on = c->closes[CLOSE_RECYCLE] < 12;
    return !going_on;
}

/* Seven connections, all as old as each other and all in use or needed: one after the other is replaced. */
static void test_rolling_recycle(void **state)
{
    struct pool_config c = world_config(7, 0, 1, 100);
    static struct job jobs[12];
    struct world w;

    (void)state;
    c.recycle = 300 * USEC_MS;
    world_open_with(&w, c);
    going_on = 1;
    for (int i = 0; i < 12; i++) {
        jobs[i] = sql("SELECT 1::int8 FROM pg_catalog.pg_sleep(0.005)");
        exclusive(&w, &jobs[i]);
        jobs[i].task.done = come_again;
    }
    until(&w, twelve_replaced);
    while (w.left > 0)
        loop_run(w.loop);
    world_close(&w);
}

/* ---- shares ---- */

static void test_share_table(void **state)
{
    static const struct { int lanes, control, max, of_lanes, of_control, of_exclusive; } cases[] = {
        { 2, 1, 30, 2, 1, 27 }, { 2, 1, 5, 2, 1, 2 }, { 2, 1, 4, 2, 1, 1 }, { 2, 1, 3, 1, 1, 1 }, { 2, 1, 2, 1, 0, 1 }, { 2, 1, 1, 1, 0, 0 },
        { 8, 1, 6, 4, 1, 1 },   { 1, 0, 2, 1, 0, 1 }, { 2, 0, 3, 2, 0, 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pool p = { .nlanes = cases[i].lanes, .ncontrol = cases[i].control, .effective_max = cases[i].max };

        assert_int_equal(pool_share(&p, POOL_LANE), cases[i].of_lanes);
        assert_int_equal(pool_share(&p, POOL_CONTROL), cases[i].of_control);
        assert_int_equal(pool_share(&p, POOL_EXCLUSIVE), cases[i].of_exclusive);
    }
}

static bool shares_are_right(struct watcher *v, const struct pool_counters *c)
{
    struct pool *p = v->w->pool;

    (void)c;
    going_on = p->census[POOL_LANE][LINK_BUSY] + p->census[POOL_LANE][LINK_IDLE] + p->census[POOL_CONTROL][LINK_BUSY] + p->census[POOL_CONTROL][LINK_IDLE] != 3 || pool_used(p) > 5;
    return !going_on;
}

/* All places are taken by work that keeps coming; then the server gives fewer, and the lanes have lost theirs. */
static void test_shares_of_a_pool_that_shrank(void **state)
{
    static struct job jobs[20];
    struct world w;

    (void)state;
    world_open(&w, 10, 0, 2, 100);
    going_on = 1;
    for (int i = 0; i < 20; i++) {
        jobs[i] = sql("SELECT 1::int8 FROM pg_catalog.pg_sleep(0.01)");
        exclusive(&w, &jobs[i]);
        jobs[i].task.done = come_again;
    }
    until(&w, settled);
    w.pool->effective_max = 5;
    w.pool->grow_at = INT64_MAX;
    superuser("SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE application_name LIKE 'keelson lane%'");
    until(&w, shares_are_right);
    while (w.left > 0)
        loop_run(w.loop);
    for (int i = 0; i < 20; i++)
        assert_int_equal(jobs[i].err.kind, E_NONE);
    world_close(&w);
}

/* ---- asking whether it lives ---- */

static bool still_for_a_while(struct watcher *v, const struct pool_counters *c)
{
    (void)c;
    if (v->most == 0)
        v->most = (int)(clock_now() / USEC_MS);
    return (int)(clock_now() / USEC_MS) - v->most > 30;
}

static struct job job_alone(struct world *w, const char *text, bool read_only)
{
    static struct job j;

    j = sql(text);
    j.task.read_only = read_only;
    exclusive(w, &j);
    run(w);
    return j;
}

/* A backend that hangs while idle is found by the ping, not by the statement's own time; what was to be sent is done elsewhere, once. */
static void test_long_silence(void **state)
{
    static const struct { const char *sql; bool read_only; } cases[] = { { "SELECT pg_catalog.pg_backend_pid()::int8", true },
        { "INSERT INTO public.kept VALUES (1) RETURNING pg_catalog.pg_backend_pid()::int8", false } };
    struct pool_config config = world_config(6, 0, 1, 10);
    int64_t stopped[ARRAY_LEN(cases)];
    struct pool_counters c;
    struct world w;
    struct job j;

    (void)state;
    config.preping = 10 * USEC_MS;
    world_open_with(&w, config);
    j = job_alone(&w, cases[0].sql, true);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        until(&w, still_for_a_while);
        job_alone(&w, cases[i].sql, cases[i].read_only);
        pool_counters(w.pool, &c);
        assert_true(c.preping[PREPING_SYNC_ALIVE] > i);
        until(&w, still_for_a_while);
        stopped[i] = j.got;
        assert_int_equal(kill((pid_t)j.got, SIGSTOP), 0);
        j = job_alone(&w, cases[i].sql, cases[i].read_only);
        assert_int_equal(j.err.kind, E_NONE);
        assert_int_not_equal(j.got, stopped[i]);
        pool_counters(w.pool, &c);
        assert_int_equal(c.preping[PREPING_SYNC_DEAD], i + 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        kill((pid_t)stopped[i], SIGCONT);
    assert_int_equal(ask("SELECT count(*) FROM public.kept"), 2);
    world_close(&w);
}

/* ---- not enough for all ---- */

static bool degraded(struct watcher *v, const struct pool_counters *c)
{
    (void)v;
    return c->degraded;
}

static bool restored(struct watcher *v, const struct pool_counters *c)
{
    (void)v;
    return !c->degraded;
}

static void test_near_exhaustion(void **state)
{
    static struct job slow[2], late[5], control;
    struct pool_config config = world_config(4, 0, 1, 100);
    struct pool_counters c;
    struct world w;

    (void)state;
    config.degrade_after = 100 * USEC_MS;
    world_open_with(&w, config);
    for (int i = 0; i < 2; i++) {
        slow[i] = sql("SELECT 1::int8 FROM pg_catalog.pg_sleep(0.6)");
        exclusive(&w, &slow[i]);
    }
    until(&w, degraded);
    control = sql("SELECT 5::int8");
    control.task.control = true;
    exclusive(&w, &control);
    for (int i = 0; i < 5; i++) {
        late[i] = sql("SELECT 1::int8");
        exclusive(&w, &late[i]);
    }
    run(&w);
    pool_counters(w.pool, &c);
    assert_int_equal(c.acquires_degraded, 4);           /* one may wait */
    assert_int_equal(late[0].err.kind, E_NONE);
    assert_int_equal(late[4].err.kind, E_BUSY);
    assert_true(late[4].err.retry_after_ms > 0);
    assert_true(late[4].order < slow[0].order);
    assert_int_equal(control.got, 5);
    until(&w, restored);
    late[4] = sql("SELECT 2::int8");
    exclusive(&w, &late[4]);
    run(&w);
    assert_int_equal(late[4].got, 2);
    world_close(&w);
}

static bool stands(struct watcher *v, const struct pool_counters *c)
{
    (void)c;
    return v->w->pool->exclusive_standing.intervals >= 4;
}

static void test_standing_queue(void **state)
{
    static struct job jobs[30], late;
    struct pool_config config = world_config(3, 0, 1, 100);
    struct pool_counters c;
    struct world w;

    (void)state;
    config.timeout = USEC_S;
    config.standing = 10 * USEC_MS;
    world_open_with(&w, config);
    for (int i = 0; i < 30; i++) {
        jobs[i] = sql("SELECT 1::int8 FROM pg_catalog.pg_sleep(0.05)");
        jobs[i].task.until = clock_now() + 20 * USEC_S;
        exclusive(&w, &jobs[i]);
    }
    until(&w, stands);
    late = sql("SELECT 2::int8");
    late.task.until = clock_now() + 20 * USEC_S;
    exclusive(&w, &late);
    run(&w);
    pool_counters(w.pool, &c);
    assert_int_equal(late.err.kind, E_BUSY);
    assert_int_equal(c.acquires_shed, 1);
    for (int i = 0; i < 30; i++)
        assert_int_equal(jobs[i].err.kind, E_NONE);
    late = job_alone(&w, "SELECT 3::int8", true);
    assert_int_equal(late.got, 3);
    world_close(&w);
}

static int open_cluster(void **state)
{
    (void)state;
    if (!world_cluster())
        return -1;
    admin("CREATE TABLE public.kept (v int8)");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_is_overtaken),
        cmocka_unit_test(test_a_spike),
        cmocka_unit_test(test_rolling_recycle),
        cmocka_unit_test(test_share_table),
        cmocka_unit_test(test_shares_of_a_pool_that_shrank),
        cmocka_unit_test(test_long_silence),
        cmocka_unit_test(test_near_exhaustion),
        cmocka_unit_test(test_standing_queue),
    };

    return cmocka_run_group_tests(tests, open_cluster, world_cluster_close);
}

/*
 * The pool on a real server: who gets what, what a failure costs, what is never mixed up.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pool_world.h"

#define MANY 300

/* ---- a kind: numbers in, their squares out; 13 cannot be, 0 has no row ---- */

static int square_merge(struct task *const *tasks, int n, struct arena *a, struct stmt *out, int max)
{
    int32_t *at = arena_array(a, int32_t, n);
    int64_t *v = arena_array(a, int64_t, n);

    (void)max;
    for (int i = 0; i < n; i++) {
        at[i] = i;
        v[i] = *(const int64_t *)tasks[i]->item;
    }
    out[0] = STMT("square", "SELECT i.idx, i.v * i.v / (i.v - 13) * (i.v - 13), current_setting('keelson.org_id', true)"
                            " FROM unnest($1::int4[], $2::int8[]) AS i (idx, v) WHERE i.v <> 0 ORDER BY 1");
    stmt_int4_array(a, &out[0], at, (size_t)n);
    stmt_int8_array(a, &out[0], v, (size_t)n);
    return 1;
}

static const struct batch_kind square_kind = { .name = "square", .merge = square_merge };

static int insert_merge(struct task *const *tasks, int n, struct arena *a, struct stmt *out, int max)
{
    int32_t *at = arena_array(a, int32_t, n);
    int64_t *v = arena_array(a, int64_t, n);

    (void)max;
    for (int i = 0; i < n; i++) {
        at[i] = i;
        v[i] = *(const int64_t *)tasks[i]->item;
    }
    out[0] = STMT("insert", "WITH s AS (INSERT INTO public.kept (v) SELECT i.v FROM unnest($1::int4[], $2::int8[]) AS i (idx, v) RETURNING v)"
                            " SELECT i.idx, s.v FROM unnest($1::int4[], $2::int8[]) AS i (idx, v) JOIN s ON s.v = i.v ORDER BY 1");
    stmt_int4_array(a, &out[0], at, (size_t)n);
    stmt_int8_array(a, &out[0], v, (size_t)n);
    return 1;
}

static const struct batch_kind insert_kind = { .name = "insert", .writes = true, .merge = insert_merge };

static void grouped(struct world *w, struct job *j, const struct batch_kind *kind, int64_t n)
{
    j->want = n;
    j->task.kind = kind;
    j->task.item = &j->want;
    submit(w, j);
}

/* ---- tests ---- */

static void test_one_statement(void **state)
{
    struct world w;
    struct job j = sql("SELECT 42::int8");

    (void)state;
    world_open(&w, 2, 0, 1, 10);
    exclusive(&w, &j);
    run(&w);
    assert_int_equal(j.err.kind, E_NONE);
    assert_int_equal(j.got, 42);
    world_close(&w);
}

/* Each gets its own rows; the guilty ones fail alone; who has no row has none. */
static void test_groups(void **state)
{
    static struct job jobs[MANY];
    struct world w;
    struct pool_counters c;

    (void)state;
    memset(jobs, 0, sizeof jobs);
    world_open(&w, 2, 1, 2, MANY);
    for (int i = 0; i < MANY; i++)
        grouped(&w, &jobs[i], &square_kind, i % 100);
    run(&w);
    for (int i = 0; i < MANY; i++) {
        int64_t v = i % 100;

        if (v == 13) {
            assert_int_equal(jobs[i].err.kind, E_INPUT);
            assert_string_equal(jobs[i].err.sqlstate, "22012");
        } else if (v == 0) {
            assert_int_equal(jobs[i].err.kind, E_NONE);
            assert_int_equal(jobs[i].rows, 0);
        } else {
            assert_int_equal(jobs[i].err.kind, E_NONE);
            assert_int_equal(jobs[i].rows, 1);
            assert_int_equal(jobs[i].got, v * v / (v - 13) * (v - 13));
        }
    }
    pool_counters(w.pool, &c);
    assert_true(c.groups < MANY);           /* they did travel together */
    assert_true(c.bisections >= 3);         /* one 13 in each hundred */
    world_close(&w);
}

/* A unique violation undoes a whole group: everybody else must be written nevertheless, and once. */
static void test_writing_group(void **state)
{
    static struct job jobs[MANY];
    struct world w;

    (void)state;
    memset(jobs, 0, sizeof jobs);
    admin("TRUNCATE public.kept");
    admin("INSERT INTO public.kept VALUES (7), (150)");
    world_open(&w, 2, 1, 2, MANY);
    for (int i = 0; i < MANY; i++)
        grouped(&w, &jobs[i], &insert_kind, i);
    run(&w);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(jobs[i].err.kind, i == 7 || i == 150 ? E_DUPLICATE : E_NONE);
    assert_string_equal(jobs[7].err.message, "kept_pkey");
    world_close(&w);
    assert_int_equal(ask("SELECT count(*) FROM public.kept"), MANY);
}

static void test_arrival_order(void **state)
{
    static struct job jobs[50];
    struct world w;

    (void)state;
    world_open(&w, 2, 0, 1, 100);
    for (int i = 0; i < 50; i++) {
        jobs[i] = sql("SELECT 1::int8");
        exclusive(&w, &jobs[i]);
    }
    run(&w);
    for (int i = 0; i < 50; i++)
        assert_int_equal(jobs[i].order, i);
    world_close(&w);
}

static void test_full_queue_refuses(void **state)
{
    static struct job jobs[20];
    struct world w;
    int refused = 0;

    (void)state;
    world_open(&w, 2, 0, 1, 5);
    for (int i = 0; i < 20; i++) {
        jobs[i] = sql("SELECT 1::int8");
        exclusive(&w, &jobs[i]);
    }
    run(&w);
    for (int i = 0; i < 20; i++) {
        refused += jobs[i].err.kind == E_BUSY;
        assert_true(jobs[i].err.kind == E_NONE || (jobs[i].err.kind == E_BUSY && jobs[i].err.retry_after_ms > 0));
    }
    assert_int_equal(refused, 15);
    world_close(&w);
}

/* ---- refused at the door ---- */

static struct job late, patient;

/* Half of the queue has gone, and the pool knows how fast. */
static void halfway(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct job *j = t->user;
    usec now = clock_now();

    late.task.until = now + 50 * USEC_MS;           /* ten are before it, 20 ms each */
    patient.task.until = now + 5 * USEC_S;
    exclusive(j->w, &late);
    exclusive(j->w, &patient);
    job_done(t, rows, n, e);
}

/* Who would come too late is told so at once, and when to come again; who has the time waits. */
static void test_a_deadline_that_cannot_be_met(void **state)
{
    static struct job jobs[30];
    struct pool_counters c;
    struct world w;

    (void)state;
    world_open(&w, 2, 0, 1, 100);
    for (int i = 0; i < 30; i++) {
        jobs[i] = sql("SELECT 1::int8 FROM pg_catalog.pg_sleep(0.02)");
        exclusive(&w, &jobs[i]);
    }
    late = patient = sql("SELECT 2::int8");
    jobs[20].task.done = halfway;
    run(&w);
    pool_counters(w.pool, &c);
    assert_int_equal(late.err.kind, E_BUSY);
    assert_in_range(late.err.retry_after_ms, 1000, 2000);
    assert_true(late.order < jobs[22].order);
    assert_int_equal(patient.got, 2);
    assert_int_equal(c.acquires_deadline, 1);
    assert_int_equal(c.acquires_timeout, 0);
    world_close(&w);
}

/* ---- holding one and asking for another ---- */

static struct job another;
static char request;

static enum txn_next asks_for_another(struct task *t, const struct rows *rows, int n, struct err *e)
{
    struct job *j = t->user;

    (void)rows, (void)n, (void)e;
    exclusive(j->w, &another);
    return TXN_COMMIT;
}

/* Refused at the asking, whoever else might have room; one after the other is fine, and so is another request's. */
static void test_a_request_that_holds_one_is_refused_another(void **state)
{
    struct job first = sql("SELECT 1::int8"), after = sql("SELECT 3::int8");
    struct pool_counters c;
    struct world w;

    (void)state;
    world_open(&w, 6, 0, 1, 10);
    for (int same = 0; same < 2; same++) {
        another = sql("SELECT 2::int8");
        first.task.step = asks_for_another;
        first.task.holder = &request;
        another.task.holder = same ? (const void *)&request : &w;
        exclusive(&w, &first);
        run(&w);
        pool_counters(w.pool, &c);
        assert_int_equal(first.err.kind, E_NONE);
        assert_int_equal(another.err.kind, same ? E_INTERNAL : E_NONE);
        assert_int_equal(c.self_deadlocks, same);
        first = sql("SELECT 1::int8");
    }
    after.task.holder = &request;
    exclusive(&w, &after);
    run(&w);
    assert_int_equal(after.got, 3);
    world_close(&w);
}

static void test_cap_holds(void **state)
{
    static struct job jobs[60];
    struct world w;

    (void)state;
    while (ask("SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE application_name LIKE 'keelson%'") > 1)
        continue;                           /* The backends of the tests before; one is ours that asks. */
    world_open(&w, 2, 3, 1, 100);
    for (int i = 0; i < 60; i++) {
        jobs[i] = sql("SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE application_name LIKE 'keelson%'");
        exclusive(&w, &jobs[i]);
    }
    run(&w);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(jobs[i].err.kind, E_NONE);
        assert_in_range(jobs[i].got, 1, 5);
    }
    world_close(&w);
}

/* A connection dies under the task: reading is repeated unseen; the server's last word says that the write was not committed. */
static void test_lost_connection(void **state)
{
    struct world w;
    struct job reads = sql("SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())::int4::int8 WHERE (SELECT count(*) FROM public.once) > 0"
                           " UNION ALL SELECT 5::int8");
    struct job writes = sql("SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())::int4::int8");

    (void)state;
    world_open(&w, 3, 0, 1, 10);
    reads.task.read_only = true;
    exclusive(&w, &reads);
    exclusive(&w, &writes);
    run(&w);
    assert_int_equal(writes.err.kind, E_DATABASE);
    assert_string_equal(writes.err.sqlstate, "57P01");
    assert_int_equal(reads.err.kind, E_DATABASE);           /* tried again, and died each time */
    assert_true(reads.task.tries > 0);
    world_close(&w);
}

/* ---- transactions with steps ---- */

static enum txn_next step_twice(struct task *t, const struct rows *rows, int n, struct err *e)
{
    static struct stmt second = STMT(NULL, "INSERT INTO public.kept VALUES (1001) RETURNING v");
    struct job *j = t->user;

    (void)e;
    if (j->want++ > 0)
        return TXN_COMMIT;
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].affected, 1);
    t->stmts = &second;
    t->nstmts = 1;
    return TXN_MORE;
}

static enum txn_next step_refuses(struct task *t, const struct rows *rows, int n, struct err *e)
{
    (void)t, (void)rows, (void)n;
    (fail)(e, E_STALE, "seen too late");
    return TXN_ROLLBACK;
}

static enum txn_next step_fails(struct task *t, const struct rows *rows, int n, struct err *e)
{
    static struct stmt bad = STMT(NULL, "SELECT 1 / 0");

    (void)rows, (void)n, (void)e;
    t->stmts = &bad;
    return TXN_MORE;
}

static void test_steps(void **state)
{
    struct world w;
    struct job good = sql("INSERT INTO public.kept VALUES (1000)"), no = sql("INSERT INTO public.kept VALUES (2000)");
    struct job bad = sql("INSERT INTO public.kept VALUES (3000)");

    (void)state;
    admin("TRUNCATE public.kept");
    world_open(&w, 2, 0, 1, 10);
    good.task.step = step_twice;
    no.task.step = step_refuses;
    bad.task.step = step_fails;
    exclusive(&w, &good);
    exclusive(&w, &no);
    exclusive(&w, &bad);
    run(&w);
    assert_int_equal(good.err.kind, E_NONE);
    assert_int_equal(good.got, 1001);
    assert_int_equal(no.err.kind, E_STALE);
    assert_string_equal(bad.err.sqlstate, "22012");
    world_close(&w);
    assert_int_equal(ask("SELECT pg_catalog.string_agg(v::text, '' ORDER BY v)::int8 FROM public.kept"), 10001001);
}

/* What one transaction entered, the next does not see. */
static void test_organization_ends_with_its_transaction(void **state)
{
    struct world w;
    struct job inside = sql("SELECT pg_catalog.length(pg_catalog.current_setting('keelson.org_id', true))::int8");
    struct job after = inside;

    (void)state;
    world_open(&w, 2, 0, 1, 10);
    inside.task.org = uuid_v7();
    exclusive(&w, &inside);
    exclusive(&w, &after);
    run(&w);
    assert_int_equal(inside.got, UUID_TEXT);
    assert_int_equal(after.got, 0);
    world_close(&w);
}

static struct task *abandon_then;

/* Everything before it in the queue has been sent when this one is done. */
static void mark_done(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct job *j = t->user;
    struct pool *p = j->w->pool;

    job_done(t, rows, n, e);
    pool_abandon(p, abandon_then);
}

static void test_abandoned(void **state)
{
    struct world w;
    struct pool_counters c;
    struct job slow = sql("SELECT pg_catalog.pg_sleep(60)"), mark = sql("SELECT 1::int8"), waits = sql("SELECT 1::int8");
    struct job next = sql("SELECT 2::int8");

    (void)state;
    world_open(&w, 4, 0, 1, 10);
    exclusive(&w, &slow);
    exclusive(&w, &mark);
    exclusive(&w, &waits);
    exclusive(&w, &next);
    mark.task.done = mark_done;
    abandon_then = &slow.task;
    pool_abandon(w.pool, &waits.task);
    run(&w);
    assert_string_equal(slow.err.sqlstate, "57014");
    assert_int_not_equal(waits.err.kind, E_NONE);
    assert_int_equal(next.got, 2);
    pool_counters(w.pool, &c);
    assert_int_equal(c.acquires_gone, 1);
    assert_int_equal(c.cancels, 1);
    world_close(&w);
}

static void test_server_down(void **state)
{
    static struct pg_target nowhere;
    struct pool_config c = { .target = &nowhere, .size = 2, .lanes = 1, .queue = 10, .timeout = 20 * USEC_S, .recycle = USEC_S, .idle = USEC_S,
                             .connect_timeout = USEC_S, .query_timeout = USEC_S, .lock_timeout = USEC_S, .lane_lock_timeout = USEC_S };
    struct world w = { 0 };
    struct err e = { 0 };
    struct job j = sql("SELECT 1::int8");

    (void)state;
    assert_true(pg_url_parse(&arena, "host=/nonexistent dbname=x user=x password=canary-secret", &nowhere, &e));
    assert_true(loop_open(&w.loop, &e));
    assert_true(pool_open(w.loop, &c, &w.pool, &e));
    exclusive(&w, &j);
    run(&w);
    assert_int_equal(j.err.kind, E_DATABASE);
    assert_true(j.err.retry_after_ms > 0);
    assert_null(strstr(j.err.message, "canary"));
    world_close(&w);
}

static int open_cluster(void **state)
{
    (void)state;
    if (!world_cluster())
        return -1;
    admin("CREATE TABLE public.kept (v int8 PRIMARY KEY)");
    admin("CREATE TABLE public.once (v int8)");
    admin("INSERT INTO public.once VALUES (1)");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_statement),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_writing_group),
        cmocka_unit_test(test_arrival_order),
        cmocka_unit_test(test_full_queue_refuses),
        cmocka_unit_test(test_a_deadline_that_cannot_be_met),
        cmocka_unit_test(test_a_request_that_holds_one_is_refused_another),
        cmocka_unit_test(test_cap_holds),
        cmocka_unit_test(test_lost_connection),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_organization_ends_with_its_transaction),
        cmocka_unit_test(test_abandoned),
        cmocka_unit_test(test_server_down),
    };

    return cmocka_run_group_tests(tests, open_cluster, world_cluster_close);
}

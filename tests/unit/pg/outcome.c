/*
 * What is repeated, how often, and what becomes of a COMMIT that was not answered.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pool_world.h"

/* fails(n, state) raises `state` the first n times that it is called since forget(); sequences are not rolled back. */
static const char *const schema[] = {
    "CREATE SEQUENCE public.calls",
    "CREATE TABLE public.kept (v int8)",
    "CREATE TABLE public.dies (v int8)",
    "CREATE FUNCTION public.fails(n int8, state text) RETURNS int8 LANGUAGE plpgsql AS $$ BEGIN"
    " IF nextval('public.calls') <= n THEN RAISE EXCEPTION 'injected' USING ERRCODE = state; END IF; RETURN currval('public.calls'); END $$",
    "CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF nextval('public.calls') <= NEW.v THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON public.dies DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.die()",
};

static void forget(void)
{
    admin("SELECT pg_catalog.setval('public.calls', 1, false); TRUNCATE public.kept; TRUNCATE public.dies");
}

static enum txn_next commits(struct task *t, const struct rows *rows, int n, struct err *e)
{
    (void)t, (void)rows, (void)n, (void)e;
    return TXN_COMMIT;
}

static bool restarts(struct task *t)
{
    struct job *j = t->user;

    j->want++;
    t->stmts = &j->stmt;
    t->nstmts = 1;
    return true;
}

enum shape { PLAIN, STEPS, STEPS_ANEW };

static struct job alone(struct job j, enum shape shape, struct pool_counters *c)
{
    static struct job ran;          /* its task must stay where it is */
    struct world w;

    ran = j;
    forget();
    world_open(&w, 4, 0, 1, 10);
    ran.task.step = shape == PLAIN ? NULL : commits;
    ran.task.restart = shape == STEPS_ANEW ? restarts : NULL;
    exclusive(&w, &ran);
    run(&w);
    pool_counters(w.pool, c);
    world_close(&w);
    return ran;
}

/* ---- undone by the server ---- */

static void test_conflicts(void **state)
{
    static const struct {
        const char *why, *sql;
        enum shape shape;
        enum err_kind want;
        int64_t calls, again;
        int cause;
    } cases[] = {
        { "a deadlock",              "SELECT public.fails(1, '40P01')", PLAIN,      E_NONE,     2, 0, 1 },
        { "three conflicts",         "SELECT public.fails(3, '40001')", PLAIN,      E_NONE,     4, 0, 2 },
        { "one too many",            "SELECT public.fails(4, '40001')", PLAIN,      E_BUSY_ROW, 4, 0, 2 },
        { "steps, planned anew",     "SELECT public.fails(2, '40P01')", STEPS_ANEW, E_NONE,     3, 2, 1 },
        { "steps, one too many",     "SELECT public.fails(9, '40P01')", STEPS_ANEW, E_BUSY_ROW, 4, 3, 1 },
        { "steps that cannot be",    "SELECT public.fails(1, '40P01')", STEPS,      E_BUSY_ROW, 1, 0, 0 },
        { "steps, stale plan",       "SELECT public.fails(1, '26000')", STEPS_ANEW, E_NONE,     2, 1, 5 },
        { "not for repetition",      "SELECT public.fails(1, '23514')", PLAIN,      E_INPUT,    1, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pool_counters c;
        struct job j = alone(sql(cases[i].sql), cases[i].shape, &c);

        print_message("%s\n", cases[i].why);
        assert_int_equal(j.err.kind, cases[i].want);
        assert_int_equal(ask("SELECT last_value FROM public.calls"), cases[i].calls);
        assert_int_equal(j.want, cases[i].again);
        assert_int_equal(c.retries[cases[i].cause] + c.retries_failed[cases[i].cause], cases[i].calls - 1);
        assert_int_equal(c.retries[cases[i].cause], cases[i].calls > 1 && cases[i].want == E_NONE);
    }
}

/* ---- undone at its very end, without an answer ---- */

/* The server says that it was not committed: so says the pool, and it is not in doubt. */
static void test_aborted_commit(void **state)
{
    struct pool_counters c;
    struct job j = alone(sql("INSERT INTO public.dies VALUES (99)"), STEPS_ANEW, &c);

    (void)state;
    assert_int_equal(j.err.kind, E_DATABASE);
    assert_int_equal(c.outcomes_aborted, 1);
    assert_int_equal(c.outcomes_unresolved, 0);
    assert_int_equal(j.want, 0);                    /* without a key nobody repeats a write */
    assert_int_equal(ask("SELECT count(*) FROM public.dies"), 0);
}

static void test_aborted_commit_with_a_key(void **state)
{
    struct job j = sql("INSERT INTO public.dies VALUES (1) RETURNING v");
    struct pool_counters c;

    (void)state;
    j.task.keyed = true;
    j = alone(j, STEPS_ANEW, &c);
    assert_int_equal(j.err.kind, E_NONE);
    assert_int_equal(j.got, 1);
    assert_int_equal(j.want, 1);
    assert_int_equal(c.outcomes_aborted, 1);
    assert_int_equal(ask("SELECT count(*) FROM public.dies"), 1);
}

/* Lost before its end was sent: nothing is in doubt; with a key it is done again. */
static void test_lost_in_the_middle(void **state)
{
    static const char text[] = "INSERT INTO public.kept SELECT pg_catalog.nextval('public.calls') RETURNING"
                               " CASE WHEN v < 2 THEN pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())::int4::int8 ELSE v END";
    struct job j = sql(text);
    struct pool_counters c;

    (void)state;
    j = alone(j, STEPS_ANEW, &c);
    assert_int_equal(j.err.kind, E_DATABASE);
    assert_int_equal(c.outcomes_aborted + c.outcomes_unresolved, 0);
    j = sql(text);
    j.task.keyed = true;
    j = alone(j, STEPS_ANEW, &c);
    assert_int_equal(j.err.kind, E_NONE);
    assert_int_equal(j.got, 2);
    assert_int_equal(c.retries[0], 1);
    assert_int_equal(ask("SELECT count(*) FROM public.kept"), 1);
}

static int open_cluster(void **state)
{
    (void)state;
    if (!world_cluster())
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(schema); i++)
        admin(schema[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_aborted_commit),
        cmocka_unit_test(test_aborted_commit_with_a_key),
        cmocka_unit_test(test_lost_in_the_middle),
    };

    return cmocka_run_group_tests(tests, open_cluster, world_cluster_close);
}

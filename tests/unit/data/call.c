/*
 * Parameters are used once and none is ignored; statements of a plan begin with the organization.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/call.h"

#include "example.h"

static void parameters(void **state)
{
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", NULL);
    struct err e = { 0 };
    struct span v;

    (void)state;
    example_param(&c, "limit", "5");
    example_param(&c, "lmiit", "6");
    assert_true(call_param(&c, "limit", &v));
    assert_true(span_is(v, "5"));
    assert_false(call_param(&c, "order", &v));
    assert_false(call_params_done(&c, &e));
    assert_string_equal(e.message, "unknown query parameter \"lmiit\"");
    assert_true(call_param(&c, "lmiit", &v));
    assert_true(call_params_done(&c, &e));
    arena_free(&a);
}

static void headers_end_at_their_number(void **state)
{
    struct call c = { 0 };

    (void)state;
    for (int i = 0; i < CALL_HEADERS + 3; i++)
        call_header(&c, "X", SPAN("y"));
    assert_int_equal(c.nheaders, CALL_HEADERS);
}

static void statements(void **state)
{
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", NULL);
    struct stmt *first;

    (void)state;
    for (int i = 0; i < 20; i++)
        stmt_int8(&a, plan_stmt(&c, &c.plan, NULL, "SELECT"), i);
    assert_int_equal(c.plan.nstmts, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(c.plan.stmts[i].n, 2);
        assert_memory_equal(c.plan.stmts[i].value[0], c.org.b, 16);
        assert_int_equal(c.plan.stmts[i].value[1][7], i);
    }
    first = c.plan.stmts;
    plan_next(&c.plan);
    plan_stmt(&c, &c.plan, "n", "SELECT");
    assert_int_equal(c.plan.nstmts, 1);
    assert_ptr_not_equal(c.plan.stmts, first);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters),
        cmocka_unit_test(headers_end_at_their_number),
        cmocka_unit_test(statements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

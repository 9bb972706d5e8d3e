/*
 * Which cases there are, and their spelling.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ALL ((struct plan_wanted){ .request = -1, .action = -1 })

static const int messages[REQUESTS][WIRE_SIDES] = { { 7, 9 }, { 7, 9 }, { 10, 13 }, { 10, 13 }, { 31, 35 }, { 25, 30 }, { 10, 13 }, { 39, 44 } };

static int count(struct plan_wanted w, struct action_case *first, struct action_case *last)
{
    struct arena a = ARENA;
    struct action_case *cases;
    int n = plan_make(&a, messages, &w, &cases);

    if (n > 0 && first)
        *first = cases[0];
    if (n > 0 && last)
        *last = cases[n - 1];
    arena_free(&a);
    return n;
}

static void test_how_many(void **state)
{
    struct plan_wanted w = ALL;
    struct action_case first, last;

    (void)state;
    assert_int_equal(count(ALL, &first, &last), 305 * ACTIONS);
    assert_true(first.request == 0 && first.side == WIRE_CLIENT && first.message == 1 && first.action == 0);
    assert_true(last.request == REQUESTS - 1 && last.side == WIRE_SERVER && last.message == 44 && last.action == ACTIONS - 1);
    w.request = 2;
    assert_int_equal(count(w, NULL, NULL), 23 * ACTIONS);
    w.action = ACTION_STALL;
    assert_int_equal(count(w, NULL, NULL), 23);
    w = (struct plan_wanted){ .one = true, .the = { 2, WIRE_SERVER, 13, ACTION_RESET } };
    assert_int_equal(count(w, &first, NULL), 1);
    assert_int_equal(first.message, 13);
    w.the.message = 14;
    assert_int_equal(count(w, NULL, NULL), 0);
}

/* Evenly spread, never the same twice, and always the same. */
static void test_a_sample(void **state)
{
    struct plan_wanted w = ALL;
    struct arena a = ARENA;
    struct action_case *cases, *again;
    int actions[ACTIONS] = { 0 }, n;

    (void)state;
    w.sample = 70;
    n = plan_make(&a, messages, &w, &cases);
    assert_int_equal(n, 70);
    for (int i = 1; i < n; i++)
        assert_memory_not_equal(&cases[i], &cases[i - 1], sizeof cases[0]);
    for (int i = 0; i < n; i++)
        actions[cases[i].action]++;
    for (int i = 0; i < ACTIONS; i++)
        assert_in_range(actions[i], 70 / ACTIONS / 2, 70 / ACTIONS * 2);
    assert_int_equal(cases[n - 1].request, REQUESTS - 1);
    assert_int_equal(plan_make(&a, messages, &w, &again), n);
    assert_memory_equal(cases, again, (size_t)n * sizeof cases[0]);
    w.sample = 1000000;
    assert_int_equal(count(w, NULL, NULL), 305 * ACTIONS);
    arena_free(&a);
}

static void test_spelling(void **state)
{
    const struct action_case c = { 2, WIRE_SERVER, 3, ACTION_RESET };
    struct action_case back;
    char text[ACTION_CASE_TEXT];
    struct span request;
    struct err e = { 0 };

    (void)state;
    action_case_format(&c, requests[c.request].name, text);
    assert_string_equal(text, "append/response:3/reset");
    assert_true(action_case_parse(text, &request, &back, &e));
    assert_int_equal(request_find(request), 2);
    assert_true(back.side == c.side && back.message == c.message && back.action == c.action);
}

static void test_what_is_no_case(void **state)
{
    static const char *const wrong[] = { "", "append", "append/response:3", "append/response:0/reset", "append/response:x/reset", "append/answer:3/reset",
                                         "append/response:3/explode", "append/response:3/reset/", "append/response:99999/reset", "//" };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct action_case c;
        struct span request;
        struct err e = { 0 };

        if (action_case_parse(wrong[i], &request, &c, &e) || e.kind != E_USAGE)
            fail_msg("\"%s\" was taken", wrong[i]);
    }
}

static void test_the_table(void **state)
{
    (void)state;
    for (int i = 0; i < REQUESTS; i++) {
        const struct request *r = &requests[i];

        assert_int_equal(request_find(span_of(r->name)), i);
        assert_int_equal(r->finds == NULL, strcmp(r->method, "GET") == 0);
        assert_true(r->success >= 200 && r->success < 300);
        assert_true(!r->body || strstr(r->body, "%s"));
    }
    assert_int_equal(request_find(SPAN("explode")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_many),
        cmocka_unit_test(test_a_sample),
        cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_what_is_no_case),
        cmocka_unit_test(test_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

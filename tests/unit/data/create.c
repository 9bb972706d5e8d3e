/*
 * Creation before the database is asked: what travels, under which locks, and bodies that are refused whole.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/create.h"

#include "example.h"

#define CANDIDATE "019a0bff-0000-7000-8000-0000000000ab"

static void without_parents_there_is_one_round(void **state)
{
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", "{\"full_name\":\"A\",\"metadata\":{\"x\": 1.10}}");
    struct err e = { 0 };
    struct json *items;

    (void)state;
    assert_true(create_plan(&c, &c.plan, &e));
    assert_null(c.plan.step);
    assert_int_equal(c.plan.nstmts, 2);
    assert_string_equal(c.plan.stmts[0].name, "candidates_insert");
    assert_string_equal(c.plan.stmts[1].name, "candidates_read");
    assert_true(json_parse(&a, span_of(c.plan.stmts[0].value[1]), &items, &e));
    assert_int_equal(items->count, 1);
    assert_int_equal(json_find(items->first, "id")->raw.n, 38);
    assert_true(span_is(json_find(items->first, "metadata")->raw, "{\"x\": 1.10}"));
    arena_free(&a);
}

static void parents_are_locked_first(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);
    struct call c = example_call(&a, m, "resumes", "[{\"candidate_id\":\"" CANDIDATE "\"},{\"candidate_id\":\"" CANDIDATE "\"}]");
    struct err e = { 0 };

    (void)state;
    assert_true(create_plan(&c, &c.plan, &e));
    assert_non_null(c.plan.step);
    assert_int_equal(c.plan.nstmts, 1);
    assert_string_equal(c.plan.stmts[0].name, "candidates_hold");       /* resumes are numbered within it */

    c = example_call(&a, m, "assessments", "{\"candidate_id\":\"" CANDIDATE "\"}");
    assert_true(create_plan(&c, &c.plan, &e));
    assert_string_equal(c.plan.stmts[0].name, "candidates_share");
    arena_free(&a);
}

static const struct { const char *why, *resource, *body; enum err_kind kind; const char *faults; } bad[] = {
    { "empty array",           "candidates", "[]",                                  E_INPUT,  " min-items" },
    { "neither",               "candidates", "\"x\"",                               E_INPUT,  " type" },
    { "null",                  "candidates", "null",                                E_INPUT,  " type" },
    { "one of two",            "candidates", "[{\"full_name\":\"A\"},{}]",          E_INPUT,  "/1/full_name required" },
    { "array in an array",     "candidates", "[[]]",                                E_INPUT,  "/0 type" },
    { "created elsewhere",     "messages",   "{\"content\":\"x\"}",                 E_METHOD, "" },
};

static void refused(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct call c = example_call(&a, m, bad[i].resource, bad[i].body);
        struct err e = { 0 };

        if (create_plan(&c, &c.plan, &e) || e.kind != bad[i].kind || strcmp(example_faults(&a, &e), bad[i].faults) != 0)
            fail_msg("%s: %s, %s", bad[i].why, e.message, example_faults(&a, &e));
    }
    arena_free(&a);
}

static void a_thousand_and_not_one_more(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);
    struct buf b = BUF(1 << 20);
    struct err e = { 0 };
    struct call c;

    (void)state;
    buf_char(&b, '[');
    for (int i = 0; i < CREATE_MAX; i++)
        buf_printf(&b, "%s{\"full_name\":\"A\"}", i > 0 ? "," : "");
    c = example_call(&a, m, "candidates", arena_printf(&a, "%s]", buf_cstr(&b)));
    assert_true(create_plan(&c, &c.plan, &e));
    c = example_call(&a, m, "candidates", arena_printf(&a, "%s,{\"full_name\":\"A\"}]", buf_cstr(&b)));
    assert_false(create_plan(&c, &c.plan, &e));
    assert_string_equal(example_faults(&a, &e), " max-items");
    buf_free(&b);
    arena_free(&a);
}

static void unknown_parameter(void **state)
{
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", "{\"full_name\":\"A\"}");
    struct err e = { 0 };

    (void)state;
    example_param(&c, "dry_run", "1");
    assert_false(create_plan(&c, &c.plan, &e));
    assert_int_equal(e.kind, E_PARAMETER);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_parents_there_is_one_round),
        cmocka_unit_test(parents_are_locked_first),
        cmocka_unit_test(refused),
        cmocka_unit_test(a_thousand_and_not_one_more),
        cmocka_unit_test(unknown_parameter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

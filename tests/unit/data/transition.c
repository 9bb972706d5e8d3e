/*
 * Moves before the database is asked: the body, and from where the move may begin.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/transition.h"

#include "example.h"

static const struct { const char *why, *resource, *body; enum err_kind kind; const char *faults; } cases[] = {
    { "a move",               "candidates", "{\"to\":\"screening\"}",                      E_NONE,   "" },
    { "with a reason",        "candidates", "{\"to\":\"hired\",\"reason\":\"best\"}",      E_NONE,   "" },
    { "reason of null",       "candidates", "{\"to\":\"hired\",\"reason\":null}",          E_NONE,   "" },
    { "nowhere",              "candidates", "{}",                                          E_INPUT,  "/to required" },
    { "unknown state",        "candidates", "{\"to\":\"x\"}",                              E_INPUT,  "/to enum" },
    { "a state only to start in", "candidates", "{\"to\":\"new\"}",                        E_INPUT,  "/to enum" },
    { "not a string",         "candidates", "{\"to\":1,\"reason\":2}",                     E_INPUT,  "/to type, /reason type" },
    { "too long a reason",    "candidates", "{\"to\":\"hired\",\"reason\":\"123456789012345678901\"}", E_INPUT, "/reason max-length" },
    { "U+0000 in the reason", "candidates", "{\"to\":\"hired\",\"reason\":\"\\u0000\"}",   E_INPUT,  "/reason unstorable" },
    { "unknown member",       "candidates", "{\"to\":\"hired\",\"why\":\"x\"}",            E_INPUT,  "/why unknown" },
    { "not an object",        "candidates", "[]",                                          E_INPUT,  " type" },
    { "no lifecycle",         "resumes",    "{\"to\":\"hired\"}",                          E_METHOD, "" },
};

static void bodies(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct call c = example_call(&a, m, cases[i].resource, cases[i].body);
        struct err e = { 0 };

        c.capture[0] = SPAN("019a0bff-0000-7000-8000-0000000000ab");
        transition_plan(&c, &c.plan, &e);
        if (e.kind != cases[i].kind || strcmp(example_faults(&a, &e), cases[i].faults) != 0)
            fail_msg("%s: %s, \"%s\"", cases[i].why, e.message, example_faults(&a, &e));
    }
    arena_free(&a);
}

/* Elements of the text[] parameter that says from where: its second length field. */
static int origins(const struct stmt *s)
{
    return s->length[3] > 12 ? (uint8_t)s->value[3][15] : 0;
}

static void a_reason_opens_more_ways(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);
    struct call with = example_call(&a, m, "candidates", "{\"to\":\"hired\",\"reason\":\"best\"}");
    struct call without = example_call(&a, m, "candidates", "{\"to\":\"hired\",\"reason\":\" \"}");
    struct err e = { 0 };

    (void)state;
    with.capture[0] = without.capture[0] = SPAN("019a0bff-0000-7000-8000-0000000000ab");
    assert_true(transition_plan(&with, &with.plan, &e));
    assert_true(transition_plan(&without, &without.plan, &e));
    assert_int_equal(origins(&with.plan.stmts[0]), 2);
    assert_int_equal(origins(&without.plan.stmts[0]), 0);
    arena_free(&a);
}

static void no_such_object(void **state)
{
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", "{\"to\":\"hired\"}");
    struct err e = { 0 };

    (void)state;
    c.capture[0] = SPAN("7");
    assert_false(transition_plan(&c, &c.plan, &e));
    assert_int_equal(e.kind, E_NOT_FOUND);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(a_reason_opens_more_ways),
        cmocka_unit_test(no_such_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

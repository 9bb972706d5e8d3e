/*
 * If-Match and If-None-Match: which tags name which version, and what is no list of tags.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/precondition.h"

#include "example.h"

static const struct { const char *why; struct span header; enum err_kind kind; } cases[] = {
    { "not given",              SPAN_NONE,                        E_NONE },
    { "any",                    SPAN("*"),                        E_NONE },
    { "this version",           SPAN("\"v7\""),                   E_NONE },
    { "a session's tag",        SPAN("\"v7-120\""),               E_NONE },
    { "one of several",         SPAN("\"v5\", \"v7\""),           E_NONE },
    { "another version",        SPAN("\"v8\""),                   E_STALE },
    { "weak never matches",     SPAN("W/\"v7\""),                 E_STALE },
    { "not a tag of ours",      SPAN("\"abc\""),                  E_STALE },
    { "sign",                   SPAN("\"v-7\""),                  E_STALE },
    { "overflow",               SPAN("\"v18446744073709551623\""), E_STALE },
    { "no quotes",              SPAN("v7"),                       E_PARAMETER },
    { "quote not closed",       SPAN("\"v7"),                     E_PARAMETER },
    { "empty",                  SPAN(""),                         E_PARAMETER },
    { "only commas",            SPAN(" , "),                      E_PARAMETER },
};

static void if_match(void **state)
{
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", NULL);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct precondition p;
        struct err e = { 0 };
        bool ok = precondition_parse(cases[i].header, &p, &e) && precondition_check(&c, &p, 7, &e);

        if (e.kind != cases[i].kind || ok != (cases[i].kind == E_NONE))
            fail_msg("%s: %s", cases[i].why, e.message);
        if (e.kind == E_STALE)
            assert_string_equal(e.extra, "\"current_version\":7");
    }
    arena_free(&a);
}

static void required(void **state)
{
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", NULL);
    struct precondition p;
    struct err e = { 0 };

    (void)state;
    assert_true(precondition_parse(SPAN_NONE, &p, &e));
    assert_false(precondition_required(&c, &p, &e));
    assert_int_equal(e.kind, E_PRECONDITION);
    arena_free(&a);
}

static const struct { const char *why; struct span header; bool unchanged; } none_match[] = {
    { "the same",              SPAN("\"v7-120\""),             true },
    { "weakly the same",       SPAN("W/\"v7-120\""),           true },
    { "among others",          SPAN("\"v1-1\",W/\"v7-120\""),  true },
    { "any",                   SPAN("*"),                      true },
    { "another event",         SPAN("\"v7-121\""),             false },
    { "only the version",      SPAN("\"v7\""),                 false },
    { "nonsense",              SPAN("v7-120"),                 false },
};

static void if_none_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(none_match); i++)
        if (precondition_unchanged(none_match[i].header, SPAN("\"v7-120\"")) != none_match[i].unchanged)
            fail_msg("%s", none_match[i].why);
}

static void tags(void **state)
{
    struct arena a = ARENA;

    (void)state;
    assert_true(span_is(precondition_etag(&a, 7, -1), "\"v7\""));
    assert_true(span_is(precondition_etag(&a, INT64_MAX, INT64_MAX), "\"v9223372036854775807-9223372036854775807\""));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(if_match),
        cmocka_unit_test(required),
        cmocka_unit_test(if_none_match),
        cmocka_unit_test(tags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

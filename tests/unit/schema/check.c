/*
 * CHECK constraints as PostgreSQL spells them, and what a client can be told of them beforehand.
 */
// SPDX-License-Identifier: Apache-2.0
#include "schema/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "pg/query.h"

static const struct { const char *why, *expr; uint32_t type; const char *says; } cases[] = {
    { "list of values",          "(c = ANY (ARRAY['a'::text, 'b'::text]))",                                  OID_TEXT,       "a|b " },
    { "list of a varchar",       "((c)::text = ANY ((ARRAY['a'::character varying])::text[]))",              OID_VARCHAR,    "a " },
    { "quote in a value",        "(c = ANY (ARRAY['it''s'::text, 'a,b'::text]))",                            OID_TEXT,       "it's|a,b " },
    { "length between",          "((length(c) >= 1) AND (length(c) <= 300))",                                OID_TEXT,       "min 1 max 300 " },
    { "length below",            "(char_length(c) < 10)",                                                    OID_TEXT,       "max 9 " },
    { "null or length",          "((c IS NULL) OR (length(c) <= 5))",                                        OID_TEXT,       "max 5 " },
    { "length or null",          "((length(c) <= 5) OR (c IS NULL))",                                        OID_TEXT,       "max 5 " },
    { "positive integer",        "(c > 0)",                                                                  OID_INT4,       "min 1 " },
    { "bigint literal",          "(c >= '-5'::bigint)",                                                      OID_INT8,       "min -5 " },
    { "numeric is not whole",    "(c > (0)::numeric)",                                                       OID_NUMERIC,    "" },
    { "numeric between",         "((c >= (0)::numeric) AND (c <= (100)::numeric))",                          OID_NUMERIC,    "min 0 max 100 " },
    { "kind of a jsonb",         "(jsonb_typeof(c) = 'object'::text)",                                       OID_JSONB,      "object " },
    { "size is not length",      "(pg_column_size(c) <= 65536)",                                             OID_JSONB,      "" },
    { "pattern",                 "(c ~ '^[A-Z]{2}$'::text)",                                                 OID_TEXT,       "~^[A-Z]{2}$ " },
    { "operators in a pattern",  "(c ~ '^(a|b) AND (x >= 1)$'::text)",                                       OID_TEXT,       "~^(a|b) AND (x >= 1)$ " },
    { "pattern in any case",     "(c ~* 'x'::text)",                                                         OID_TEXT,       "" },
    { "array length",            "(cardinality(c) <= 64)",                                                   OID_TEXT_ARRAY, "max 64 " },
    { "another column",          "(d <= 5)",                                                                 OID_INT4,       "" },
    { "two alternatives",        "((c = 1) OR (c > 5))",                                                     OID_INT4,       "" },
    { "three alternatives",      "((c IS NULL) OR (c > 5) OR (c < 1))",                                      OID_INT4,       "" },
    { "text is not compared",    "(c > 'a'::text)",                                                          OID_TEXT,       "" },
    { "unbalanced",              "((c > 1",                                                                  OID_INT4,       "" },
    { "empty",                   "",                                                                         OID_INT4,       "" },
};

/* What is known of the column, in words. */
static const char *said(struct arena *a, const struct column *c)
{
    const char *out = "";

    for (int i = 0; i < c->nallowed; i++)
        out = arena_printf(a, "%s%s%s", out, c->allowed[i], i + 1 < c->nallowed ? "|" : " ");
    if (c->min != INT64_MIN)
        out = arena_printf(a, "%smin %lld ", out, (long long)c->min);
    if (c->max != INT64_MAX)
        out = arena_printf(a, "%smax %lld ", out, (long long)c->max);
    if (c->json_kind)
        out = arena_printf(a, "%s%s ", out, c->json_kind);
    return c->pattern ? arena_printf(a, "%s~%s ", out, c->pattern) : out;
}

static void expressions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a = ARENA;
        struct column c = { .name = "c", .type = cases[i].type, .min = INT64_MIN, .max = INT64_MAX };

        check_apply(&a, span_of(cases[i].expr), &c);
        if (strcmp(said(&a, &c), cases[i].says) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].why, said(&a, &c), cases[i].says);
        arena_free(&a);
    }
}

static void several_checks_narrow(void **state)
{
    struct arena a = ARENA;
    struct column c = { .name = "c", .type = OID_TEXT, .min = INT64_MIN, .max = 20 };

    (void)state;
    check_apply(&a, SPAN("((length(c) >= 2) AND (length(c) <= 50))"), &c);
    check_apply(&a, SPAN("(length(c) >= 1)"), &c);
    assert_int_equal(c.min, 2);
    assert_int_equal(c.max, 20);
    arena_free(&a);
}

static void quoted_name(void **state)
{
    struct arena a = ARENA;
    struct column c = { .name = "order", .type = OID_INT4, .min = INT64_MIN, .max = INT64_MAX };

    (void)state;
    check_apply(&a, SPAN("(\"order\" <= 7)"), &c);
    assert_int_equal(c.max, 7);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions),
        cmocka_unit_test(several_checks_narrow),
        cmocka_unit_test(quoted_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

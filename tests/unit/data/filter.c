/*
 * Parameters that choose rows: the SQL they become, values only as parameters, and everything that is refused.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/filter.h"

#include "example.h"

static const struct { const char *why, *name, *value, *where; int params; } good[] = {
    { "equal",                   "full_name", "eq.x",                " AND r.\"full_name\" = $2::text", 2 },
    { "a dot in the value",      "email",     "eq.a@b.org",          " AND r.\"email\" = $2::text", 2 },
    { "unequal counts null in",  "email",     "ne.x",                " AND r.\"email\" IS DISTINCT FROM $2::text", 2 },
    { "empty value",             "full_name", "eq.",                 " AND r.\"full_name\" = $2::text", 2 },
    { "date",                    "born",      "gte.2000-01-31",      " AND r.\"born\" >= $2::date", 2 },
    { "time",                    "created_at", "lt.2024-01-01T00:00:00Z", " AND r.\"created_at\" < $2::timestamp with time zone", 2 },
    { "infinity",                "created_at", "lte.infinity",       " AND r.\"created_at\" <= $2::timestamp with time zone", 2 },
    { "identifier",              "id",        "eq.019a0bff-0000-7000-8000-0000000000ab", " AND r.\"id\" = $2::uuid", 2 },
    { "list",                    "full_name", "in.(a,b)",            " AND r.\"full_name\" = ANY ($2::text[]::text[])", 2 },
    { "list without parentheses", "full_name", "in.a,b",             " AND r.\"full_name\" = ANY ($2::text[]::text[])", 2 },
    { "list with quotes",        "full_name", "in.(\"a,b\",\"c\\\"d\")", " AND r.\"full_name\" = ANY ($2::text[]::text[])", 2 },
    { "empty list",              "full_name", "in.()",               " AND r.\"full_name\" = ANY ($2::text[]::text[])", 2 },
    { "like",                    "full_name", "like.*ada*",          " AND r.\"full_name\" LIKE $2::text", 2 },
    { "null",                    "email",     "is.null",             " AND r.\"email\" IS NULL", 1 },
    { "not null",                "metadata",  "is.not_null",         " AND r.\"metadata\" IS NOT NULL", 1 },
    { "array contains",          "tags",      "cs.a,b",              " AND r.\"tags\" @> $2::text[]::text[]", 2 },
    { "array as JSON",           "tags",      "cs.[\"a,b\"]",        " AND r.\"tags\" @> $2::text[]::text[]", 2 },
    { "a quote stays a value",   "full_name", "eq.' OR 1=1 --",      " AND r.\"full_name\" = $2::text", 2 },
};

static void translated(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct call c = example_call(&a, m, "candidates", NULL);
        struct query q;
        struct filter_set set;
        struct err e = { 0 };

        example_param(&c, good[i].name, good[i].value);
        query_begin(&c, &q);
        if (!filter_parse(&q, &set, &e))
            fail_msg("%s: %s", good[i].why, e.message);
        if (strcmp(set.where, good[i].where) != 0 || q.stmt.n != good[i].params || set.finder)
            fail_msg("%s: %s, %d parameters", good[i].why, set.where, q.stmt.n);
        assert_true(call_params_done(&c, &e));
    }
    arena_free(&a);
}

static const struct { const char *why, *name, *value, *says; } bad[] = {
    { "unknown field",           "foo",        "eq.1",           "there is no field \"foo\"" },
    { "field not tagged",        "height",     "eq.1",           "cannot filter by \"height\"" },
    { "hidden field",            "email_norm", "eq.x",           "there is no field" },
    { "the organization",        "org_id",     "eq.x",           "there is no field" },
    { "no operator",             "full_name",  "Ada",            "expected an operator" },
    { "unknown operator",        "full_name",  "regex.x",        "expected an operator" },
    { "SQL for an operator",     "full_name",  "= 1 OR.x",       "expected an operator" },
    { "not a date",              "born",       "eq.2000-02-30",  "is not a date" },
    { "not a time",              "created_at", "gt.2000-01-01",  "is not a time" },
    { "not a UUID",              "id",         "in.(x)",         "is not a UUID" },
    { "like of no text",         "born",       "like.2000*",     "cannot be asked" },
    { "like ends in an escape",  "full_name",  "like.a\\",       "ends in an escape" },
    { "equality of an object",   "metadata",   "eq.{}",          "cs and is" },
    { "not JSON",                "metadata",   "cs.{a}",         "is not JSON" },
    { "JSON nothing can store",  "metadata",   "cs.{\"a\":\"\\u0000\"}", "cannot be stored" },
    { "containment of text",     "full_name",  "cs.x",           "cs is for" },
    { "is what",                 "email",      "is.empty",       "is none of" },
    { "true of a text",          "email",      "is.true",        "is none of" },
    { "quote not closed",        "full_name",  "in.(\"a)",       "not closed" },
    { "list not closed",         "full_name",  "in.(a",          "not closed" },
};

static void refused(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct call c = example_call(&a, m, "candidates", NULL);
        struct query q;
        struct filter_set set;
        struct err e = { 0 };

        example_param(&c, bad[i].name, bad[i].value);
        query_begin(&c, &q);
        if (filter_parse(&q, &set, &e) || e.kind != E_PARAMETER || !strstr(e.message, bad[i].says))
            fail_msg("%s: %s", bad[i].why, e.message);
    }
    arena_free(&a);
}

static void a_finder_is_kept_apart(void **state)
{
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", NULL);
    struct query q;
    struct filter_set set;
    struct err e = { 0 };

    (void)state;
    example_param(&c, "metadata", "cs.{\"a\":1}");
    example_param(&c, "metadata", "cs.{\"b\":1}");
    query_begin(&c, &q);
    assert_true(filter_parse(&q, &set, &e));
    assert_string_equal(set.finder->qualified, "keelson.find_candidates_metadata");
    assert_string_equal(set.contains, "r.\"metadata\" @> $2::jsonb");
    assert_string_equal(set.wanted, "$2::jsonb");
    assert_string_equal(set.where, " AND r.\"metadata\" @> $3::jsonb");
    arena_free(&a);
}

static void too_many(void **state)
{
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", NULL);
    struct query q;
    struct filter_set set;
    struct err e = { 0 };

    (void)state;
    for (int i = 0; i <= FILTER_MAX; i++)
        example_param(&c, "full_name", "eq.x");
    query_begin(&c, &q);
    assert_false(filter_parse(&q, &set, &e));
    assert_int_equal(e.kind, E_PARAMETER);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(translated),
        cmocka_unit_test(refused),
        cmocka_unit_test(a_finder_is_kept_apart),
        cmocka_unit_test(too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

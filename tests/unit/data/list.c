/*
 * Lists before the database is asked: which statements, and which parameters are refused.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/list.h"

#include "example.h"

static bool planned(struct arena *a, struct model *m, const char *resource, const char *name, const char *value, struct call *c, struct err *e)
{
    *c = example_call(a, m, resource, NULL);
    if (name)
        example_param(c, name, value);
    return list_plan(c, &c->plan, e);
}

static void the_plain_list_is_prepared(void **state)
{
    struct arena a = ARENA;
    struct call c;
    struct err e = { 0 };

    (void)state;
    assert_true(planned(&a, example_model(&a), "candidates", "limit", "20", &c, &e));
    assert_int_equal(c.plan.nstmts, 1);
    assert_string_equal(c.plan.stmts[0].name, "candidates_list");
    assert_true(c.plan.read_only);
    assert_null(c.plan.step);
    arena_free(&a);
}

static const struct { const char *why, *resource, *name, *value, *sql; } texts[] = {
    { "order, ending in the identifier", "candidates", "order", "full_name.desc", " ORDER BY r.\"full_name\" DESC, r.\"id\" DESC LIMIT" },
    { "two orders",          "candidates", "order",   "born,full_name.desc", " ORDER BY r.\"born\", r.\"full_name\" DESC, r.\"id\" DESC LIMIT" },
    { "the identifier alone", "candidates", "order",  "id",    " ORDER BY r.\"id\" LIMIT" },
    { "without the trash",   "candidates", "order",   "id",    " AND r.deleted_at IS NULL" },
    { "with the trash",      "candidates", "include", "trash", "WHERE r.org_id = $1::uuid AND true" },
    { "a lazy field is fetched", "candidates", "fields", "essay", "r.\"essay\"" },
    { "keyed by more than an id", "messages", "fields", "seq", " ORDER BY r.\"session_id\", r.\"seq\" LIMIT" },
    { "containment by the finder", "candidates", "metadata", "cs.{}", "FROM keelson.find_candidates_metadata($1::uuid, $2::jsonb, 5001)" },
    { "containment in order", "candidates", "metadata", "cs.{}", "> 5000 AND r.org_id = $1::uuid AND r.\"metadata\" @> $2::jsonb" },
};

static void statements(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct call c;
        struct err e = { 0 };

        if (!planned(&a, m, texts[i].resource, texts[i].name, texts[i].value, &c, &e))
            fail_msg("%s: %s", texts[i].why, e.message);
        if (!strstr(c.plan.stmts[0].sql, texts[i].sql))
            fail_msg("%s: %s", texts[i].why, c.plan.stmts[0].sql);
    }
    arena_free(&a);
}

static const struct { const char *why, *name, *value; } bad[] = {
    { "no rows",             "limit",   "0" },    { "too many rows",     "limit",   "201" },   { "no number",        "limit",  "x" },
    { "negative",            "limit",   "-1" },   { "unknown order",     "order",   "foo" },   { "order of JSON",    "order",  "metadata" },
    { "order not allowed",   "order",   "height" }, { "direction",       "order",   "id.up" }, { "twice",            "order",  "id,id" },
    { "lazy order",          "order",   "essay" }, { "unknown field",    "fields",  "foo" },   { "hidden field",     "fields", "email_norm" },
    { "count",               "count",   "all" },  { "include",           "include", "x" },     { "cursor",           "cursor", "x" },
    { "four orders",         "order",   "born,full_name,created_at,updated_at" },
};

static void refused(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct call c;
        struct err e = { 0 };

        if (planned(&a, m, "candidates", bad[i].name, bad[i].value, &c, &e) || e.kind != E_PARAMETER)
            fail_msg("%s: %s", bad[i].why, e.message);
    }
    arena_free(&a);
}

static void counts(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);
    struct call c;
    struct err e = { 0 };

    (void)state;
    assert_true(planned(&a, m, "candidates", "count", "exact", &c, &e));
    assert_string_equal(c.plan.stmts[1].sql, "SELECT count(*) FROM keelson.candidates AS r WHERE r.org_id = $1::uuid AND r.deleted_at IS NULL");
    assert_true(planned(&a, m, "candidates", "count", "estimated", &c, &e));
    assert_non_null(strstr(c.plan.stmts[1].sql, "EXPLAIN (FORMAT JSON) SELECT"));
    arena_free(&a);
}

static void within_a_parent(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);
    struct call c = example_call(&a, m, "resumes", NULL);
    struct err e = { 0 };

    (void)state;
    c.path = SPAN("/v1/candidates/019a0bff-0000-7000-8000-0000000000ab/resumes");
    c.capture[0] = SPAN("019a0bff-0000-7000-8000-0000000000ab");
    assert_true(list_within_plan(&c, &c.plan, &e));
    assert_int_equal(c.plan.nstmts, 2);
    assert_non_null(strstr(c.plan.stmts[0].sql, "FROM keelson.candidates AS r WHERE r.org_id = $1::uuid AND r.id = $2::uuid AND r.deleted_at IS NULL"));
    assert_non_null(strstr(c.plan.stmts[1].sql, " AND r.\"candidate_id\" = $2::uuid"));

    c = example_call(&a, m, "messages", NULL);
    c.path = SPAN("/v1/candidates/019a0bff-0000-7000-8000-0000000000ab/messages");
    c.capture[0] = SPAN("019a0bff-0000-7000-8000-0000000000ab");
    assert_false(list_within_plan(&c, &c.plan, &e));
    assert_int_equal(e.kind, E_NOT_FOUND);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_list_is_prepared),
        cmocka_unit_test(statements),
        cmocka_unit_test(refused),
        cmocka_unit_test(counts),
        cmocka_unit_test(within_a_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

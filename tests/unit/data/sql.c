/*
 * Every statement of every resource: the organization on every relation, columns that follow from their tags.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/sql.h"

#include "example.h"

static int occurrences(const char *text, const char *what)
{
    int n = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

/* As many conditions or values for the organization as tables are named. */
static void organization(const char *what, const char *sql)
{
    int tables = occurrences(sql, " keelson."), conditions = occurrences(sql, "org_id = $1::uuid") + occurrences(sql, "SELECT $1::uuid");

    if (tables == 0 || conditions != tables)
        fail_msg("%s: %d tables, %d times the organization: %s", what, tables, conditions, sql);
}

static void every_relation_has_its_organization(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (int i = 0; i < m->nresources; i++) {
        const struct resource *r = &m->resources[i];
        const char *const all[] = { r->sql_read, r->sql_one, r->sql_read_all, r->sql_insert, r->sql_move, r->sql_share, r->sql_hold, r->sql_list };

        for (size_t k = 0; k < ARRAY_LEN(all); k++)
            if (all[k])
                organization(r->name, all[k]);
        for (int k = 0; k < r->nparts; k++) {
            organization(r->name, r->parts[k].sql_insert);
            organization(r->name, r->parts[k].sql_delete);
        }
    }
    arena_free(&a);
}

static const struct { const char *why, *resource, *part; } inserts[] = {
    { "default when not given",  "candidates", "CASE WHEN item.j ? 'tags' THEN CASE jsonb_typeof(item.j->'tags')" },
    { "normalized copy",         "candidates", "nullif(lower(btrim((item.j->>'email')::text)), '')" },
    { "time of a state",         "candidates", "= ANY (ARRAY['hired']::text[]) THEN now() END" },
    { "bytes",                   "candidates", "decode(item.j->>'photo', 'base64')" },
    { "numbered",                "resumes",    "coalesce((item.j->>'version_no')::numeric, coalesce((SELECT max(x.\"version_no\")" },
    { "only the last is current", "resumes",   "ORDER BY item.at DESC) = 1" },
    { "feed",                    "resumes",    "'create', 'resumes', made.id, made.version" },
};

static void insertion(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(inserts); i++)
        if (!strstr(model_find(m, span_of(inserts[i].resource))->sql_insert, inserts[i].part))
            fail_msg("%s", inserts[i].why);
    assert_null(strstr(model_find(m, SPAN("candidates"))->sql_insert, "status_reason"));
    assert_null(model_find(m, SPAN("messages"))->sql_insert);
    arena_free(&a);
}

static void parts_are_read_with_their_owner(void **state)
{
    struct arena a = ARENA;
    const struct resource *r = model_find(example_model(&a), SPAN("assessments"));

    (void)state;
    assert_non_null(strstr(r->sql_read, "json_build_object('criterion', p.\"criterion\", 'score', p.\"score\")"));
    assert_non_null(strstr(r->sql_read, "WHERE p.org_id = $1::uuid AND p.\"assessment_id\" = r.id) AS \"scores\""));
    arena_free(&a);
}

static void lazy_columns_are_left_out(void **state)
{
    struct arena a = ARENA;
    const struct resource *r = model_find(example_model(&a), SPAN("candidates"));

    (void)state;
    assert_null(strstr(r->sql_read, "essay"));
    assert_null(strstr(r->sql_list, "essay"));
    assert_non_null(strstr(r->sql_read_all, "essay"));
    assert_null(strstr(r->sql_read_all, "email_norm"));
    arena_free(&a);
}

static void values_are_quoted(void **state)
{
    static const char *const list[] = { "a'b", "c\\d" };
    struct arena a = ARENA;

    (void)state;
    assert_string_equal(sql_texts(&a, list, 2), "ARRAY['a''b',  E'c\\\\d']::text[]");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_relation_has_its_organization),
        cmocka_unit_test(insertion),
        cmocka_unit_test(parts_are_read_with_their_owner),
        cmocka_unit_test(lazy_columns_are_left_out),
        cmocka_unit_test(values_are_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

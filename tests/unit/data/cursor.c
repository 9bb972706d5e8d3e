/*
 * Cursors from outside: what is not one of this order is refused, and what follows a good one is exactly what lies beyond.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/cursor.h"

#include "base/digest.h"
#include "example.h"

static struct span encoded(struct arena *a, const char *json)
{
    struct buf b = BUF(8192);
    struct span out;

    digest_base64url(&b, span_of(json));
    out = arena_span(a, buf_span(&b));
    buf_free(&b);
    return out;
}

static const struct { const char *why, *json, *where; } cases[] = {
    { "forward",             "[\"created_at,id\",false,\"2024-01-01T00:00:00.000000Z\",\"019a0bff-0000-7000-8000-0000000000ab\"]",
      " AND (r.\"created_at\", r.\"id\") > ($2::timestamp with time zone, $3::uuid)" },
    { "backward",            "[\"created_at,id\",true,\"2024-01-01T00:00:00.000000Z\",\"019a0bff-0000-7000-8000-0000000000ab\"]",
      " AND (r.\"created_at\", r.\"id\") < ($2::timestamp with time zone, $3::uuid)" },
    { "another order",       "[\"id\",false,\"019a0bff-0000-7000-8000-0000000000ab\"]", NULL },
    { "no direction",        "[\"created_at,id\",1,\"2024-01-01T00:00:00.000000Z\",\"019a0bff-0000-7000-8000-0000000000ab\"]", NULL },
    { "a value too few",     "[\"created_at,id\",false,\"2024-01-01T00:00:00.000000Z\"]", NULL },
    { "a value too many",    "[\"created_at,id\",false,\"2024-01-01T00:00:00.000000Z\",\"019a0bff-0000-7000-8000-0000000000ab\",1]", NULL },
    { "not a time",          "[\"created_at,id\",false,\"x\",\"019a0bff-0000-7000-8000-0000000000ab\"]", NULL },
    { "not a UUID",          "[\"created_at,id\",false,\"2024-01-01T00:00:00.000000Z\",\"x\"]", NULL },
    { "not an array",        "{}", NULL },
    { "not JSON",            "[", NULL },
};

static void parsed(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct call c = example_call(&a, m, "candidates", NULL);
        struct cursor at;
        struct query q;
        struct err e = { 0 };
        bool ok = cursor_parse(&c, encoded(&a, cases[i].json), c.resource->order, c.resource->norder, &at, &e);

        if (ok != (cases[i].where != NULL) || (!ok && e.kind != E_PARAMETER))
            fail_msg("%s: %s", cases[i].why, e.message);
        query_begin(&c, &q);
        if (ok && strcmp(cursor_where(&q, &at, c.resource->order, c.resource->norder), cases[i].where) != 0)
            fail_msg("%s: %s", cases[i].why, cursor_where(&q, &at, c.resource->order, c.resource->norder));
    }
    arena_free(&a);
}

static void not_base64url(void **state)
{
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", NULL);
    struct cursor at;
    struct err e = { 0 };

    (void)state;
    assert_false(cursor_parse(&c, SPAN("a+b="), c.resource->order, c.resource->norder, &at, &e));
    assert_false(cursor_parse(&c, SPAN(""), c.resource->order, c.resource->norder, &at, &e));
    assert_int_equal(e.kind, E_PARAMETER);
    arena_free(&a);
}

/* Columns that may be NULL, and directions that differ, cannot be one comparison of rows. */
static const struct { const char *why; bool desc, back, null; const char *where; } nullable[] = {
    { "up from a value",    false, false, false,
      " AND (r.\"born\" > $3::date OR (r.\"born\" = $3::date AND (r.\"id\" > $2::uuid OR (r.\"id\" = $2::uuid AND false))) OR r.\"born\" IS NULL)" },
    { "up from null",       false, false, true,
      " AND (r.\"born\" IS NULL AND (r.\"id\" > $2::uuid OR (r.\"id\" = $2::uuid AND false)))" },
    { "down from a value",  true,  false, false,
      " AND (r.\"born\" < $3::date OR (r.\"born\" = $3::date AND (r.\"id\" > $2::uuid OR (r.\"id\" = $2::uuid AND false))))" },
    { "down from null",     true,  false, true,
      " AND (r.\"born\" IS NOT NULL OR (r.\"born\" IS NULL AND (r.\"id\" > $2::uuid OR (r.\"id\" = $2::uuid AND false))))" },
    { "back is the other way", false, true, true,
      " AND (r.\"born\" IS NOT NULL OR (r.\"born\" IS NULL AND (r.\"id\" < $2::uuid OR (r.\"id\" = $2::uuid AND false))))" },
};

static void nulls(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(nullable); i++) {
        struct call c = example_call(&a, m, "candidates", NULL);
        struct order order[] = { { resource_field(c.resource, SPAN("born")), nullable[i].desc }, { resource_field(c.resource, SPAN("id")), false } };
        struct cursor at = { .given = true, .back = nullable[i].back,
                             .value = { nullable[i].null ? SPAN_NONE : SPAN("2000-01-01"), SPAN("019a0bff-0000-7000-8000-0000000000ab") } };
        struct query q;
        const char *where;

        query_begin(&c, &q);
        where = cursor_where(&q, &at, order, 2);
        if (strcmp(where, nullable[i].where) != 0)
            fail_msg("%s: %s", nullable[i].why, where);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsed),
        cmocka_unit_test(not_base64url),
        cmocka_unit_test(nulls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

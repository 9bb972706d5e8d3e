/*
 * Keyed reads: how several become one statement, and parameters that are refused.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/read.h"

#include <endian.h>

#include "example.h"

#define ONE "019a0bff-0000-7000-8000-000000000001"
#define TWO "019a0bff-0000-7000-8000-000000000002"

static struct call planned(struct arena *a, struct model *m, const char *id, const char *name, const char *value, struct err *e)
{
    struct call c = example_call(a, m, "candidates", NULL);

    c.capture[0] = span_of(id);
    if (name)
        example_param(&c, name, value);
    (void)!read_plan(&c, &c.plan, e);
    return c;
}

/* Elements of a one-dimensional array in binary form. */
static uint32_t elements(const struct stmt *s, int param)
{
    uint32_t n;

    memcpy(&n, s->value[param] + 12, sizeof n);
    return be32toh(n);
}

static void reads_become_one_statement(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);
    struct err e = { 0 };
    struct call one = planned(&a, m, ONE, NULL, NULL, &e), two = planned(&a, m, TWO, "include", "trash", &e);
    struct task t1 = { .org = one.org, .kind = one.plan.kind, .item = one.plan.item }, t2 = t1;
    struct task *const tasks[] = { &t1, &t2 };
    struct stmt out[4] = { 0 };

    (void)state;
    t2.item = two.plan.item;
    assert_ptr_equal(one.plan.kind, two.plan.kind);
    assert_false(one.plan.kind->writes);
    assert_int_equal(one.plan.kind->merge(tasks, 2, &a, out, 4), 1);
    assert_string_equal(out[0].name, "candidates_read");
    assert_int_equal(out[0].n, 4);
    assert_memory_equal(out[0].value[0], one.org.b, 16);
    for (int i = 1; i < 4; i++)
        assert_int_equal(elements(&out[0], i), 2);
    arena_free(&a);
}

static void a_lazy_field_is_another_kind(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);
    struct err e = { 0 };
    struct call plain = planned(&a, m, ONE, "fields", "full_name", &e), lazy = planned(&a, m, ONE, "fields", "full_name, essay", &e);

    (void)state;
    assert_int_equal(e.kind, E_NONE);
    assert_ptr_not_equal(plain.plan.kind, lazy.plan.kind);
    arena_free(&a);
}

static const struct { const char *why, *id, *name, *value; enum err_kind kind; } cases[] = {
    { "a read",             ONE,     NULL,      NULL,        E_NONE },
    { "fields left empty",  ONE,     "fields",  "",          E_NONE },
    { "capital letters",    "019A0BFF-0000-7000-8000-000000000001", NULL, NULL, E_NONE },
    { "no UUID",            "7",     NULL,      NULL,        E_NOT_FOUND },
    { "braces",             "{" ONE "}", NULL,  NULL,        E_NOT_FOUND },
    { "unknown field",      ONE,     "fields",  "full_nam",  E_PARAMETER },
    { "hidden field",       ONE,     "fields",  "org_id",    E_PARAMETER },
    { "unknown parameter",  ONE,     "x",       "1",         E_PARAMETER },
    { "unknown inclusion",  ONE,     "include", "all",       E_PARAMETER },
};

static void parameters(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = { 0 };

        planned(&a, m, cases[i].id, cases[i].name, cases[i].value, &e);
        if (e.kind != cases[i].kind)
            fail_msg("%s: %s", cases[i].why, e.message);
    }
    arena_free(&a);
}

static void nothing_is_not_found(void **state)
{
    struct arena a = ARENA;
    struct err e = { 0 };
    struct call c = planned(&a, example_model(&a), ONE, NULL, NULL, &e);
    struct rows none = { 0 };

    (void)state;
    assert_false(read_render(&c, &none, 1, &e));
    assert_int_equal(e.kind, E_NOT_FOUND);
    assert_string_equal(e.message, "there is no such candidate");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_become_one_statement),
        cmocka_unit_test(a_lazy_field_is_another_kind),
        cmocka_unit_test(parameters),
        cmocka_unit_test(nothing_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

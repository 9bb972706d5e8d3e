/*
 * Keys that are refused, calls that are not wrapped, and what makes two requests the same.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/idempotency.h"

#include "data/create.h"
#include "example.h"

static struct call wrapped(struct arena *a, struct model *m, const char *body, const char *key, struct err *e)
{
    struct call c = example_call(a, m, "candidates", body);

    c.idempotency_key = span_of(key);
    c.render = create_render;
    assert_true(create_plan(&c, &c.plan, e));
    if (!idempotency_wrap(&c, &c.plan, e))
        assert_int_not_equal(e->kind, E_NONE);
    return c;
}

static void it_looks_first(void **state)
{
    struct arena a = ARENA;
    struct err e = { 0 };
    struct call c = wrapped(&a, example_model(&a), "{\"full_name\":\"A\"}", "k1", &e);

    (void)state;
    assert_int_equal(e.kind, E_NONE);
    assert_int_equal(c.plan.nstmts, 2);
    assert_string_equal(c.plan.stmts[0].name, "idempotency_lock");
    assert_string_equal(c.plan.stmts[1].name, "idempotency_find");
    assert_non_null(c.plan.step);
    assert_ptr_not_equal(c.render, create_render);
    arena_free(&a);
}

static void keys(void **state)
{
    static const char *const bad[] = { "", "a\nb", "\xC3\xA4", "a\x7F" };
    struct arena a = ARENA;
    struct model *m = example_model(&a);
    char longest[IDEMPOTENCY_KEY_MAX + 2] = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = { 0 };

        wrapped(&a, m, "{\"full_name\":\"A\"}", bad[i], &e);
        assert_int_equal(e.kind, E_PARAMETER);
    }
    for (int extra = 0; extra <= 1; extra++) {
        struct err e = { 0 };

        memset(longest, 'k', IDEMPOTENCY_KEY_MAX + (size_t)extra);
        wrapped(&a, m, "{\"full_name\":\"A\"}", longest, &e);
        assert_int_equal(e.kind, extra ? E_PARAMETER : E_NONE);
    }
    arena_free(&a);
}

/* The lock is what tells requests apart: another key, path or organization must not wait for this one. */
static void the_lock_is_of_one_request(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);
    struct err e = { 0 };
    struct call one = wrapped(&a, m, "{\"full_name\":\"A\"}", "k1", &e), same = wrapped(&a, m, "{\"full_name\":\"B\"}", "k1", &e);
    struct call other = wrapped(&a, m, "{\"full_name\":\"A\"}", "k2", &e);

    (void)state;
    assert_memory_equal(one.plan.stmts[0].value[1], same.plan.stmts[0].value[1], 8);
    assert_memory_not_equal(one.plan.stmts[0].value[1], other.plan.stmts[0].value[1], 8);
    arena_free(&a);
}

static void grouped_work_is_left_alone(void **state)
{
    static const struct batch_kind kind = { .name = "x" };
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", NULL);
    struct err e = { 0 };

    (void)state;
    c.idempotency_key = SPAN("k");
    c.render = create_render;
    c.plan.kind = &kind;
    assert_true(idempotency_wrap(&c, &c.plan, &e));
    assert_ptr_equal(c.render, create_render);
    assert_ptr_equal(c.plan.kind, &kind);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_looks_first),
        cmocka_unit_test(keys),
        cmocka_unit_test(the_lock_is_of_one_request),
        cmocka_unit_test(grouped_work_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

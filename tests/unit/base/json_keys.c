/*
 * Duplicate keys: where the fault points, and objects so large that members are sorted.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct json *parse(struct arena *a, struct span text, struct err *e)
{
    struct json *root;
    struct err other = { 0 };
    bool ok = json_check(text, &other);

    err_clear(e);
    assert_int_equal(json_parse(a, text, &root, e), ok);
    assert_string_equal(e->message, other.message);
    return root;
}

static const struct { const char *why; struct span in; const char *pointer; } duplicates[] = {
    { "at the root",            SPAN("{\"a\":1,\"a\":2}"),                          "/a" },
    { "nested in objects",      SPAN("{\"x\":{\"y\":{\"a\":1,\"b\":2,\"a\":3}}}"),   "/x/y/a" },
    { "nested in arrays",       SPAN("[0,[1,2,{\"a\":1,\"a\":2}]]"),                "/1/2/a" },
    { "deeper than its like",   SPAN("{\"a\":[{\"a\":1,\"\\u0061\":2}]}"),          "/a/0/a" },
    { "escaped in the pointer", SPAN("{\"a/b~\":{\"~\":1,\"~\":2}}"),               "/a~1b~0/~0" },
    { "empty key",              SPAN("{\"\":{\"\":1,\"\":2}}"),                     "//" },
    { "fit to be shown",        SPAN("{\"\\ud800\":1,\"\\ud800\":2}"),              "/\xEF\xBF\xBD" },
};

static void test_duplicates(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(duplicates); i++) {
        struct arena a = ARENA;
        struct err e;

        assert_null(parse(&a, duplicates[i].in, &e));
        if (!e.faults || strcmp(e.faults->pointer, duplicates[i].pointer) != 0)
            fail_msg("%s: %s", duplicates[i].why, e.faults ? e.faults->pointer : "no fault");
        assert_string_equal(e.faults->code, "duplicate-key");
        assert_null(e.faults->next);
        arena_free(&a);
    }
}

/* An object of n members "k<i>" with one more at the end, and a second object of one member behind it. */
static struct json *many_members(struct arena *a, size_t n, const char *last, struct err *e)
{
    struct buf b = BUF(64 << 20);
    struct json *root;

    buf_str(&b, "[{");
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "\"k%zu\":%zu,", i, i);
    buf_printf(&b, "\"%s\":null},{\"k0\":1}]", last);
    root = parse(a, arena_span(a, buf_span(&b)), e);
    buf_free(&b);
    return root;
}

/* Sorting must not change which one is reported: the first in the text that was there before. */
static void test_first_of_many_duplicates(void **state)
{
    struct arena a = ARENA;
    struct err e;

    (void)state;
    assert_null(many_members(&a, 30, "k5\":0,\"k9\":0,\"k1\":0,\"k5", &e));
    assert_string_equal(e.faults->pointer, "/0/k5");
    assert_null(many_members(&a, 30, "k9\":0,\"k5\":0,\"k1\":0,\"k29", &e));
    assert_string_equal(e.faults->pointer, "/0/k9");
    arena_free(&a);
}

static void test_many_members(void **state)
{
    static const size_t sizes[] = { 1, 2, 22, 23, 24, 25, 26, 47, 48, 49, 1000, 100000 };
    struct arena a = ARENA;
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct json *root = many_members(&a, sizes[i], "l", &e);

        assert_non_null(root);
        assert_int_equal(root->first->count, sizes[i] + 1);
        assert_null(many_members(&a, sizes[i], "k0", &e));
        assert_string_equal(e.faults->pointer, "/0/k0");
        assert_null(many_members(&a, sizes[i], "\\u006B0", &e));
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_many_members),
        cmocka_unit_test(test_first_of_many_duplicates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

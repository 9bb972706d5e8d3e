/*
 * Merge patch against the appendix of RFC 7396 and our own promises: order, spelling, inputs untouched.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/patch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct json *parse(struct arena *a, struct span text)
{
    struct err e = { 0 };
    struct json *root;

    if (!json_parse(a, text, &root, &e))
        fail_msg("%.*s: %s", SPAN_ARG(text), e.message);
    return root;
}

static const char *written(struct arena *a, const struct json *v)
{
    struct buf b = BUF(32 << 20);
    const char *text;

    patch_write(&b, v);
    text = arena_strdup(a, buf_span(&b));
    buf_free(&b);
    return text;
}

static const struct { const char *why; struct span target, patch; const char *result; } cases[] = {
    /* RFC 7396, appendix A */
    { "A 1",  SPAN("{\"a\":\"b\"}"),                 SPAN("{\"a\":\"c\"}"),                  "{\"a\":\"c\"}" },
    { "A 2",  SPAN("{\"a\":\"b\"}"),                 SPAN("{\"b\":\"c\"}"),
      "{\"a\":\"b\",\"b\":\"c\"}" },
    { "A 3",  SPAN("{\"a\":\"b\"}"),                 SPAN("{\"a\":null}"),                   "{}" },
    { "A 4",  SPAN("{\"a\":\"b\",\"b\":\"c\"}"),     SPAN("{\"a\":null}"),                   "{\"b\":\"c\"}" },
    { "A 5",  SPAN("{\"a\":[\"b\"]}"),               SPAN("{\"a\":\"c\"}"),                  "{\"a\":\"c\"}" },
    { "A 6",  SPAN("{\"a\":\"c\"}"),                 SPAN("{\"a\":[\"b\"]}"),                "{\"a\":[\"b\"]}" },
    { "A 7",  SPAN("{\"a\":{\"b\":\"c\"}}"),         SPAN("{\"a\":{\"b\":\"d\",\"c\":null}}"), "{\"a\":{\"b\":\"d\"}}" },
    { "A 8",  SPAN("{\"a\":[{\"b\":\"c\"}]}"),       SPAN("{\"a\":[1]}"),                    "{\"a\":[1]}" },
    { "A 9",  SPAN("[\"a\",\"b\"]"),                 SPAN("[\"c\",\"d\"]"),                  "[\"c\",\"d\"]" },
    { "A 10", SPAN("{\"a\":\"b\"}"),                 SPAN("[\"c\"]"),                        "[\"c\"]" },
    { "A 11", SPAN("{\"a\":\"foo\"}"),               SPAN("null"),                           "null" },
    { "A 12", SPAN("{\"a\":\"foo\"}"),               SPAN("\"bar\""),                        "\"bar\"" },
    { "A 13", SPAN("{\"e\":null}"),                  SPAN("{\"a\":1}"),                      "{\"e\":null,\"a\":1}" },
    { "A 14", SPAN("[1,2]"),                         SPAN("{\"a\":\"b\",\"c\":null}"),       "{\"a\":\"b\"}" },
    { "A 15", SPAN("{}"),                            SPAN("{\"a\":{\"bb\":{\"ccc\":null}}}"), "{\"a\":{\"bb\":{}}}" },
    { "section 3", SPAN("{\"title\":\"Goodbye!\",\"author\":{\"givenName\":\"John\",\"familyName\":\"Doe\"},"
                        "\"tags\":[\"example\",\"sample\"],\"content\":\"This will be unchanged\"}"),
      SPAN("{\"title\":\"Hello!\",\"phoneNumber\":\"+01-123-456-7890\",\"author\":{\"familyName\":null},\"tags\":[\"example\"]}"),
      "{\"title\":\"Hello!\",\"author\":{\"givenName\":\"John\"},\"tags\":[\"example\"],"
      "\"content\":\"This will be unchanged\",\"phoneNumber\":\"+01-123-456-7890\"}" },

    { "nothing there yet",                  SPAN(""),                     SPAN("{\"a\":1,\"b\":null}"),   "{\"a\":1}" },
    { "order of members stays",             SPAN("{\"a\":1,\"b\":2,\"c\":3}"), SPAN("{\"c\":4,\"b\":null,\"a\":5}"),
      "{\"a\":5,\"c\":4}" },
    { "keys equal after decoding",          SPAN("{\"\\u0061\":1}"),      SPAN("{\"a\":2}"),              "{\"a\":2}" },
    { "keys with escapes",                  SPAN("{\"a\\n\":1}"),         SPAN("{\"b\\\"\":2}"),
      "{\"a\\n\":1,\"b\\\"\":2}" },
    { "absent key with null",               SPAN("{\"a\":1}"),            SPAN("{\"b\":null}"),           "{\"a\":1}" },
    { "null inside an array stays",         SPAN("{}"),                   SPAN("{\"a\":[null,{\"b\":null}]}"),
      "{\"a\":[null,{\"b\":null}]}" },
    { "null below a new object goes",       SPAN("{\"a\":1}"),            SPAN("{\"a\":{\"b\":null,\"c\":2}}"),
      "{\"a\":{\"c\":2}}" },
    { "empty patch changes no byte",        SPAN("{ \"a\" : 1.0 }"),      SPAN("{}"),
      "{ \"a\" : 1.0 }" },
    { "what is taken over keeps its spelling", SPAN("{\"a\":{ \"n\" : 1E2 }, \"b\":[ -0 ]}"), SPAN("{\"c\":1.10}"),
      "{\"a\":{ \"n\" : 1E2 },\"b\":[ -0 ],\"c\":1.10}" },
    { "unstorable values pass",             SPAN("{\"a\":\"\\u0000\"}"),  SPAN("{\"b\":\"\\ud800\"}"),
      "{\"a\":\"\\u0000\",\"b\":\"\\ud800\"}" },
};

static void test_merge(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a = ARENA;
        struct json *target = cases[i].target.n > 0 ? parse(&a, cases[i].target) : NULL;
        struct json *patch = parse(&a, cases[i].patch), *result, *again;
        const char *before = target ? written(&a, target) : "", *text;
        struct err e = { 0 };

        if (!patch_merge(&a, target, patch, &result, &e))
            fail_msg("%s: %s", cases[i].why, e.message);
        text = written(&a, result);
        if (strcmp(text, cases[i].result) != 0)
            fail_msg("%s: %s", cases[i].why, text);
        again = parse(&a, span_of(text));
        assert_true(json_equal(&a, result, again));
        assert_int_equal(result->flags & ~JSON_ESCAPED, again->flags & ~JSON_ESCAPED);
        assert_true(!target || span_is(target->raw, before));
        arena_free(&a);
    }
}

static void test_flags_follow(void **state)
{
    struct arena a = ARENA;
    struct json *result;
    struct err e = { 0 };

    (void)state;
    assert_true(patch_merge(&a, parse(&a, SPAN("{\"a\":{\"b\":1e9999,\"c\":\"\\u0000\"},\"d\":1}")),
                            parse(&a, SPAN("{\"a\":{\"b\":1}}")), &result, &e));
    assert_int_equal(result->flags, JSON_ESCAPED | JSON_UNSTORABLE);
    assert_int_equal(result->count, 2);
    assert_string_equal(json_where(&a, result, JSON_UNSTORABLE), "/a/c");
    assert_null(json_where(&a, result, JSON_HUGE));
    arena_free(&a);
}

static void test_unstorable_keys(void **state)
{
    struct arena a = ARENA;
    struct json *result;
    struct err e = { 0 }, f = { 0 };

    (void)state;
    assert_false(patch_merge(&a, parse(&a, SPAN("{}")), parse(&a, SPAN("{\"a\":{\"\\ud800\":1}}")), &result, &e));
    assert_int_equal(e.kind, E_INPUT);
    assert_string_equal(e.faults->pointer, "/a/\xEF\xBF\xBD");
    assert_string_equal(e.faults->code, "unstorable-key");
    assert_false(patch_merge(&a, parse(&a, SPAN("{\"\\u0000\":1}")), parse(&a, SPAN("{\"a\":1}")), &result, &f));
    assert_string_equal(f.faults->pointer, "");
    arena_free(&a);
}

/* {"k<first>":<value>, ... n members}, largest key first, so that nothing is sorted by luck. */
static struct json *many(struct arena *a, size_t first, size_t n, const char *value)
{
    struct buf b = BUF(32 << 20);
    struct json *v;

    buf_char(&b, '{');
    for (size_t i = first + n; i-- > first;)
        buf_printf(&b, "\"k%zu\":%s%s", i, value, i > first ? "," : "}");
    v = parse(a, arena_span(a, buf_span(&b)));
    buf_free(&b);
    return v;
}

static void test_many_members(void **state)
{
    struct arena a = ARENA;
    struct json *target = many(&a, 0, 100000, "1"), *result;
    struct err e = { 0 };

    (void)state;
    assert_true(patch_merge(&a, target, many(&a, 50000, 100000, "2"), &result, &e));
    assert_int_equal(result->count, 150000);
    assert_true(span_is(json_find(result, "k49999")->raw, "1"));
    assert_true(span_is(json_find(result, "k50000")->raw, "2"));
    assert_true(patch_merge(&a, target, many(&a, 50000, 100000, "null"), &result, &e));
    assert_int_equal(result->count, 50000);
    arena_free(&a);
}

static void test_more_values_than_can_be_read(void **state)
{
    struct arena a = ARENA;
    struct json *result;
    struct err e = { 0 };

    (void)state;
    assert_false(patch_merge(&a, many(&a, 0, 600000, "1"), many(&a, 600000, 600000, "1"), &result, &e));
    assert_int_equal(e.kind, E_INPUT);
    assert_string_equal(e.faults->code, "too-large");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_flags_follow),
        cmocka_unit_test(test_unstorable_keys),
        cmocka_unit_test(test_many_members),
        cmocka_unit_test(test_more_values_than_can_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

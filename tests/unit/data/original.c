/*
 * What no text can hold is kept beside something readable.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/original.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *why, *message, *readable, *original;       /* original NULL: nothing needs keeping */
} cases[] = {
    { "plain", "{\"content\":\"hello\"}", "{\"content\":\"hello\"}", NULL },
    { "other escapes stay", "{\"content\":\"\\n\\u00e9\\ud83d\\ude00\"}", "{\"content\":\"\\n\\u00e9\\ud83d\\ude00\"}", NULL },
    { "U+0000", "{\"content\":\"a\\u0000b\"}", "{\"content\":\"a\\ufffdb\"}", "{\"content\":\"a\\u0000b\"}" },
    { "lone high", "{\"content\":\"\\ud800\"}", "{\"content\":\"\\ufffd\"}", "{\"content\":\"\\ud800\"}" },
    { "lone low", "{\"content\":\"\\uDC00x\"}", "{\"content\":\"\\ufffdx\"}", "{\"content\":\"\\uDC00x\"}" },
    { "high before something else", "{\"content\":\"\\ud800\\n\\ud83d\\ude00\"}", "{\"content\":\"\\ufffd\\n\\ud83d\\ude00\"}",
      "{\"content\":\"\\ud800\\n\\ud83d\\ude00\"}" },
    { "high, high, low", "{\"content\":\"\\ud800\\ud83d\\ude00\"}", "{\"content\":\"\\ufffd\\ud83d\\ude00\"}", "{\"content\":\"\\ud800\\ud83d\\ude00\"}" },
    { "a backslash before u0000 is no escape", "{\"content\":\"\\\\u0000\"}", "{\"content\":\"\\\\u0000\"}", NULL },
    { "a backslash before an escape", "{\"content\":\"\\\\\\u0000\"}", "{\"content\":\"\\\\\\ufffd\"}", "{\"content\":\"\\\\\\u0000\"}" },
    { "only the members that need it", "{\"role\":\"user\",\"content\":\"x\",\"tool_calls\":[{\"a\":\"\\u0000\"}]}",
      "{\"role\":\"user\",\"content\":\"x\",\"tool_calls\":[{\"a\":\"\\ufffd\"}]}", "{\"tool_calls\":[{\"a\":\"\\u0000\"}]}" },
    { "others are left to be refused", "{\"name\":\"\\u0000\",\"content\":\"x\"}", "{\"name\":\"\\u0000\",\"content\":\"x\"}", NULL },
    { "in a key", "{\"content_parts\":[{\"\\u0000\":1}]}", "{\"content_parts\":[{\"\\ufffd\":1}]}", "{\"content_parts\":[{\"\\u0000\":1}]}" },
    { "no object", "[\"\\u0000\"]", "[\"\\u0000\"]", NULL },
};

static void test_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a = ARENA;
        struct err e = { 0 };
        struct json *message;
        const struct json *readable;
        struct span original;

        print_message("%s\n", cases[i].why);
        assert_true(json_parse(&a, span_of(cases[i].message), &message, &e));
        assert_true(original_split(&a, message, &readable, &original, &e));
        assert_true(span_is(readable->raw, cases[i].readable));
        if (cases[i].original)
            assert_true(span_is(original, cases[i].original));
        else
            assert_null(original.p);
        arena_free(&a);
    }
}

/* Keys that differ only in what cannot be stored become the same: refused, since one of them would be lost. */
static void test_keys_that_would_collide(void **state)
{
    struct arena a = ARENA;
    struct err e = { 0 };
    struct json *message;
    const struct json *readable;
    struct span original;

    (void)state;
    assert_true(json_parse(&a, SPAN("{\"content_parts\":[{\"\\ud800\":1,\"\\ud801\":2}]}"), &message, &e));
    assert_false(original_split(&a, message, &readable, &original, &e));
    assert_int_equal(e.kind, E_JSON);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_split), cmocka_unit_test(test_keys_that_would_collide) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

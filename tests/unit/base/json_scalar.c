/*
 * What strings and numbers mean: decoded text, integers in any spelling, equality.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define FFFD "\xEF\xBF\xBD"

static const struct json *parse(struct arena *a, struct span text)
{
    struct err e = { 0 };
    struct json *root;

    if (!json_parse(a, text, &root, &e))
        fail_msg("%.*s: %s", SPAN_ARG(text), e.message);
    return root;
}

/* ---- text ---- */

static const struct { const char *why; struct span in, text; } texts[] = {
    { "empty",                    SPAN("\"\""),                           SPAN("") },
    { "plain",                    SPAN("\"abc\""),                        SPAN("abc") },
    { "short escapes",            SPAN("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), SPAN("\"\\/\b\f\n\r\t") },
    { "text around escapes",      SPAN("\"a\\nb\\nc\""),                  SPAN("a\nb\nc") },
    { "1 byte of UTF-8",          SPAN("\"\\u0001\\u007f\""),             SPAN("\x01\x7F") },
    { "2 bytes",                  SPAN("\"\\u0080\\u07FF\""),             SPAN("\xC2\x80\xDF\xBF") },
    { "3 bytes",                  SPAN("\"\\u0800\\uD7ff\\uE000\\uffff\""),
      SPAN("\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF") },
    { "4 bytes",                  SPAN("\"\\ud800\\udc00\\uDBFF\\uDFFF\""), SPAN("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF") },
    { "raw beside escaped",       SPAN("\"\xE2\x82\xAC\\u20ac\""),        SPAN("\xE2\x82\xAC\xE2\x82\xAC") },
    { "escaped backslash, u",     SPAN("\"\\\\u0041\""),                  SPAN("\\u0041") },
    { "U+0000",                   SPAN("\"a\\u0000b\""),                  SPAN("a" FFFD "b") },
    { "high surrogate alone",     SPAN("\"\\ud834\""),                    SPAN(FFFD) },
    { "low surrogate alone",      SPAN("\"\\udd1e!\""),                   SPAN(FFFD "!") },
    { "low, then high",           SPAN("\"\\udd1e\\ud834\""),             SPAN(FFFD FFFD) },
    { "high, then a pair",        SPAN("\"\\ud834\\ud834\\udd1e\""),      SPAN(FFFD "\xF0\x9D\x84\x9E") },
    { "no string",                SPAN("12"),                             SPAN_NONE },
};

static void test_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct arena a = ARENA;
        struct span text = json_text(&a, parse(&a, texts[i].in));

        if (!span_eq(text, texts[i].text))
            fail_msg("%s: %.*s", texts[i].why, SPAN_ARG(text));
        arena_free(&a);
    }
}

static void test_text_without_escapes_is_a_view(void **state)
{
    struct span in = SPAN("\"no copy\"");
    struct arena a = ARENA;

    (void)state;
    assert_ptr_equal(json_text(&a, parse(&a, in)).p, in.p + 1);
    arena_free(&a);
}

/* ---- integers ---- */

static const struct { struct span in; bool ok; int64_t value; } integers[] = {
    { SPAN("0"), true, 0 },            { SPAN("-0"), true, 0 },             { SPAN("0.000"), true, 0 },
    { SPAN("0e99999999999"), true, 0 }, { SPAN("7"), true, 7 },             { SPAN("-7"), true, -7 },
    { SPAN("1e2"), true, 100 },        { SPAN("1E+2"), true, 100 },         { SPAN("1.50e1"), true, 15 },
    { SPAN("10e-1"), true, 1 },        { SPAN("100.00"), true, 100 },       { SPAN("0.001e3"), true, 1 },
    { SPAN("0.0120e3"), true, 12 },    { SPAN("12000e-3"), true, 12 },      { SPAN("9007199254740993"), true,
      9007199254740993 },
    { SPAN("9223372036854775807"), true, INT64_MAX },  { SPAN("-9223372036854775808"), true, INT64_MIN },
    { SPAN("9.223372036854775807e18"), true, INT64_MAX },
    { SPAN("9223372036854775808"), false, 0 },         { SPAN("-9223372036854775809"), false, 0 },
    { SPAN("18446744073709551616"), false, 0 },        { SPAN("99999999999999999999"), false, 0 },
    { SPAN("1e19"), false, 0 },        { SPAN("1e400"), false, 0 },         { SPAN("1e99999999999999999999"), false, 0 },
    { SPAN("1e-99999999999999999999"), false, 0 },
    { SPAN("1.5"), false, 0 },         { SPAN("0.1"), false, 0 },           { SPAN("15e-1"), false, 0 },
    { SPAN("1e-1"), false, 0 },        { SPAN("123.4e0"), false, 0 },       { SPAN("\"1\""), false, 0 },
    { SPAN("null"), false, 0 },        { SPAN("true"), false, 0 },
};

static void test_integers(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(integers); i++) {
        int64_t v = 0;

        if (json_i64(parse(&a, integers[i].in), &v) != integers[i].ok || v != integers[i].value)
            fail_msg("%s: %lld", integers[i].in.p, (long long)v);
    }
    arena_free(&a);
}

static void test_booleans(void **state)
{
    struct arena a = ARENA;
    bool v = false;

    (void)state;
    assert_true(json_bool(parse(&a, SPAN("true")), &v) && v);
    assert_true(json_bool(parse(&a, SPAN("false")), &v) && !v);
    assert_false(json_bool(parse(&a, SPAN("null")), &v));
    assert_false(json_bool(parse(&a, SPAN("1")), &v));
    arena_free(&a);
}

/* ---- equality ---- */

static const struct { const char *why; struct span x, y; bool equal; } pairs[] = {
    { "words",                        SPAN("[null,true,false]"),  SPAN("[null,true,false]"), true },
    { "true is not false",            SPAN("true"),               SPAN("false"),             false },
    { "null is not false",            SPAN("null"),               SPAN("false"),             false },
    { "number and string",            SPAN("10"),                 SPAN("\"10\""),            false },
    { "decimal places",               SPAN("1.10"),               SPAN("1.1"),               true },
    { "exponent",                     SPAN("100"),                SPAN("1e2"),               true },
    { "point anywhere",               SPAN("0.0123e4"),           SPAN("1.23E2"),            true },
    { "point in the middle",          SPAN("12.34e1"),            SPAN("1.234e2"),           true },
    { "minus zero",                   SPAN("-0"),                 SPAN("0.00e7"),            true },
    { "sign",                         SPAN("1"),                  SPAN("-1"),                false },
    { "2^53 and the next",            SPAN("9007199254740992"),   SPAN("9007199254740993"),  false },
    { "longer",                       SPAN("1.2"),                SPAN("1.23"),              false },
    { "another power",                SPAN("1e5"),                SPAN("1e6"),               false },
    { "huge, equal",                  SPAN("1e131071"),           SPAN("10e131070"),         true },
    { "out of bounds, same spelling", SPAN("1e99999999999"),      SPAN("1e99999999999"),     true },
    { "out of bounds, other",         SPAN("1e99999999999"),      SPAN("1e99999999998"),     false },
    { "escapes",                      SPAN("\"\\u0061/\""),       SPAN("\"a\\/\""),          true },
    { "another text",                 SPAN("\"a\""),              SPAN("\"b\""),             false },
    { "not normalised",               SPAN("\"\xC3\xA9\""),       SPAN("\"e\xCC\x81\""),     false },
    { "two lone surrogates",          SPAN("\"\\ud800\""),        SPAN("\"\\ud801\""),       false },
    { "lone surrogate and U+FFFD",    SPAN("\"\\ud800\""),        SPAN("\"" FFFD "\""),      false },
    { "lone surrogate in both cases", SPAN("\"\\ud8fF\""),        SPAN("\"\\uD8Ff\""),       true },
    { "order of elements",            SPAN("[1,2]"),              SPAN("[2,1]"),             false },
    { "fewer elements",               SPAN("[1,2]"),              SPAN("[1]"),               false },
    { "order of members",             SPAN("{\"a\":1,\"b\":[{}]}"), SPAN("{\"b\":[{}],\"a\":1.0}"), true },
    { "another value",                SPAN("{\"a\":1,\"b\":2}"),  SPAN("{\"b\":1,\"a\":2}"), false },
    { "another key",                  SPAN("{\"a\":1}"),          SPAN("{\"b\":1}"),         false },
    { "fewer members",                SPAN("{\"a\":1,\"b\":2}"),  SPAN("{\"a\":1}"),         false },
    { "key that starts alike",        SPAN("{\"a\":1}"),          SPAN("{\"ab\":1}"),        false },
    { "array and object",             SPAN("[]"),                 SPAN("{}"),                false },
    { "unstorable keys, other",       SPAN("{\"\\ud800\":1}"),    SPAN("{\"\\ud801\":1}"),   false },
    { "unstorable keys, same",        SPAN("{\"\\ud800\":1}"),    SPAN("{\"\\ud800\":1}"),   true },
};

static void test_equal(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        const struct json *x = parse(&a, pairs[i].x), *y = parse(&a, pairs[i].y);

        if (json_equal(&a, x, y) != pairs[i].equal || json_equal(&a, y, x) != pairs[i].equal)
            fail_msg("%s", pairs[i].why);
        assert_true(json_equal(&a, x, x));
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_without_escapes_is_a_view),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

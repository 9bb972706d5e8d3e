/*
 * Spans: comparing, cutting, numbers at their limits, and UTF-8 against the table of RFC 3629.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"

static void compares(void **state)
{
    (void)state;
    assert_true(span_eq(SPAN_NONE, SPAN("")));
    assert_false(span_eq(SPAN("a\0b"), SPAN("a\0c")));
    assert_true(span_ieq(SPAN("Content-Length"), SPAN("content-lENGTH")));
    assert_false(span_ieq(SPAN("a"), SPAN("ab")));
    assert_false(span_ieq(SPAN("["), SPAN("{")));           /* 0x20 apart, and no letters */
    assert_false(span_ieq(SPAN("\xC3\x84"), SPAN("\xC3\xA4")));
    assert_true(span_starts(SPAN("abc"), SPAN("ab")));
    assert_true(span_starts(SPAN_NONE, SPAN_NONE));
    assert_false(span_starts(SPAN("a"), SPAN("ab")));
    assert_true(span_ends(SPAN("abc"), SPAN("bc")));
    assert_false(span_ends(SPAN("c"), SPAN("bc")));
}

static void trims(void **state)
{
    (void)state;
    assert_true(span_is(span_trim(SPAN(" \t a b\t ")), "a b"));
    assert_true(span_is(span_trim(SPAN("\n")), "\n"));      /* only blanks and tabs */
    assert_int_equal(span_trim(SPAN("   ")).n, 0);
    assert_int_equal(span_trim(SPAN_NONE).n, 0);
    assert_true(span_is(span_drop(SPAN("abc"), 3), ""));
}

static void cuts(void **state)
{
    struct span s = SPAN("a,,b");

    (void)state;
    assert_true(span_is(span_cut(&s, ','), "a"));
    assert_true(span_is(span_cut(&s, ','), ""));
    assert_true(span_is(span_cut(&s, ','), "b"));
    assert_null(s.p);
    assert_int_equal(span_cut(&s, ',').n, 0);
    s = SPAN("end,");
    assert_true(span_is(span_cut(&s, ','), "end"));
    assert_int_equal(s.n, 0);
}

static void reads_numbers(void **state)
{
    static const struct {
        const char *why;
        struct span in;
        bool        u, i;
        uint64_t    unsigned_value;
        int64_t     value;
    } cases[] = {
        { "zero",              SPAN("0"),                    true,  true,  0, 0 },
        { "leading zeros",     SPAN("007"),                  true,  true,  7, 7 },
        { "minus",             SPAN("-5"),                   false, true,  0, -5 },
        { "largest signed",    SPAN("9223372036854775807"),  true,  true,  INT64_MAX, INT64_MAX },
        { "smallest signed",   SPAN("-9223372036854775808"), false, true,  0, INT64_MIN },
        { "below it",          SPAN("-9223372036854775809"), false, false, 0, 0 },
        { "above it",          SPAN("9223372036854775808"),  true,  false, (uint64_t)1 << 63, 0 },
        { "largest unsigned",  SPAN("18446744073709551615"), true,  false, UINT64_MAX, 0 },
        { "over by one",       SPAN("18446744073709551616"), false, false, 0, 0 },
        { "a digit more",      SPAN("99999999999999999999"), false, false, 0, 0 },
        { "empty",             SPAN(""),                     false, false, 0, 0 },
        { "only a sign",       SPAN("-"),                    false, false, 0, 0 },
        { "plus",              SPAN("+1"),                   false, false, 0, 0 },
        { "blank",             SPAN(" 1"),                   false, false, 0, 0 },
        { "two signs",         SPAN("--1"),                  false, false, 0, 0 },
        { "hexadecimal",       SPAN("0x10"),                 false, false, 0, 0 },
        { "NUL after it",      SPAN("1\0"),                  false, false, 0, 0 },
    };

    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
        uint64_t u = 0;
        int64_t i = 0;

        print_message("%s\n", cases[k].why);
        assert_int_equal(span_u64(cases[k].in, &u), cases[k].u);
        assert_int_equal(span_i64(cases[k].in, &i), cases[k].i);
        assert_true(u == cases[k].unsigned_value && i == cases[k].value);
    }
}

static void checks_utf8(void **state)
{
    static const struct { const char *why; struct span in; bool good; } cases[] = {
        { "empty",                     SPAN(""),                                 true  },
        { "NUL is a character",        SPAN("a\0b"),                             true  },
        { "two, three, four bytes",    SPAN("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), true },
        { "last before surrogates",    SPAN("\xED\x9F\xBF"),                     true  },
        { "first after surrogates",    SPAN("\xEE\x80\x80"),                     true  },
        { "U+10FFFF",                  SPAN("\xF4\x8F\xBF\xBF"),                 true  },
        { "U+110000",                  SPAN("\xF4\x90\x80\x80"),                 false },
        { "high surrogate",            SPAN("\xED\xA0\x80"),                     false },
        { "low surrogate",             SPAN("\xED\xBF\xBF"),                     false },
        { "overlong slash",            SPAN("\xC0\xAF"),                         false },
        { "overlong, three bytes",     SPAN("\xE0\x9F\xBF"),                     false },
        { "overlong, four bytes",      SPAN("\xF0\x8F\xBF\xBF"),                 false },
        { "overlong NUL",              SPAN("\xC0\x80"),                         false },
        { "continuation alone",        SPAN("\x80"),                             false },
        { "cut after one of two",      SPAN("\xC3"),                             false },
        { "cut after three of four",   SPAN("\xF0\x9F\x98"),                     false },
        { "third is no continuation",  SPAN("\xE2\x82\x41"),                     false },
        { "five bytes",                SPAN("\xF8\x88\x80\x80\x80"),             false },
        { "0xFF",                      SPAN("\xFF"),                             false },
        { "bad after a word of ASCII", SPAN("0123456789abcdef\x80"),             false },
        { "good across words",         SPAN("0123456\xC3\xA9xyz01234567\xE2\x82\xAC"), true },
    };

    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
        char *copy = malloc(cases[k].in.n);         /* exact size: the sanitizer sees one byte too many */

        print_message("%s\n", cases[k].why);
        memcpy(copy, cases[k].in.p, cases[k].in.n);
        assert_int_equal(span_utf8((struct span){ copy, cases[k].in.n }), cases[k].good);
        free(copy);
    }
    assert_int_equal(span_utf8_next(SPAN("\xE2\x82\xACx")), 3);
    assert_int_equal(span_utf8_next(SPAN_NONE), 0);
}

static void clips_between_characters(void **state)
{
    static const struct { const char *why; struct span in; size_t n, want; } cases[] = {
        { "short enough",         SPAN("abc"),                    3, 3 },
        { "plain",                SPAN("abcdef"),                 3, 3 },
        { "nothing",              SPAN_NONE,                      3, 0 },
        { "no room",              SPAN("abc"),                    0, 0 },
        { "after a character",    SPAN("a\xC3\xA9z"),             3, 3 },
        { "inside of two",        SPAN("a\xC3\xA9z"),             2, 1 },
        { "inside of four",       SPAN("a\xF0\x9D\x95\xBF"),      4, 1 },
        { "before one of four",   SPAN("ab\xF0\x9D\x95\xBF"),     2, 2 },
        { "no room for the one",  SPAN("\xE2\x82\xAC"),           2, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        print_message("%s\n", cases[i].why);
        assert_int_equal(span_clip(cases[i].in, cases[i].n).n, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),      cmocka_unit_test(trims),       cmocka_unit_test(cuts),
        cmocka_unit_test(reads_numbers), cmocka_unit_test(checks_utf8), cmocka_unit_test(clips_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

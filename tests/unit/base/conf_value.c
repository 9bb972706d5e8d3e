/*
 * Values of settings: every unit, every refusal, and the way back to text.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/conf_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/clock.h"

static const char *const words[] = { "red", "green", NULL };

static void parses(void **state)
{
    static const struct { enum conf_type type; struct span in; const char *why; int64_t value; } cases[] = {
        { CONF_COUNT,  SPAN("0"),        NULL, 0 },
        { CONF_COUNT,  SPAN("-7"),       NULL, -7 },
        { CONF_COUNT,  SPAN("1k"),       "is not a whole number", 0 },
        { CONF_COUNT,  SPAN(""),         "is not a whole number", 0 },
        { CONF_TIME,   SPAN("250us"),    NULL, 250 },
        { CONF_TIME,   SPAN("500ms"),    NULL, 500 * USEC_MS },
        { CONF_TIME,   SPAN("30s"),      NULL, 30 * USEC_S },
        { CONF_TIME,   SPAN("30 s"),     NULL, 30 * USEC_S },
        { CONF_TIME,   SPAN("5m"),       NULL, 300 * USEC_S },
        { CONF_TIME,   SPAN("1H"),       NULL, 3600 * USEC_S },
        { CONF_TIME,   SPAN("30d"),      NULL, 30 * 86400 * USEC_S },
        { CONF_TIME,   SPAN("0"),        NULL, 0 },
        { CONF_TIME,   SPAN("30"),       "has no unit: write it as 500ms, 30s, 5m, 1h or 30d", 0 },
        { CONF_TIME,   SPAN("1w"),       "has a unit that is not known", 0 },
        { CONF_TIME,   SPAN("1MiB"),     "has a unit that is not known", 0 },
        { CONF_TIME,   SPAN("1.5s"),     "is not a whole number with a unit", 0 },
        { CONF_TIME,   SPAN("-1s"),      "is not a whole number with a unit", 0 },
        { CONF_TIME,   SPAN("s"),        "is not a whole number with a unit", 0 },
        { CONF_TIME,   SPAN(""),         "is not a whole number with a unit", 0 },
        { CONF_TIME,   SPAN("300000000000d"), "is too large", 0 },
        { CONF_BYTES,  SPAN("16384"),    NULL, 16384 },
        { CONF_BYTES,  SPAN("16384B"),   NULL, 16384 },
        { CONF_BYTES,  SPAN("1MiB"),     NULL, 1 << 20 },
        { CONF_BYTES,  SPAN("25MB"),     NULL, 25000000 },
        { CONF_BYTES,  SPAN("2kib"),     NULL, 2048 },
        { CONF_BYTES,  SPAN("3kB"),      NULL, 3000 },
        { CONF_BYTES,  SPAN("1GiB"),     NULL, 1 << 30 },
        { CONF_BYTES,  SPAN("1s"),       "has a unit that is not known", 0 },
        { CONF_BYTES,  SPAN("9999999999999GB"), "is too large", 0 },
        { CONF_BOOL,   SPAN("true"),     NULL, 1 },
        { CONF_BOOL,   SPAN("Off"),      NULL, 0 },
        { CONF_BOOL,   SPAN("yes"),      NULL, 1 },
        { CONF_BOOL,   SPAN("0"),        NULL, 0 },
        { CONF_BOOL,   SPAN("2"),        "is neither true nor false", 0 },
        { CONF_CHOICE, SPAN("green"),    NULL, 1 },
        { CONF_CHOICE, SPAN("Green"),    "is none of the choices", 0 },
        { CONF_CHOICE, SPAN(""),         "is none of the choices", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t v = 0;
        const char *why = conf_value_parse(cases[i].type, cases[i].in, words, &v);

        print_message("\"%.*s\"\n", SPAN_ARG(cases[i].in));
        if (!cases[i].why || !why)
            assert_ptr_equal(why, cases[i].why);
        else
            assert_string_equal(why, cases[i].why);
        if (!why)
            assert_int_equal(v, cases[i].value);
    }
}

static void checks_texts(void **state)
{
    static const struct { enum conf_type type; struct span in; bool good; } cases[] = {
        { CONF_TEXT,    SPAN("any thing"),        true  }, { CONF_TEXT,    SPAN(""),                 false },
        { CONF_TEXT,    SPAN("a\0b"),             false }, { CONF_TEXT,    SPAN("a\nb"),             false },
        { CONF_TEXT,    SPAN("\xFF"),             false }, { CONF_TEXT,    SPAN("\xC3\xA9"),         true  },
        { CONF_SECRET,  SPAN("p"),                true  }, { CONF_SECRET,  SPAN(""),                 false },
        { CONF_ADDRESS, SPAN("127.0.0.1:8080"),   true  }, { CONF_ADDRESS, SPAN("[::1]:8080"),       true  },
        { CONF_ADDRESS, SPAN("localhost:0"),      true  }, { CONF_ADDRESS, SPAN("[::]:65535"),       true  },
        { CONF_ADDRESS, SPAN("127.0.0.1"),        false }, { CONF_ADDRESS, SPAN("127.0.0.1:"),       false },
        { CONF_ADDRESS, SPAN(":8080"),            false }, { CONF_ADDRESS, SPAN("127.0.0.1:65536"),  false },
        { CONF_ADDRESS, SPAN("::1:8080"),         false }, { CONF_ADDRESS, SPAN("[::1:8080"),        false },
        { CONF_ADDRESS, SPAN("a:http"),           false }, { CONF_ADDRESS, SPAN("[]:1"),             false },
        { CONF_ADDRESS, SPAN("a:-1"),             false },
    };
    int64_t v = 42;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        print_message("\"%.*s\"\n", SPAN_ARG(cases[i].in));
        assert_int_equal(conf_value_parse(cases[i].type, cases[i].in, NULL, &v) == NULL, cases[i].good);
    }
    assert_int_equal(v, 42);
}

static void writes_the_shortest(void **state)
{
    static const struct { enum conf_type type; int64_t value; const char *text; } cases[] = {
        { CONF_TIME,  3600 * USEC_S, "1h"   }, { CONF_TIME,  90 * USEC_S, "90s" }, { CONF_TIME,  1500, "1500us" },
        { CONF_TIME,  0,             "0"    }, { CONF_TIME,  30 * 86400 * USEC_S, "30d" },
        { CONF_BYTES, 1 << 20,       "1MiB" }, { CONF_BYTES, 25000000, "25000000" }, { CONF_BYTES, 0, "0" },
        { CONF_BYTES, 1536 << 10,    "1536KiB" }, { CONF_BOOL, 1, "true" }, { CONF_BOOL, 0, "false" },
        { CONF_CHOICE, 1,            "green" }, { CONF_COUNT, -3, "-3" },
    };
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *text = conf_value_text(&a, cases[i].type, cases[i].value, words);
        int64_t back = -99;

        assert_string_equal(text, cases[i].text);
        assert_null(conf_value_parse(cases[i].type, span_of(text), words, &back));
        assert_int_equal(back, cases[i].value);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses), cmocka_unit_test(checks_texts), cmocka_unit_test(writes_the_shortest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

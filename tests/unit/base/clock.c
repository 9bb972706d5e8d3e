/*
 * Time: the calendar against gmtime(), and the ends of its range.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/attr.h"

static void known_instants(void **state)
{
    static const struct { const char *why; usec wall; const char *text; } cases[] = {
        { "epoch",                   0,                               "1970-01-01T00:00:00.000000Z" },
        { "just before",             -1,                              "1969-12-31T23:59:59.999999Z" },
        { "leap day of a 400th year", 951782400 * USEC_S,             "2000-02-29T00:00:00.000000Z" },
        { "no leap day in 2100",     4107542400 * USEC_S,             "2100-03-01T00:00:00.000000Z" },
        { "microseconds",            1795527722 * USEC_S + 123456,    "2026-11-24T13:42:02.123456Z" },
        { "last second there is",    253402300799 * USEC_S + 999999,  "9999-12-31T23:59:59.999999Z" },
        { "after it",                INT64_MAX,                       "9999-12-31T23:59:59.999999Z" },
        { "before year one",         INT64_MIN,                       "0001-01-01T00:00:00.000000Z" },
    };
    char out[CLOCK_RFC3339];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        print_message("%s\n", cases[i].why);
        clock_rfc3339(cases[i].wall, out);
        assert_string_equal(out, cases[i].text);
    }
}

static void agrees_with_the_system(void **state)
{
    char ours[CLOCK_RFC3339], theirs[64];

    (void)state;
    for (time_t t = -62135596800; t < 253402300800; t += 86400L * 17 + 12345) {
        struct tm tm;

        gmtime_r(&t, &tm);
        snprintf(theirs, sizeof(theirs), "%04d-%02d-%02dT%02d:%02d:%02d.000000Z", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        clock_rfc3339(t * USEC_S, ours);
        if (strcmp(ours, theirs) != 0)
            assert_string_equal(ours, theirs);
    }
}

static void clocks_run(void **state)
{
    usec a = clock_now(), b = clock_now();

    (void)state;
    assert_true(a > 0 && a <= b);
    assert_true(llabs(clock_wall() / USEC_S - time(NULL)) <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_instants), cmocka_unit_test(agrees_with_the_system), cmocka_unit_test(clocks_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What passes here is cast by PostgreSQL, so nothing may pass that it would read otherwise or not at all.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/scalar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/attr.h"

static const struct { const char *why; struct span in; bool ok; int64_t at; } times[] = {
    { "the epoch",                SPAN("1970-01-01T00:00:00Z"),              true,  0 },
    { "microseconds",             SPAN("1970-01-01T00:00:00.000001Z"),       true,  1 },
    { "finer is dropped",         SPAN("1970-01-01T00:00:00.0000019Z"),      true,  1 },
    { "before the epoch",         SPAN("1969-12-31T23:59:59.5Z"),            true,  -500000 },
    { "east of Greenwich",        SPAN("1970-01-01T05:30:00+05:30"),         true,  0 },
    { "west of Greenwich",        SPAN("1969-12-31T16:00:00-08:00"),         true,  0 },
    { "small letters",            SPAN("1970-01-01t00:00:00z"),              true,  0 },
    { "leap day",                 SPAN("2024-02-29T00:00:00Z"),              true,  1709164800000000 },
    { "no leap day",              SPAN("2023-02-29T00:00:00Z"),              false, 0 },
    { "1900 was no leap year",    SPAN("1900-02-29T00:00:00Z"),              false, 0 },
    { "2000 was one",             SPAN("2000-02-29T00:00:00Z"),              true,  951782400000000 },
    { "31 April",                 SPAN("2024-04-31T00:00:00Z"),              false, 0 },
    { "month 13",                 SPAN("2024-13-01T00:00:00Z"),              false, 0 },
    { "year 0",                   SPAN("0000-01-01T00:00:00Z"),              false, 0 },
    { "hour 24",                  SPAN("2024-01-01T24:00:00Z"),              false, 0 },
    { "second 60",                SPAN("2024-01-01T00:00:60Z"),              false, 0 },
    { "no offset",                SPAN("2024-01-01T00:00:00"),               false, 0 },
    { "offset without colon",     SPAN("2024-01-01T00:00:00+0100"),          false, 0 },
    { "offset too far",           SPAN("2024-01-01T00:00:00+16:00"),         false, 0 },
    { "no fraction after the point", SPAN("2024-01-01T00:00:00.Z"),          false, 0 },
    { "a date is no time",        SPAN("2024-01-01"),                        false, 0 },
    { "something behind",         SPAN("2024-01-01T00:00:00Z "),             false, 0 },
    { "NUL for a separator",      SPAN("2024-01-01\0" "00:00:00Z"),          false, 0 },
    { "words",                    SPAN("now"),                               false, 0 },
    { "empty",                    SPAN(""),                                  false, 0 },
};

static void timestamps(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        int64_t at = 0;

        if (scalar_timestamp(times[i].in, &at) != times[i].ok || (times[i].ok && at != times[i].at))
            fail_msg("%s: %lld", times[i].why, (long long)at);
    }
}

static const struct { struct span in; bool ok; } dates[] = {
    { SPAN("2024-02-29"), true }, { SPAN("2023-02-29"), false }, { SPAN("2024-2-9"), false }, { SPAN("2024-02-29T"), false },
    { SPAN("20240229"), false }, { SPAN(""), false },
};

static void days(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(dates); i++)
        if (scalar_date(dates[i].in) != dates[i].ok)
            fail_msg("%.*s", SPAN_ARG(dates[i].in));
}

static const struct { struct span in; bool ok; int64_t before, behind; } numbers[] = {
    { SPAN("0"),        true,  0,  0 },  { SPAN("-12.50"),  true, 2, 1 },  { SPAN("1.10"),    true, 1, 1 },
    { SPAN("1e3"),      true,  4,  0 },  { SPAN("1.25e1"),  true, 2, 1 },  { SPAN("12e-3"),   true, 0, 3 },
    { SPAN("0.005"),    true,  0,  3 },  { SPAN("100"),     true, 3, 0 },  { SPAN("0e9"),     true, 0, 0 },
    { SPAN("01"),       false, 0,  0 },  { SPAN("1."),      false, 0, 0 }, { SPAN(".5"),      false, 0, 0 },
    { SPAN("+1"),       false, 0,  0 },  { SPAN("1e"),      false, 0, 0 }, { SPAN("1e99999"), false, 0, 0 },
    { SPAN("NaN"),      false, 0,  0 },  { SPAN(""),        false, 0, 0 }, { SPAN("-"),       false, 0, 0 },
};

static void digits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        int64_t before = -1, behind = -1;

        if (scalar_number(numbers[i].in) != numbers[i].ok)
            fail_msg("%.*s", SPAN_ARG(numbers[i].in));
        if (!numbers[i].ok)
            continue;
        scalar_digits(numbers[i].in, &before, &behind);
        if (before != numbers[i].before || behind != numbers[i].behind)
            fail_msg("%.*s: %lld before, %lld behind the point", SPAN_ARG(numbers[i].in), (long long)before, (long long)behind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timestamps),
        cmocka_unit_test(days),
        cmocka_unit_test(digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

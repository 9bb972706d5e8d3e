/*
 * What Prometheus makes of a series.  The numbers are those of its own documentation and source: extrapolation to the window's edges,
 * but not below zero; counters that begin anew.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/alert_series.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"

enum { INCREASE, LEAST, PREDICT, LAST };

#define MOST 16

static const struct {
    const char *why;
    int         what;
    double      values[MOST];       /* every 15 s, from 0 */
    int         n;
    double      window, want;       /* want NAN: too few */
} cases[] = {
    { "a whole window",                   INCREASE, { 0, 10, 20, 30, 40, 50, 60, 70 }, 8, 60, 40 },
    { "one sample",                       INCREASE, { 5 }, 1, 60, NAN },
    { "not below zero at the beginning",  INCREASE, { 0, 10 }, 2, 60, 10 },
    { "half an interval further back",    INCREASE, { 100, 110 }, 2, 60, 15 },
    { "a restart",                        INCREASE, { 100, 110, 120, 5, 15 }, 5, 60, 35 },
    { "it does not grow",                 INCREASE, { 3, 3, 3, 3, 3 }, 5, 60, 0 },
    { "the least",                        LEAST,    { 1, 9, 9, 2, 9 }, 5, 45, 2 },
    { "the least of what is within",      LEAST,    { 1, 9, 9, 9, 9 }, 5, 45, 9 },
    { "a line, 60 s ahead",               PREDICT,  { 0, 15, 30, 45, 60 }, 5, 60, 120 },
    { "no line",                          PREDICT,  { 4 }, 1, 60, NAN },
    { "the last",                         LAST,     { 1, 2, 3 }, 3, 0, 3 },
};

static double of(int what, const struct alert_series *s, double at, double window)
{
    switch (what) {
    case INCREASE: return alert_series_increase(s, at, window);
    case LEAST:    return alert_series_min(s, at, window);
    case PREDICT:  return alert_series_predict(s, at, window, 60);
    default:       return alert_series_last(s);
    }
}

static void test_functions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct alert_series s;
        double got;

        alert_series_init(&s, 6);
        for (int k = 0; k < cases[i].n; k++)
            alert_series_add(&s, k * 15, cases[i].values[k]);
        got = of(cases[i].what, &s, (cases[i].n - 1) * 15, cases[i].window);
        if (isnan(cases[i].want) ? !isnan(got) : fabs(got - cases[i].want) > 1e-9)
            fail_msg("%s: %g", cases[i].why, got);
        alert_series_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_functions) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

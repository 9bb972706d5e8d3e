/*
 * Shares of a quota, and when it will be used up.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/storage.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"

static const struct {
    const char *why;
    int64_t     quota, first, step;     /* bytes; one sample a minute */
    int         n;
    double      share, left;            /* left < 0: never */
} cases[] = {
    { "no quota",              0,    500, 10,  5,  0,    -1 },
    { "one sample says no pace", 1000, 500, 0,   1,  0.5,  -1 },
    { "it does not grow",      1000, 500, 0,   10, 0.5,  -1 },
    { "it shrinks",            1000, 500, -10, 10, 0.41, -1 },
    { "10 bytes a minute",     1000, 500, 10,  11, 0.6,  2400 },
    { "more than are kept",    2000, 0,   10,  101, 0.5, 6000 },
    { "used up",               100,  100, 0,   3,  1,    0 },
};

static void test_shares_and_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct storage s = { .quota = cases[i].quota };
        double left;

        for (int k = 0; k < cases[i].n; k++)
            storage_note(&s, 1000000000 + k * 60 * USEC_S, cases[i].first + k * cases[i].step);
        left = storage_time_to_full(&s);
        if (fabs(storage_share(&s) - cases[i].share) > 1e-9)
            fail_msg("%s: share %g", cases[i].why, storage_share(&s));
        if (cases[i].left < 0 ? !isinf(left) : fabs(left - cases[i].left) > 1e-3)
            fail_msg("%s: %g s left", cases[i].why, left);
    }
}

static void test_the_soft_stop_is_before_the_provider_and_after_the_warning(void **state)
{
    (void)state;
    assert_true(STORAGE_WARN < STORAGE_STOP && STORAGE_STOP < 0.95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_and_times),
        cmocka_unit_test(test_the_soft_stop_is_before_the_provider_and_after_the_warning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

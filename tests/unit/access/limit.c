/*
 * The bucket: how much at once, how fast again, and that the wait it names is the right one.
 */
// SPDX-License-Identifier: Apache-2.0
#include "access/limit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int taken_at(struct limit *l, int64_t rate, usec now)
{
    struct err e = { 0 };
    int n = 0;

    while (n < 10000000 && limit_take(l, rate, now, &e))
        n++;
    return n;
}

static void burst_is_two_seconds_worth(void **state)
{
    static const int64_t rates[] = { 1, 3, 10, 100, 40000 };

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct limit l = { 0 };

        assert_in_range(taken_at(&l, rates[i], 50 * USEC_S), 2 * rates[i], 2 * rates[i] + 1);
    }
}

static void refills_with_time(void **state)
{
    struct limit l = { 0 };
    usec now = 50 * USEC_S;

    (void)state;
    assert_int_equal(taken_at(&l, 10, now), 20);
    assert_int_equal(taken_at(&l, 10, now + 99 * USEC_MS), 0);
    assert_int_equal(taken_at(&l, 10, now + 100 * USEC_MS), 1);
    assert_int_equal(taken_at(&l, 10, now + 600 * USEC_MS), 5);
    assert_int_equal(taken_at(&l, 10, now + 3600 * USEC_S), 20);       /* never more than it holds */
}

/* Over ten seconds: ten seconds' worth and the burst, however often it is asked. */
static void rate_holds_over_time(void **state)
{
    struct limit l = { 0 };
    int n = 0;

    (void)state;
    for (usec t = 0; t <= 10 * USEC_S; t += 7 * USEC_MS)
        n += taken_at(&l, 50, 50 * USEC_S + t);
    assert_in_range(n, 595, 601);
}

static void named_wait_is_enough_and_needed(void **state)
{
    static const int64_t rates[] = { 1, 7, 50, 999 };

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct limit l = { 0 };
        usec now = 50 * USEC_S;
        struct err e = { 0 };

        (void)taken_at(&l, rates[i], now);
        assert_false(limit_take(&l, rates[i], now, &e));
        assert_int_equal(e.kind, E_RATE);
        assert_true(e.retry_after_ms > 0);
        assert_true(e.retry_after_ms <= 1000 / rates[i] + 2);
        assert_true(limit_take(&l, rates[i], now + e.retry_after_ms * USEC_MS, &e));
    }
}

static void refusals_cost_nothing(void **state)
{
    struct limit l = { 0 };
    usec now = 50 * USEC_S;
    struct err e = { 0 };

    (void)state;
    (void)taken_at(&l, 10, now);
    for (int i = 0; i < 1000; i++)
        assert_false(limit_take(&l, 10, now, &e));
    assert_true(limit_take(&l, 10, now + 100 * USEC_MS, &e));
}

/* A million a second is cheaper than the clock's unit allows: it must still end. */
static void very_fast_is_still_a_limit(void **state)
{
    struct limit l = { 0 };

    (void)state;
    assert_int_equal(taken_at(&l, 5000000, 50 * USEC_S), 2000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(burst_is_two_seconds_worth), cmocka_unit_test(refills_with_time), cmocka_unit_test(rate_holds_over_time),
        cmocka_unit_test(named_wait_is_enough_and_needed), cmocka_unit_test(refusals_cost_nothing), cmocka_unit_test(very_fast_is_still_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

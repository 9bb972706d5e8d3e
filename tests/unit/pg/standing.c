/*
 * When a queue stands: a table, and simulated arrivals of many kinds.  Time is made up; nothing waits.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/standing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"

#define TARGET  (100 * USEC_MS)
#define TIMEOUT (30 * USEC_S)
#define NOBODY  -1

/* ---- interval by interval ---- */

static void test_intervals(void **state)
{
    static const struct {
        const char *why;
        usec left, left2, oldest;           /* waits in ms of those who left, NOBODY; and of the first in line */
        int want;
    } steps[] = {
        { "nobody, nothing",                NOBODY, NOBODY,   0, 0 },
        { "short waits",                         5,     20,  10, 0 },
        { "one short wait among long ones",    400,     20, 300, 0 },
        { "only long ones",                    400,    300, 300, 1 },
        { "still",                             150,    101, 100, 2 },
        { "nobody left, and the first waits", NOBODY, NOBODY, 500, 3 },
        { "a short wait ends it",              400,     99, 300, 0 },
        { "long again",                        200, NOBODY, 200, 1 },
        { "the queue is empty",                200, NOBODY,   0, 0 },
    };
    struct standing s = { 0 };
    usec now = USEC_S;

    (void)state;
    standing_look(&s, now, 0, TARGET);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        const usec left[] = { steps[i].left, steps[i].left2 };

        for (int k = 0; k < 2; k++)
            if (left[k] != NOBODY)
                standing_left(&s, left[k] * USEC_MS, TARGET);
        standing_look(&s, now + STANDING_INTERVAL / 2, steps[i].oldest * USEC_MS, TARGET);      /* in the middle: no verdict */
        now += STANDING_INTERVAL;
        standing_look(&s, now, steps[i].oldest * USEC_MS, TARGET);
        if (s.intervals != steps[i].want)
            fail_msg("%s: %d intervals, not %d", steps[i].why, s.intervals, steps[i].want);
    }
}

static void test_limits(void **state)
{
    static const struct { int intervals; usec timeout, want; } cases[] = {
        { 0, 30 * USEC_S, 30 * USEC_S }, { 2, 30 * USEC_S, 30 * USEC_S }, { 3, 30 * USEC_S, 15 * USEC_S }, { 99, 30 * USEC_S, 3 * USEC_S },
        { STANDING_MOST - 1, 30 * USEC_S, USEC_S }, { STANDING_MOST - 1, USEC_S, 2 * TARGET },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct standing s = { .intervals = cases[i].intervals };

        assert_int_equal(standing_limit(&s, cases[i].timeout, TARGET), cases[i].want);
    }
}

/* ---- simulated ---- */

#define QUEUE 200000

struct crowd {
    struct standing s;
    usec   now, came[QUEUE];
    int    first, n;
    double rate, credit, arriving;          /* per ms: served, saved up, arriving */
    int    shed, served;
    usec   longest;                         /* wait of one that was served */
};

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(*seed >> 1) * below >> 31);
}

static void arrive(struct crowd *c)
{
    usec wait = (usec)(c->n / c->rate) * USEC_MS;

    if (c->s.intervals > 0 && wait > standing_limit(&c->s, TIMEOUT, TARGET))
        c->shed++;
    else if (c->n < QUEUE)
        c->came[(c->first + c->n++) % QUEUE] = c->now;
}

static void serve(struct crowd *c)
{
    for (c->credit += c->rate; c->credit >= 1 && c->n > 0; c->credit--) {
        usec waited = c->now - c->came[c->first];

        standing_left(&c->s, waited, TARGET);
        c->longest = waited > c->longest ? waited : c->longest;
        c->first = (c->first + 1) % QUEUE;
        c->n--;
        c->served++;
    }
    if (c->n == 0)
        c->credit = 0;
}

/* `burst` arrive at once each `every` ms, besides what arrives all the time. */
static void simulate(struct crowd *c, int ms, double rate_in, int burst, int every, uint32_t *seed)
{
    c->longest = c->shed = c->served = 0;
    for (int i = 0; i < ms; i++) {
        c->now += USEC_MS;
        for (c->arriving += rate_in * draw(seed, 2000) / 1000.0; c->arriving >= 1; c->arriving--)
            arrive(c);
        for (int k = 0; burst && i % every == 0 && k < burst; k++)
            arrive(c);
        serve(c);
        standing_look(&c->s, c->now, c->n ? c->now - c->came[c->first] : 0, TARGET);
    }
}

/* Bursts of up to a second's work, on a server that has otherwise little to do: nobody is refused. */
static void test_bursts_are_let_be(void **state)
{
    static struct crowd c;

    (void)state;
    for (uint32_t seed = 1, round = 0; round < 40; round++) {
        double rate = 1 + draw(&seed, 20);

        c = (struct crowd){ .rate = rate, .now = USEC_S };
        simulate(&c, 20000, rate * 0.3, (int)(rate * (100 + draw(&seed, 900))), 2000, &seed);
        assert_int_equal(c.shed, 0);
        assert_true(c.served > 0);
    }
}

/* More comes than can be served: waits get short, nothing of the server's time is lost, and it ends when the crowd has gone. */
static void test_overload_is_shed(void **state)
{
    static struct crowd c;

    (void)state;
    for (uint32_t seed = 7, round = 0; round < 20; round++) {
        double rate = 1 + draw(&seed, 5), over = 1.2 + draw(&seed, 20) / 10.0;

        c = (struct crowd){ .rate = rate, .now = USEC_S };
        simulate(&c, 100000, rate * over, 0, 1, &seed);
        simulate(&c, 20000, rate * over, 0, 1, &seed);
        assert_true(c.shed > 0);
        assert_in_range(c.longest, TARGET, 1200 * USEC_MS);
        assert_true(c.served >= 20000 * rate * 0.99);
        simulate(&c, 5000, rate * 0.5, 0, 1, &seed);
        simulate(&c, 5000, rate * 0.5, 0, 1, &seed);
        assert_int_equal(c.shed, 0);
        assert_int_equal(c.s.intervals, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_bursts_are_let_be),
        cmocka_unit_test(test_overload_is_shed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

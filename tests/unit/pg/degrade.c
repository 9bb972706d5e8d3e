/*
 * Near exhaustion: when it is declared, what is let in then, and when it is over.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/degrade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"

static void test_after_a_while(void **state)
{
    static const struct { const char *why; int at, needed; bool on, turned; } steps[] = {
        { "quiet",                  0,  3, false, false },
        { "four fifths exactly",    1,  8, false, false },
        { "above",                  2,  9, false, false },
        { "not long enough",        6, 30, false, false },
        { "a pause",                7,  8, false, false },
        { "above again",            8, 10, false, false },
        { "for long enough",       13, 10, true,  true  },
        { "still",                 20, 12, true,  false },
        { "below",                 21,  8, false, true  },
        { "anew, from its start",  22, 10, false, false },
    };
    struct degrade d = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        bool turned = degrade_look(&d, (100 + steps[i].at) * USEC_S, steps[i].needed, 10, 5 * USEC_S);

        if (d.on != steps[i].on || turned != steps[i].turned)
            fail_msg("%s: on %d, turned %d", steps[i].why, d.on, turned);
    }
}

static void test_never(void **state)
{
    struct degrade d = { 0 };

    (void)state;
    for (usec now = USEC_S; now < 1000 * USEC_S; now += USEC_S)
        assert_false(degrade_look(&d, now, 10, 10, 0));
}

static void test_the_reserve(void **state)
{
    struct degrade off = { 0 }, on = { .on = true };

    (void)state;
    assert_true(degrade_admits(&off, 1000, 10));
    assert_true(degrade_admits(&on, 11, 10));
    assert_false(degrade_admits(&on, 12, 10));
    assert_true(degrade_admits(&on, 1, 1));
    assert_false(degrade_admits(&on, 2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_a_while),
        cmocka_unit_test(test_never),
        cmocka_unit_test(test_the_reserve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "ops/retries.h"

#define WHO 0x5eed0001u

struct came { usec at; bool refused; usec wait; };

static const struct {
    const char *why;
    struct came came[4];
    uint64_t    graded[RETRIES_GRADES];     /* served, refused again, early */
} cases[] = {
    { "nobody was sent away",              { { 1, false, 0 }, { 2, false, 0 } },                                                       { 0, 0, 0 } },
    { "came as told and was served",       { { 1, true, USEC_S }, { 1 + USEC_S, false, 0 } },                                { 1, 0, 0 } },
    { "came as told, and again in vain",   { { 1, true, USEC_S }, { 2 * USEC_S, true, USEC_S } },                  { 0, 1, 0 } },
    { "the second estimate was right",     { { 1, true, USEC_S }, { 2 * USEC_S, true, USEC_S }, { 4 * USEC_S, false, 0 } },  { 1, 1, 0 } },
    { "too early says nothing",            { { 1, true, USEC_S }, { USEC_S / 2, false, 0 }, { 2 * USEC_S, false, 0 } },                { 1, 0, 1 } },
    { "a clock a little ahead is forgiven", { { 1, true, USEC_S }, { USEC_S - 40 * USEC_MS, false, 0 } },                    { 1, 0, 0 } },
    { "after a minute it is a new request", { { 1, true, USEC_S }, { 62 * USEC_S, false, 0 } },                              { 0, 0, 0 } },
    { "graded once",                       { { 1, true, USEC_S }, { 2 * USEC_S, false, 0 }, { 3 * USEC_S, false, 0 } },                { 1, 0, 0 } },
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct retries *r = calloc(1, sizeof *r);

        assert_non_null(r);
        for (size_t k = 0; k < ARRAY_LEN(cases[i].came) && cases[i].came[k].at > 0; k++)
            retries_answered(r, WHO, cases[i].came[k].at, cases[i].came[k].refused, cases[i].came[k].wait);
        for (int g = 0; g < RETRIES_GRADES; g++)
            if (r->graded[g] != cases[i].graded[g])
                fail_msg("%s: grade %d is %llu, not %llu", cases[i].why, g, (unsigned long long)r->graded[g], (unsigned long long)cases[i].graded[g]);
        free(r);
    }
}

static void test_others_are_not_mistaken(void **state)
{
    struct retries *r = calloc(1, sizeof *r);

    (void)state;
    assert_non_null(r);
    retries_answered(r, WHO, 1, true, USEC_S);
    retries_answered(r, WHO + 1, 2 * USEC_S, false, 0);
    retries_answered(r, WHO + RETRIES_PLACES, 2 * USEC_S, true, USEC_S);        /* takes the place */
    retries_answered(r, WHO, 2 * USEC_S, false, 0);
    for (int g = 0; g < RETRIES_GRADES; g++)
        assert_int_equal(r->graded[g], 0);
    assert_true(retries_live(r, 60 * USEC_S));
    assert_false(retries_live(r, 64 * USEC_S));
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases), cmocka_unit_test(test_others_are_not_mistaken) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

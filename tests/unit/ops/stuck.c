/*
 * Busy is not stuck.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/stuck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

/* One letter a reading: - there is room, b full and something came back, s full and nothing came back. */
static const struct { const char *why, *readings; bool want; } cases[] = {
    { "room",                            "----------------",   false },
    { "busy for long",                   "bbbbbbbbbbbbbbbbbbb", false },
    { "one too few",                     "bsssssssss",         false },
    { "full, and nothing comes back",    "bssssssssss",        true  },
    { "something came back in between",  "bsssssssssbsssss",   false },
    { "room in between",                 "bsssssssss-sssss",   false },
    { "over when one comes back",        "bssssssssssssb",     false },
};

static void test_readings(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stuck s = { 0 };
        uint64_t returns = 7;

        for (const char *r = cases[i].readings; *r; r++) {
            returns += *r == 'b';
            stuck_read(&s, *r != '-', returns);
        }
        if (stuck_is(&s) != cases[i].want)
            fail_msg("%s", cases[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_readings) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

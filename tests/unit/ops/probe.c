/*
 * What an error of the probe means, and what follows from it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

static const struct {
    const char          *why;
    enum err_kind        kind;
    const char          *sqlstate;
    bool                 down;
    enum connect_outcome last;
    enum probe_result    want;
} cases[] = {
    { "no error",                                E_NONE,      "",      false, CONNECT_OK,      PROBE_OK },
    { "a standby",                               E_READ_ONLY, "25006", false, CONNECT_OK,      PROBE_READ_ONLY },
    { "the pool knows it",                       E_READ_ONLY, "",      false, CONNECT_OK,      PROBE_READ_ONLY },
    { "no room",                                 E_STORAGE,   "53100", false, CONNECT_OK,      PROBE_DISK_FULL },
    { "the provider's limit",                    E_STORAGE,   "53400", false, CONNECT_OK,      PROBE_QUOTA },
    { "another locks the table",                 E_BUSY_ROW,  "55P03", false, CONNECT_OK,      PROBE_LOCK },
    { "the statement was cut off",               E_TIMEOUT,   "57014", false, CONNECT_OK,      PROBE_SLOW },
    { "the password is another",                 E_DATABASE,  "28P01", true,  CONNECT_AUTH,    PROBE_AUTH },
    { "refused while others are still connected", E_BUSY,     "",      false, CONNECT_AUTH,    PROBE_AUTH },
    { "the session was ended",                   E_DATABASE,  "57P01", false, CONNECT_OK,      PROBE_UNREACHABLE },
    { "nothing listens",                         E_DATABASE,  "",      true,  CONNECT_REFUSED, PROBE_UNREACHABLE },
    { "all are busy",                            E_BUSY,      "",      false, CONNECT_OK,      PROBE_BUSY },
    { "no connection at all",                    E_BUSY,      "",      true,  CONNECT_TIMEOUT, PROBE_UNREACHABLE },
    { "a right was taken away",                  E_FORBIDDEN, "42501", false, CONNECT_OK,      PROBE_ERROR },
};

static void test_classes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = { .kind = cases[i].kind };

        snprintf(e.sqlstate, sizeof e.sqlstate, "%s", cases[i].sqlstate);
        if (probe_classify(&e, cases[i].down, cases[i].last) != cases[i].want)
            fail_msg("%s: %s", cases[i].why, probe_info(probe_classify(&e, cases[i].down, cases[i].last))->name);
    }
}

/* Every class has a name of its own; only what fails degrades, and what degrades lets reading go on. */
static void test_what_follows(void **state)
{
    (void)state;
    for (int r = 0; r < PROBE_RESULTS; r++) {
        const struct probe_info *info = probe_info((enum probe_result)r);

        assert_non_null(info->name);
        for (int k = 0; k < r; k++)
            assert_string_not_equal(info->name, probe_info((enum probe_result)k)->name);
        assert_true(!info->degrades || (info->status == HEALTH_FAIL && info->reads_go_on));
    }
    assert_int_equal(probe_info(PROBE_OK)->status, HEALTH_PASS);
    assert_int_equal(probe_info(PROBE_BUSY)->status, HEALTH_WARN);
    assert_int_equal(probe_info(PROBE_COMMIT_WAIT)->status, HEALTH_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_what_follows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

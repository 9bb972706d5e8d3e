/*
 * Names become slugs that the table takes.  What needs a database is in tests/integration/test_access.py.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/tenant.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct { const char *why, *name, *want; } cases[] = {
    { "one word",                 "Default",              "default"        },
    { "several words",            "Acme Interviews GmbH", "acme-interviews-gmbh" },
    { "signs become one hyphen",  "Zed & Co.",            "zed-co"         },
    { "not at the ends",          "  (Zed)  ",            "zed"            },
    { "digits",                   "24 Seven",             "24-seven"       },
    { "a slug stays",             "my-org-1",             "my-org-1"       },
    { "what is not ASCII",        "M\xC3\xBCller",        "m-ller"         },
    { "nothing is left",          "\xE2\x9C\x93 !",       NULL             },
    { "nothing",                  "",                     NULL             },
    { "cut, and no hyphen left",  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbb",
                                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
};

static void names_become_slugs(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *got = tenant_slug(&a, span_of(cases[i].name));

        if (cases[i].want ? !got || strcmp(got, cases[i].want) != 0 : got != NULL)
            fail_msg("%s: %s", cases[i].why, got ? got : "nothing");
        /* Made once, it stays. */
        if (got)
            assert_string_equal(tenant_slug(&a, span_of(got)), got);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(names_become_slugs) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

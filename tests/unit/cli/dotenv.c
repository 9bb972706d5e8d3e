/*
 * .env files as people write them: what is found in them, and that setting one value leaves the rest alone.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/dotenv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"

static const struct { const char *why, *text, *want; } found[] = {
    { "plain",                        "A=1",                             "1"     },
    { "among others",                 "X=0\nA=1\nB=2\n",                 "1"     },
    { "the last one counts",          "A=1\nA=2\n",                      "2"     },
    { "double quotes",                "A=\"x y\"\n",                     "x y"   },
    { "single quotes",                "A='x y'\n",                       "x y"   },
    { "a quote that is not closed",   "A=\"xy\n",                        "\"xy"  },
    { "exported",                     "export A=1\n",                    "1"     },
    { "blanks around",                "  A = 1  \n",                     "1"     },
    { "Windows line ends",            "A=1\r\nB=2\r\n",                  "1"     },
    { "comment behind",               "A=1 # one\n",                     "1"     },
    { "hash inside",                  "A=x#y\n",                         "x#y"   },
    { "hash inside quotes",           "A=\"x # y\" # z\n",               "x # y" },
    { "equals sign in the value",     "A=x=y\n",                         "x=y"   },
    { "commented out",                "#A=1\n",                          NULL    },
    { "a longer name",                "AA=1\nA_B=2\n",                   NULL    },
    { "empty is not set",             "A=\n",                            NULL    },
    { "empty quotes too",             "A=\"\"\n",                        NULL    },
    { "no equals sign",               "A\n",                             NULL    },
    { "nothing",                      "",                                NULL    },
};

static void values_are_found(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(found); i++) {
        const char *got = dotenv_find(&a, span_of(found[i].text), "A");

        if (found[i].want ? !got || strcmp(got, found[i].want) != 0 : got != NULL)
            fail_msg("%s: got %s", found[i].why, got ? got : "nothing");
    }
    arena_free(&a);
}

static const struct { const char *why, *text, *value, *want; } changes[] = {
    { "into nothing",                 "",                      "1",         "A=1\n"                   },
    { "at the end",                   "B=2\n",                 "1",         "B=2\nA=1\n"              },
    { "last line without its end",    "B=2",                   "1",         "B=2\nA=1\n"              },
    { "in place",                     "B=2\nA=0\nC=3\n",       "1",         "B=2\nA=1\nC=3\n"         },
    { "twice there, once after",      "A=0\nB=2\nA=9\n",       "1",         "A=1\nB=2\n"              },
    { "comments and blanks stay",     "# A=5\n\n B = 2 \n",    "1",         "# A=5\n\n B = 2 \nA=1\n" },
    { "exported",                     "export A=0\n",          "1",         "A=1\n"                   },
    { "a URL needs no quotes",        "",                      "pg://u:p@h:1/d?m=x", "A=pg://u:p@h:1/d?m=x\n" },
    { "an ampersand does",            "",                      "x&y",       "A=\"x&y\"\n"             },
    { "brackets do",                  "",                      "[::1]",     "A=\"[::1]\"\n"           },
};

static void one_line_is_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        struct buf out = BUF(4096);

        dotenv_set(&out, span_of(changes[i].text), "A", changes[i].value);
        if (!span_is(buf_span(&out), changes[i].want))
            fail_msg("%s: got %.*s", changes[i].why, SPAN_ARG(buf_span(&out)));
        buf_free(&out);
    }
}

static void what_is_set_is_found(void **state)
{
    static const char *const values[] = { "1", "postgresql://u:p%40@h/d?a=b&c=d", "x y", "a#b", "a # b", "$HOME" };
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct buf out = BUF(4096);

        dotenv_set(&out, SPAN("B=1\n"), "A", values[i]);
        assert_string_equal(dotenv_find(&a, buf_span(&out), "A"), values[i]);
        assert_string_equal(dotenv_find(&a, buf_span(&out), "B"), "1");
        buf_free(&out);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found), cmocka_unit_test(one_line_is_set), cmocka_unit_test(what_is_set_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

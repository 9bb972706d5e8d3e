/*
 * What a list of scopes allows, and which words are scopes at all.
 */
// SPDX-License-Identifier: Apache-2.0
#include "access/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"

static const struct { const char *why, *have, *resource, *action; bool want; } cases[] = {
    { "exactly",                          "sessions:read",                "sessions",   "read",  true  },
    { "another action",                   "sessions:read",                "sessions",   "write", false },
    { "another resource",                 "sessions:read",                "candidates", "read",  false },
    { "the second of two",                "candidates:read sessions:read", "sessions",  "read",  true  },
    { "not mixed from two",               "candidates:write sessions:read", "candidates", "read", false },
    { "everything",                       "*",                            "sessions",   "purge", true  },
    { "everything among others",          "a:read * b:read",              "sessions",   "purge", true  },
    { "any action",                       "sessions:*",                   "sessions",   "purge", true  },
    { "any action elsewhere",             "sessions:*",                   "candidates", "read",  false },
    { "any resource",                     "*:read",                       "sessions",   "read",  true  },
    { "any resource, another action",     "*:read",                       "sessions",   "write", false },
    { "any resource and action",          "*:*",                          "sessions",   "admin", true  },
    { "read does not come with write",    "sessions:write",               "sessions",   "read",  false },
    { "a prefix of the resource",         "session:read",                 "sessions",   "read",  false },
    { "a longer resource",                "sessions2:read",               "sessions",   "read",  false },
    { "a prefix of the action",           "sessions:rea",                 "sessions",   "read",  false },
    { "no action",                        "sessions",                     "sessions",   "read",  false },
    { "no resource",                      ":read",                        "sessions",   "read",  false },
    { "two colons",                       "sessions:read:x",              "sessions",   "read",  false },
    { "case counts",                      "Sessions:Read",                "sessions",   "read",  false },
    { "star is a word, no pattern",       "sess*:read",                   "sessions",   "read",  false },
    { "blanks between",                   "  a:read   sessions:read ",    "sessions",   "read",  true  },
    { "only blanks",                      "   ",                          "sessions",   "read",  false },
    { "none",                             "",                             "sessions",   "read",  false },
    { "what is about no resource",        "sessions:read",                "*",          "read",  false },
    { "what is about no resource, any",   "*:read",                       "*",          "read",  true  },
};

static void lists_allow(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (scope_allows(span_of(cases[i].have), cases[i].resource, cases[i].action) != cases[i].want)
            fail_msg("%s: \"%s\" for %s:%s", cases[i].why, cases[i].have, cases[i].resource, cases[i].action);
    assert_false(scope_allows(SPAN_NONE, "sessions", "read"));
}

static const struct { const char *scope; bool valid; } words[] = {
    { "*", true },               { "sessions:read", true },    { "sessions:*", true },      { "*:read", true },      { "*:*", true },
    { "job_posts2:admin", true }, { "a:purge", true },         { "a:delete", true },        { "a:write", true },
    { "", false },               { "sessions", false },        { "sessions:", false },      { ":read", false },      { ":", false },
    { "**", false },             { "*:", false },              { "sessions:reads", false }, { "sessions:READ", false },
    { "Sessions:read", false },  { "2a:read", false },         { "_a:read", false },        { "a-b:read", false },
    { "a:read:b", false },       { "a b:read", false },        { "a:read ", false },        { "\xC3\xA4:read", false },
};

static void words_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (scope_valid(span_of(words[i].scope)) != words[i].valid)
            fail_msg("\"%s\" should %sbe a scope", words[i].scope, words[i].valid ? "" : "not ");
    assert_false(scope_valid(SPAN("a:read\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lists_allow), cmocka_unit_test(words_are_judged) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

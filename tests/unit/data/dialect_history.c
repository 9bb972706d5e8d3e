/*
 * How far a history that was sent is the one that is kept.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/dialect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HUMAN(text, more) "{\"type\":\"human\",\"data\":{\"content\":\"" text "\"" more "}}"

static const struct {
    const char *why, *sent, *kept;          /* LangChain's; kept is read as if it had been stored */
    size_t      common;
} cases[] = {
    { "nothing and nothing",      "[]",                                      "[]",                                   0 },
    { "all is new",               "[" HUMAN("a", "") "]",                    "[]",                                   0 },
    { "the same",                 "[" HUMAN("a", "") "]",                    "[" HUMAN("a", "") "]",                 1 },
    { "one more",                 "[" HUMAN("a", "") "," HUMAN("b", "") "]", "[" HUMAN("a", "") "]",                 1 },
    { "one less",                 "[]",                                      "[" HUMAN("a", "") "]",                 0 },
    { "another",                  "[" HUMAN("b", "") "]",                    "[" HUMAN("a", "") "]",                 0 },
    { "null is absent",           "[" HUMAN("a", ",\"name\":null") "]",      "[" HUMAN("a", "") "]",                 1 },
    { "nothing said of its id",   "[" HUMAN("a", "") "]",                    "[" HUMAN("a", ",\"id\":\"1\"") "]",    1 },
    { "an id it has not",         "[" HUMAN("a", ",\"id\":\"1\"") "]",       "[" HUMAN("a", "") "]",                 0 },
    { "another id",               "[" HUMAN("a", ",\"id\":\"1\"") "]",       "[" HUMAN("a", ",\"id\":\"2\"") "]",    0 },
    { "a number otherwise",       "[" HUMAN("a", ",\"x\":1.0") "]",          "[" HUMAN("a", ",\"x\":1") "]",         1 },
    { "a member it has not",      "[" HUMAN("a", ",\"x\":1") "]",            "[" HUMAN("a", "") "]",                 0 },
    { "a member left out",        "[" HUMAN("a", "") "]",                    "[" HUMAN("a", ",\"x\":1") "]",         0 },
};

static size_t read_all(struct arena *a, const char *text, const struct json **out)
{
    struct err e = { 0 };
    struct json *array;
    size_t n = 0;

    assert_true(json_parse(a, span_of(text), &array, &e));
    for (const struct json *v = array->first; v; v = v->next)
        assert_true(dialect_read(a, DIALECT_LANGCHAIN_JS, v, "", &out[n++], &e));
    return n;
}

static void test_common(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a = ARENA;
        struct err e = { 0 };
        const struct json *sent[4], *kept[4];
        size_t n = read_all(&a, cases[i].sent, sent), nkept = read_all(&a, cases[i].kept, kept), there, common;

        assert_true(dialect_common(&a, DIALECT_LANGCHAIN_JS, sent, n, kept, nkept, &there, &common, &e));
        if (common != cases[i].common || there != nkept)
            fail_msg("%s: %zu of %zu", cases[i].why, common, there);
        arena_free(&a);
    }
}

static const struct { const char *first; bool known; enum dialect dialect; } spellings[] = {
    { "{\"type\":\"human\",\"data\":{\"content\":\"a\"}}",                             true,  DIALECT_LANGCHAIN_JS },
    { "{\"type\":\"human\",\"data\":{\"content\":\"a\",\"type\":\"human\"}}",          true,  DIALECT_LANGCHAIN_PY },
    { "{\"lc\":1,\"type\":\"constructor\",\"id\":[\"HumanMessage\"],\"kwargs\":{}}",   true,  DIALECT_LC },
    { "{\"type\":\"human\",\"content\":\"flat\"}",                                     true,  DIALECT_LANGCHAIN_JS },
    { "{\"role\":\"user\",\"content\":\"a\"}",                                         false, DIALECT_LANGCHAIN_JS },
    { "{\"type\":1}",                                                                  false, DIALECT_LANGCHAIN_JS },
    { "7",                                                                             false, DIALECT_LANGCHAIN_JS },
};

static void test_guess(void **state)
{
    enum dialect d;

    (void)state;
    assert_true(dialect_guess(NULL, &d) && d == DIALECT_LANGCHAIN_JS);
    for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
        struct arena a = ARENA;
        struct err e = { 0 };
        struct json *first;

        assert_true(json_parse(&a, span_of(spellings[i].first), &first, &e));
        assert_int_equal(dialect_guess(first, &d), spellings[i].known);
        assert_int_equal(d, spellings[i].dialect);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_common),
        cmocka_unit_test(test_guess),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

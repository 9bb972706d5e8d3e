/*
 * Where statements end, and what they are.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- where they end ---- */

#define MOST 4

static const struct {
    const char *why;
    const char *text;
    const char *want[MOST + 1];          /* statements, NULL at the end */
} cuts[] = {
    { "nothing",                          "",                                        { 0 } },
    { "only comments",                    "-- a;\n/* b; /* c; */ d; */",             { 0 } },
    { "only semicolons",                  ";;\n ;",                                  { 0 } },
    { "one without an end",               "SELECT 1",                                { "SELECT 1" } },
    { "two",                              "SELECT 1;\nSELECT 2;\n",                  { "SELECT 1", "SELECT 2" } },
    { "a comment after the last",         "SELECT 1; -- done;\n",                    { "SELECT 1" } },
    { "a comment inside",                 "SELECT -- a;\n 1; SELECT /*;*/ 2",        { "SELECT -- a;\n 1", "SELECT /*;*/ 2" } },
    { "in a string",                      "SELECT 'a;b'; SELECT 2",                  { "SELECT 'a;b'", "SELECT 2" } },
    { "a doubled quote",                  "SELECT 'a'';b'; SELECT 2",                { "SELECT 'a'';b'", "SELECT 2" } },
    { "a backslash escapes nothing",      "SELECT 'a\\'; SELECT 2",                  { "SELECT 'a\\'", "SELECT 2" } },
    { "but in an escape string it does",  "SELECT E'a\\';b'; SELECT 2",              { "SELECT E'a\\';b'", "SELECT 2" } },
    { "also after a doubled quote",       "SELECT E'a''\\';b'; SELECT 2",            { "SELECT E'a''\\';b'", "SELECT 2" } },
    { "the small letter too",             "SELECT e'\\\\'; SELECT 2",                { "SELECT e'\\\\'", "SELECT 2" } },
    { "a name that ends with e is none",  "SELECT type'a\\'; SELECT 2",              { "SELECT type'a\\'", "SELECT 2" } },
    { "a quoted name",                    "SELECT \"a;\"\"b\"; SELECT 2",            { "SELECT \"a;\"\"b\"", "SELECT 2" } },
    { "a dollar quote",                   "SELECT $$a;b$$; SELECT 2",                { "SELECT $$a;b$$", "SELECT 2" } },
    { "with a tag, others inside",        "SELECT $f$a;$$;$g$;$f$; SELECT 2",        { "SELECT $f$a;$$;$g$;$f$", "SELECT 2" } },
    { "a parameter opens no quote",       "SELECT $1; SELECT $2",                    { "SELECT $1", "SELECT $2" } },
    { "a dollar inside a name neither",   "SELECT a$b$; SELECT a$b$",                { "SELECT a$b$", "SELECT a$b$" } },
    { "a tag beyond ASCII",               "SELECT $\xc3\xa4$;$\xc3\xa4$; SELECT 2",  { "SELECT $\xc3\xa4$;$\xc3\xa4$", "SELECT 2" } },
    { "in parentheses",                   "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
                                          { "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3" } },
    { "a body of BEGIN ATOMIC",           "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 3",
                                          { "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END", "SELECT 3" } },
    { "of a replaced procedure",          "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT 1; END; SELECT 3",
                                          { "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT 1; END", "SELECT 3" } },
    { "END elsewhere is only a word",     "SELECT CASE WHEN true THEN 1 END; SELECT 2", { "SELECT CASE WHEN true THEN 1 END", "SELECT 2" } },
    { "a string body",                    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$; SELECT 2",
                                          { "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$", "SELECT 2" } },
    { "an operator of stars and slashes", "SELECT 2 */* c;*/ 3; SELECT 1",           { "SELECT 2 */* c;*/ 3", "SELECT 1" } },
};

static void test_cuts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
        struct arena a = ARENA;
        struct err e = { 0 };
        struct split_statement *s;
        int n, want = 0;

        if (!split_statements(&a, span_of(cuts[i].text), &s, &n, NULL, &e))
            fail_msg("%s: %s", cuts[i].why, e.message);
        while (cuts[i].want[want])
            want++;
        if (n != want)
            fail_msg("%s: %d statements", cuts[i].why, n);
        for (int k = 0; k < n; k++)
            if (!span_is(s[k].text, cuts[i].want[k]))
                fail_msg("%s: \"%.*s\"", cuts[i].why, SPAN_ARG(s[k].text));
        arena_free(&a);
    }
}

static const struct { const char *text, *message; } endless[] = {
    { "SELECT 1;\nSELECT 'a",      "line 2: a string begins here and does not end" },
    { "SELECT E'a\\'",             "line 1: a string begins here and does not end" },
    { "SELECT 'a''",               "line 1: a string begins here and does not end" },
    { "SELECT \"a",                "line 1: a quoted name begins here and does not end" },
    { "\n\nSELECT $a$ $b$",        "line 3: a dollar-quoted string begins here and does not end" },
    { "SELECT 1 /* /* */",         "line 1: a comment begins here and does not end" },
    { "SELECT 1;\n\\d x",          "line 2: backslash commands are psql's, not SQL" },
    { "SELECT E'\\",               "line 1: a string begins here and does not end" },
};

static void test_endless(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(endless); i++) {
        struct arena a = ARENA;
        struct err e = { 0 };
        struct split_statement *s;
        int n;

        assert_false(split_statements(&a, span_of(endless[i].text), &s, &n, NULL, &e));
        assert_int_equal(e.kind, E_USAGE);
        assert_string_equal(e.message, endless[i].message);
        arena_free(&a);
    }
}

static void test_places(void **state)
{
    struct arena a = ARENA;
    struct err e = { 0 };
    struct split_statement *s;
    struct span tail;
    int n;

    (void)state;
    assert_true(split_statements(&a, SPAN("-- one\n\nSELECT 1; -- two\n SELECT\n2;\n-- end\n"), &s, &n, &tail, &e));
    assert_int_equal(n, 2);
    assert_int_equal(s[0].line, 3);
    assert_true(span_is(s[0].before, "-- one\n\n"));
    assert_int_equal(s[1].line, 4);
    assert_true(span_is(s[1].before, " -- two\n "));
    assert_true(span_is(tail, "\n-- end\n"));
    arena_free(&a);
}

/* ---- what they are ---- */

static const struct { const char *text; unsigned want; } kinds[] = {
    { "SELECT 1",                                          0 },
    { "BEGIN",                                             SPLIT_TRANSACTION },
    { "START TRANSACTION",                                 SPLIT_TRANSACTION },
    { "commit",                                            SPLIT_TRANSACTION },
    { "END",                                               SPLIT_TRANSACTION },
    { "ROLLBACK",                                          SPLIT_TRANSACTION },
    { "ABORT",                                             SPLIT_TRANSACTION },
    { "PREPARE TRANSACTION 'x'",                           SPLIT_TRANSACTION },
    { "PREPARE x AS SELECT 1",                             0 },
    { "COMMIT PREPARED 'x'",                               SPLIT_TRANSACTION },
    { "SAVEPOINT a",                                       0 },
    { "ROLLBACK TO a",                                     0 },
    { "ROLLBACK TO SAVEPOINT a",                           0 },
    { "/* BEGIN */ SELECT 1",                              0 },
    { "COPY t FROM STDIN",                                 SPLIT_COPY_IN },
    { "COPY t (a, b) FROM STDIN WITH (FORMAT csv)",        SPLIT_COPY_IN },
    { "COPY t FROM '/x'",                                  0 },
    { "CREATE TABLE t (a int)",                            SPLIT_CREATES },
    { "CREATE TABLE IF NOT EXISTS t (a int)",              0 },
    { "CREATE UNLOGGED TABLE t (a int)",                   SPLIT_CREATES },
    { "CREATE TEMP TABLE t (a int)",                       0 },
    { "CREATE TABLE pg_temp.t (a int)",                    0 },
    { "CREATE UNIQUE INDEX i ON t (a)",                    SPLIT_CREATES },
    { "CREATE OR REPLACE FUNCTION f() RETURNS int AS ''",  0 },
    { "CREATE CAST (a AS b) WITH FUNCTION f(a)",           0 },
    { "CREATE ROLE r",                                     0 },
    { "CREATE INDEX CONCURRENTLY i ON t (a)",              SPLIT_CREATES | SPLIT_ALONE },
    { "DROP TABLE t",                                      SPLIT_DROPS },
    { "DROP TABLE IF EXISTS t",                            0 },
    { "DROP INDEX CONCURRENTLY i",                         SPLIT_DROPS | SPLIT_ALONE },
    { "REINDEX TABLE CONCURRENTLY t",                      SPLIT_ALONE },
    { "REFRESH MATERIALIZED VIEW CONCURRENTLY v",          0 },
    { "VACUUM t",                                          SPLIT_ALONE },
    { "CREATE DATABASE d",                                 SPLIT_ALONE },
};

static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct arena a = ARENA;
        struct err e = { 0 };
        struct split_statement *s;
        int n;

        assert_true(split_statements(&a, span_of(kinds[i].text), &s, &n, NULL, &e));
        assert_int_equal(n, 1);
        if (s[0].flags != kinds[i].want)
            fail_msg("%s: %u", kinds[i].text, s[0].flags);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_endless),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

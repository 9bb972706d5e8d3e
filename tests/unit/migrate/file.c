/*
 * Which files make a set, and which are refused with what sentence.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/proc.h"

#define MOST 4

struct text { const char *name, *text; };

static bool build(struct arena *a, const struct text *texts, struct file_set *set, struct err *e)
{
    struct file_source files[MOST];
    int n = 0;

    for (; n < MOST && texts[n].name; n++)
        files[n] = (struct file_source){ .path = arena_printf(a, "d/%s", texts[n].name), .name = texts[n].name, .text = span_of(texts[n].text) };
    *set = (struct file_set){ .project = "app", .dir = "d" };
    return file_set_build(a, files, n, set, e);
}

#define UP   "0001_a.up.sql"
#define DOWN "0001_a.down.sql"
#define ONE  "SELECT 1"

static const struct {
    const char *why;
    struct text texts[MOST + 1];
    const char *message;
} refused[] = {
    { "no number",           { { "a.up.sql", ONE } },                                   "d/a.up.sql: a migration is called NNNN_name.up.sql or NNNN_name.down.sql, numbers from 0001" },
    { "a short number",      { { "001_a.up.sql", ONE } },                               "d/001_a.up.sql: a migration is called NNNN_name.up.sql or NNNN_name.down.sql, numbers from 0001" },
    { "number nought",       { { "0000_a.up.sql", ONE } },                              "d/0000_a.up.sql: a migration is called NNNN_name.up.sql or NNNN_name.down.sql, numbers from 0001" },
    { "no direction",        { { "0001_a.sql", ONE } },                                 "d/0001_a.sql: a migration is called NNNN_name.up.sql or NNNN_name.down.sql, numbers from 0001" },
    { "no name",             { { "0001_.up.sql", ONE } },                               "d/0001_.up.sql: a migration is called NNNN_name.up.sql or NNNN_name.down.sql, numbers from 0001" },
    { "a gap",               { { UP, ONE }, { DOWN, ONE }, { "0003_c.up.sql", ONE } },  "d/0003_c.up.sql: number 0002 is missing in front of it" },
    { "the first missing",   { { "0002_a.up.sql", ONE }, { "0002_a.down.sql", ONE } },  "d/0002_a.up.sql: number 0001 is missing in front of it" },
    { "one number twice",    { { UP, ONE }, { DOWN, ONE }, { "0001_b.up.sql", ONE } },  "d/0001_b.up.sql: number 1 is also used by d/0001_a.up.sql" },
    { "spelled otherwise",   { { UP, ONE }, { "00001_a.up.sql", ONE } },                "d/00001_a.up.sql: number 1 is also used by d/0001_a.up.sql" },
    { "no down",             { { UP, ONE } },                                           "d/0001_a.up.sql: its .down.sql is missing; write it, or declare \"-- keelson: irreversible REASON\"" },
    { "no up",               { { DOWN, ONE } },                                         "d/0001_a.down.sql: its .up.sql is missing" },
    { "unknown directive",   { { UP, "-- keelson: no-transactions\n" ONE } },           "d/0001_a.up.sql: line 1: unknown directive \"no-transactions\"" },
    { "unknown at the end",  { { UP, ONE ";\n-- keelson:what" } },                      "d/0001_a.up.sql: line 2: unknown directive \"what\"" },
    { "no reason",           { { UP, "--\n--keelson:irreversible\n" ONE } },            "d/0001_a.up.sql: line 2: irreversible needs a reason" },
    { "not at the top",      { { UP, ONE ";\n-- keelson: no-transaction\n" ONE } },     "d/0001_a.up.sql: line 2: \"no-transaction\" belongs at the top of the file" },
    { "words too many",      { { UP, "-- keelson: no-transaction please\n" ONE } },     "d/0001_a.up.sql: line 1: no-transaction takes no words after it" },
    { "allow without why",   { { UP, "-- keelson: allow L-01\n" ONE } },                "d/0001_a.up.sql: line 1: allow needs a rule and a reason" },
    { "a transaction",       { { UP, ONE ";\nCOMMIT" } },                               "d/0001_a.up.sql: line 2: the runner begins and ends transactions, a migration does not" },
    { "copy",                { { UP, "COPY t FROM STDIN" } },                           "d/0001_a.up.sql: line 1: COPY FROM STDIN has no input here; use INSERT" },
    { "needs to be alone",   { { UP, "\nCREATE INDEX CONCURRENTLY i ON t (a)" } },
      "d/0001_a.up.sql: line 2: this statement cannot run inside a transaction; put \"-- keelson: no-transaction\" at the top" },
    { "not UTF-8",           { { UP, "SELECT '\xff'" } },                               "d/0001_a.up.sql: is not UTF-8 text" },
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct arena a = ARENA;
        struct file_set set;
        struct err e = { 0 };

        if (build(&a, refused[i].texts, &set, &e))
            fail_msg("%s: taken", refused[i].why);
        assert_int_equal(e.kind, E_USAGE);
        assert_string_equal(e.message, refused[i].message);
        arena_free(&a);
    }
}

static void test_set(void **state)
{
    static const struct text texts[MOST + 1] = {
        { "0002_b.down.sql", "-- keelson: allow L-02 small table\n" ONE }, { DOWN, "" }, { UP, "-- \xc3\xa4\r\n--keelson: no-transaction\r\n" ONE ";" ONE },
        { "0002_b.up.sql", "/* why */\n--  keelson:  irreversible  the rows are gone \n" ONE "; -- keelson: allow L-03 and why\n" ONE },
    };
    struct arena a = ARENA;
    struct file_set set;
    struct err e = { 0 };

    (void)state;
    if (!build(&a, texts, &set, &e))
        fail_msg("%s", e.message);
    assert_int_equal(set.n, 2);
    assert_string_equal(set.migrations[0].name, "a");
    assert_true(set.migrations[0].up.no_transaction);
    assert_int_equal(set.migrations[0].up.nstatements, 2);
    assert_int_equal(set.migrations[0].down.nstatements, 0);
    assert_false(set.migrations[0].down.no_transaction);
    assert_string_equal(set.migrations[1].irreversible, "the rows are gone");
    assert_string_equal(set.migrations[0].down.checksum, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_ptr_equal(file_find(&set, 2), &set.migrations[1]);
    assert_null(file_find(&set, 3));
    assert_null(file_find(&set, 0));
    arena_free(&a);
}

static void test_irreversible_needs_no_down(void **state)
{
    static const struct text texts[MOST + 1] = { { UP, "-- keelson: irreversible it drops a column\n" ONE } };
    struct arena a = ARENA;
    struct file_set set;
    struct err e = { 0 };

    (void)state;
    assert_true(build(&a, texts, &set, &e));
    assert_null(set.migrations[0].down.path);
    arena_free(&a);
}

static void test_embedded(void **state)
{
    struct arena a = ARENA;
    struct file_set set;
    struct err e = { 0 };

    (void)state;
    if (!file_load_embedded(&a, &set, &e))
        fail_msg("%s", e.message);
    assert_true(set.n > 0);
    assert_string_equal(set.project, "keelson");
    for (int i = 0; i < set.n; i++) {
        assert_true(set.migrations[i].up.nstatements > 0);
        assert_true(set.migrations[i].down.nstatements > 0);
        assert_null(set.migrations[i].irreversible);
    }
    arena_free(&a);
}

static void test_new(void **state)
{
    char dir[] = "/tmp/keelson-file-XXXXXX";
    struct arena a = ARENA;
    struct file_set set;
    struct err e = { 0 };
    const char *up, *down, *below;

    (void)state;
    assert_non_null(mkdtemp(dir));
    below = arena_printf(&a, "%s/migrations", dir);
    assert_true(file_load_dir(&a, "app", below, &set, &e));
    assert_true(set.absent);
    assert_true(file_new(&a, &set, " Add: Index! ", &up, &down, &e));
    assert_string_equal(up, arena_printf(&a, "%s/0001_add_index.up.sql", below));
    if (!file_load_dir(&a, "app", below, &set, &e))
        fail_msg("%s", e.message);                       /* a new pair is in order, and has no statements */
    assert_false(set.absent);
    assert_int_equal(set.n, 1);
    assert_int_equal(set.migrations[0].up.nstatements, 0);
    assert_true(file_new(&a, &set, "x", &up, &down, &e));
    assert_string_equal(down, arena_printf(&a, "%s/0002_x.down.sql", below));
    assert_false(file_new(&a, &set, "x", &up, &down, &e));    /* what is there is not written over */
    assert_int_equal(e.kind, E_IO);
    assert_false(file_new(&a, &set, "?!", &up, &down, &e));
    assert_int_equal(e.kind, E_USAGE);
    assert_true(proc_rmtree(dir, &e));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_irreversible_needs_no_down),
        cmocka_unit_test(test_embedded),
        cmocka_unit_test(test_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

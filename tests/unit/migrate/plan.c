/*
 * Files and ledger in, steps out.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

/*
 * A database in one word per project: "k3" has Keelson's first three applied.  Files: Keelson has three, the application two.
 *   k4: a version no file has      a!: the newest was changed      a?: the first is missing from the ledger
 *   u1: the second up file is unreviewed    e1: it is empty   i1: its down file is missing    x1: the directory is absent
 */
static struct file_migration migration(struct arena *a, int version)
{
    struct split_statement *one = arena_array(a, struct split_statement, 1);

    return (struct file_migration){
        .version = version, .name = "m",
        .up = { .path = arena_printf(a, "%d.up", version), .checksum = "u", .statements = one, .nstatements = 1 },
        .down = { .path = arena_printf(a, "%d.down", version), .checksum = "d", .statements = one, .nstatements = 1 },
    };
}

static struct file_set set_of(struct arena *a, const char *project, int n)
{
    struct file_set set = { .project = project, .dir = "d", .migrations = arena_array(a, struct file_migration, n + 1), .n = n };

    for (int i = 0; i < n; i++)
        set.migrations[i] = migration(a, i + 1);
    return set;
}

static void apply(struct arena *a, struct ledger *l, const char *project, int from, int to)
{
    (void)a;
    for (int v = from; v <= to; v++)
        l->rows[l->n++] = (struct ledger_row){ .project = project, .version = v, .name = "m", .checksum = "u", .applied_at = "then" };
}

static void prepare(struct arena *a, const char *world, struct file_set sets[2], struct ledger *l)
{
    char words[64], *save, *word;

    sets[0] = set_of(a, "keelson", 3);
    sets[1] = set_of(a, "app", 2);
    l->rows = arena_array(a, struct ledger_row, 16);
    snprintf(words, sizeof words, "%s", world);
    for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        if (word[0] == 'k')
            apply(a, l, "keelson", 1, word[1] - '0');
        else if (word[0] == 'a' && word[1] == '?')
            apply(a, l, "app", 2, 2);
        else if (word[0] == 'a' && word[1] == '!')
            l->rows[l->n - 1].checksum = "other";
        else if (word[0] == 'a')
            apply(a, l, "app", 1, word[1] - '0');
        else if (word[0] == 'u')
            sets[1].migrations[1].up.unreviewed = true;
        else if (word[0] == 'e')
            sets[1].migrations[1].up.nstatements = 0;
        else if (word[0] == 'i')
            sets[1].migrations[1] = (struct file_migration){ .version = 2, .name = "m", .up = sets[1].migrations[1].up, .irreversible = "because" };
        else if (word[0] == 'x')
            sets[1] = (struct file_set){ .project = "app", .dir = "d", .absent = true };
    }
}

#define UP(to_, project_)   { MIGRATE_UP,   project_, to_ }
#define DOWN(to_, project_) { MIGRATE_DOWN, project_, to_ }
#define REDO(project_)      { MIGRATE_REDO, project_, -1 }

static const struct {
    const char *why, *world;
    struct migrate_plan_request want;
    const char *steps;                   /* "k+1" applies Keelson's first, "a-2" undoes the application's second */
    const char *refusal;                 /* or a part of the sentence */
} cases[] = {
    { "everything",                            "",         UP(-1, NULL),       "k+1 k+2 k+3 a+1 a+2", NULL },
    { "what is missing",                       "k2",       UP(-1, NULL),       "k+3 a+1 a+2", NULL },
    { "nothing",                               "k3 a2",    UP(-1, NULL),       "", NULL },
    { "as far as told",                        "k2",       UP(1, NULL),        "k+3 a+1", NULL },
    { "one project",                           "",         UP(2, "keelson"),   "k+1 k+2", NULL },
    { "farther than there is",                 "",         UP(3, NULL),        NULL, "app has no migration 0003" },
    { "up is not down",                        "k3 a2",    UP(1, NULL),        NULL, "already at 0002" },
    { "no such project",                       "",         UP(-1, "apps"),     NULL, "no project \"apps\"" },
    { "a newer database",                      "k4",       UP(-1, NULL),       NULL, "the ledger has 0004_m of project keelson" },
    { "a changed file",                        "k3 a1 a!", UP(-1, NULL),       NULL, "1.up was changed after it was applied as 0001_m at then" },
    { "a number that came too late",           "k3 a?",    UP(-1, NULL),       NULL, "1.up is not applied, though a later one is" },
    { "an unreviewed file",                    "k3 u",     UP(-1, NULL),       NULL, "2.up is marked unreviewed" },
    { "not when it is not reached",            "k3 u",     UP(1, NULL),        "a+1", NULL },
    { "an empty file",                         "k3 a1 e",  UP(-1, NULL),       NULL, "2.up has no statements" },
    { "down is one",                           "k3 a2",    DOWN(-1, NULL),     "a-2", NULL },
    { "down to nothing, when told",            "k3 a2",    DOWN(0, NULL),      "a-2 a-1", NULL },
    { "never Keelson's unless told",           "k3",       DOWN(-1, NULL),     NULL, "nothing of project app is applied" },
    { "Keelson's",                             "k3",       DOWN(-1, "keelson"), "k-3", NULL },
    { "not from under the application",        "k3 a1",    DOWN(-1, "keelson"), NULL, "app stands on keelson" },
    { "not forward",                           "k3 a1",    DOWN(1, NULL),      NULL, "is at 0001, which is not after 0001" },
    { "irreversible",                          "k3 a2 i",  DOWN(-1, NULL),     NULL, "app:0002_m cannot be undone: because" },
    { "the newest may have changed",           "k3 a2 a!", DOWN(-1, NULL),     "a-2", NULL },
    { "again",                                 "k3 a2",    REDO(NULL),         "a-2 a+2", NULL },
    { "again, while one works on it",          "k3 a2 a!", REDO(NULL),         "a-2 a+2", NULL },
    { "again what cannot be undone",           "k3 a2 i",  REDO(NULL),         NULL, "cannot be undone" },
    { "files of the application are elsewhere", "k2 a2 x", UP(-1, NULL),       "k+3", NULL },
    { "then it cannot be undone",              "k3 a2 x",  DOWN(-1, NULL),     NULL, "are not in d; name their directory" },
};

static void describe(struct buf *b, const struct migrate_plan_step *s, int n)
{
    for (int i = 0; i < n; i++)
        buf_printf(b, "%s%c%c%lld", i ? " " : "", s[i].set->project[0], s[i].down ? '-' : '+', (long long)s[i].migration->version);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a = ARENA;
        struct buf text = BUF(1000);
        struct file_set sets[2];
        struct ledger l = { 0 };
        struct err e = { 0 };
        struct migrate_plan_step *steps;
        int n;
        bool ok;

        prepare(&a, cases[i].world, sets, &l);
        ok = migrate_plan_steps(&a, sets, 2, &l, &cases[i].want, &steps, &n, &e);
        if (ok != (cases[i].refusal == NULL))
            fail_msg("%s: %s", cases[i].why, ok ? "planned" : e.message);
        if (ok)
            describe(&text, steps, n);
        if (ok && !span_is(buf_span(&text), cases[i].steps))
            fail_msg("%s: %.*s", cases[i].why, SPAN_ARG(buf_span(&text)));
        if (!ok && !strstr(e.message, cases[i].refusal))
            fail_msg("%s: %s", cases[i].why, e.message);
        buf_free(&text);
        arena_free(&a);
    }
}

static void test_compare(void **state)
{
    struct arena a = ARENA;
    struct file_set sets[2];
    struct ledger l = { 0 };
    struct migrate_plan_line *lines;
    int n;

    (void)state;
    prepare(&a, "k4 a?", sets, &l);
    migrate_plan_compare(&a, sets, 2, &l, &lines, &n);
    assert_int_equal(n, 6);
    assert_string_equal(migrate_plan_state_name(lines[0].state), "applied");
    assert_string_equal(migrate_plan_state_name(lines[3].state), "unknown");
    assert_int_equal(lines[3].version, 4);
    assert_string_equal(migrate_plan_state_name(lines[4].state), "skipped");
    assert_string_equal(migrate_plan_state_name(lines[5].state), "applied");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_compare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

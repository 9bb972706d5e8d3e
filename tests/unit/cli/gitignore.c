/*
 * Which patterns keep .env out of git, and where a missing one is added.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/gitignore.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/proc.h"

static const struct { const char *why, *text; bool here; int want; } cases[] = {
    { "its name",                     ".env\n",             true,  1  },
    { "its name, further down",       ".env\n",             false, 1  },
    { "only at this place",           "/.env\n",            true,  1  },
    { "only at this place, not here", "/.env\n",            false, 0  },
    { "everywhere",                   "**/.env\n",          false, 1  },
    { "by its beginning",             ".env*\n",            true,  1  },
    { "by its end",                   "*.env\n",            true,  1  },
    { "everything",                   "*\n",                true,  1  },
    { "among others",                 "build\n.env\nx\n",   true,  1  },
    { "Windows line ends",            ".env\r\nx\r\n",      true,  1  },
    { "taken back",                   ".env*\n!.env\n",     true,  -1 },
    { "taken back and again",         "!.env\n.env\n",      true,  1  },
    { "a comment",                    "# .env\n",           true,  0  },
    { "another file",                 ".env.local\n",       true,  0  },
    { "a folder of that name",        ".env/\n",            true,  0  },
    { "in another folder",            "x/.env\n",           true,  0  },
    { "nothing",                      "",                   true,  0  },
};

static void patterns_are_understood(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (gitignore_says(&a, span_of(cases[i].text), ".env", cases[i].here) != cases[i].want)
            fail_msg("%s", cases[i].why);
    arena_free(&a);
}

struct tree { struct arena a; char root[64]; };

static void put(struct tree *t, const char *name, const char *text)
{
    const char *path = arena_printf(&t->a, "%s/%s", t->root, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void holds(struct tree *t, const char *name, const char *want)
{
    struct buf text = BUF(4096);
    struct err e = { 0 };

    assert_true(buf_read_file(&text, arena_printf(&t->a, "%s/%s", t->root, name), &e));
    assert_string_equal(buf_cstr(&text), want);
    buf_free(&text);
}

static int make(void **state)
{
    struct tree *t = calloc(1, sizeof *t);
    const char *tmp = getenv("TMPDIR");

    t->a = ARENA;
    snprintf(t->root, sizeof t->root, "%.40s/gitignore-XXXXXX", tmp ? tmp : "/tmp");
    *state = t;
    return mkdtemp(t->root) ? mkdir(arena_printf(&t->a, "%s/sub", t->root), 0755) : -1;
}

static int unmake(void **state)
{
    struct tree *t = *state;
    struct err e = { 0 };
    bool ok = proc_rmtree(t->root, &e);

    arena_free(&t->a);
    free(t);
    return ok ? 0 : -1;
}

static const char *add(struct tree *t, const char *name, bool *tree)
{
    const char *where;
    struct err e = { 0 };

    assert_true(gitignore_add(&t->a, arena_printf(&t->a, "%s/%s", t->root, name), &where, tree, &e));
    return where;
}

static void outside_of_a_tree_nothing_is_written(void **state)
{
    struct tree *t = *state;
    bool tree;

    assert_null(add(t, ".env", &tree));
    assert_false(tree);
    assert_int_not_equal(access(arena_printf(&t->a, "%s/.gitignore", t->root), F_OK), 0);
}

static void a_missing_file_is_made(void **state)
{
    struct tree *t = *state;
    bool tree;

    put(t, ".git", "gitdir: elsewhere\n");       /* as in a linked work tree */
    assert_non_null(add(t, ".env", &tree));
    assert_true(tree);
    holds(t, ".gitignore", ".env\n");
    assert_null(add(t, ".env", &tree));          /* and not twice */
    holds(t, ".gitignore", ".env\n");
}

static void a_line_is_added_on_its_own(void **state)
{
    struct tree *t = *state;
    bool tree;

    put(t, ".git", "");
    put(t, ".gitignore", "build");               /* no newline at the end */
    assert_non_null(add(t, ".env", &tree));
    holds(t, ".gitignore", "build\n.env\n");
}

static void from_below_the_root_is_used(void **state)
{
    struct tree *t = *state;
    bool tree;

    put(t, ".git", "");
    put(t, ".gitignore", "/.env\n");             /* says nothing about sub/.env */
    assert_non_null(add(t, "sub/.env", &tree));
    holds(t, ".gitignore", "/.env\n.env\n");
    put(t, "sub/.gitignore", ".env\n");
    put(t, ".gitignore", "");
    assert_null(add(t, "sub/.env", &tree));      /* covered there */
    holds(t, ".gitignore", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_are_understood),
        cmocka_unit_test_setup_teardown(outside_of_a_tree_nothing_is_written, make, unmake),
        cmocka_unit_test_setup_teardown(a_missing_file_is_made, make, unmake),
        cmocka_unit_test_setup_teardown(a_line_is_added_on_its_own, make, unmake),
        cmocka_unit_test_setup_teardown(from_below_the_root_is_used, make, unmake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

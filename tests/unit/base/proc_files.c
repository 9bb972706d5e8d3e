/*
 * Directories and files: modes, owners, links that must not be followed, and nothing half-written left behind.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/proc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"

enum { NOBODY = 65534 };

static struct arena memory = ARENA;
static char top[] = "/tmp/keelson-unit-XXXXXX";
static struct err err;

static int setup(void **state)
{
    (void)state;
    return mkdtemp(top) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&memory);
    return proc_rmtree(top, &err) ? 0 : -1;
}

static const char *at(const char *name)
{
    return arena_printf(&memory, "%s/%s", top, name);
}

static struct stat status(const char *path)
{
    struct stat st = { 0 };

    if (lstat(path, &st) < 0)
        fail_msg("%s is missing", path);
    return st;
}

static bool exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static void directories(void **state)
{
    (void)state;
    umask(022);
    assert_true(proc_mkdirs(at("a/b//c/"), 0700, 0, 0, &err));
    assert_int_equal(status(at("a")).st_mode & 07777, 0755);
    assert_int_equal(status(at("a/b/c")).st_mode & 07777, 0700);
    assert_true(proc_mkdirs(at("a/b/c"), 0750, 0, 0, &err));          /* there already: the mode is set all the same */
    assert_int_equal(status(at("a/b/c")).st_mode & 07777, 0750);
    umask(077);
    assert_true(proc_mkdirs(at("open"), 0755, 0, 0, &err));
    assert_int_equal(status(at("open")).st_mode & 07777, 0755);
    umask(022);
    if (geteuid() == 0) {
        assert_true(proc_mkdirs(at("mine/theirs"), 0700, NOBODY, NOBODY, &err));
        assert_int_equal(status(at("mine")).st_uid, 0);
        assert_int_equal(status(at("mine/theirs")).st_uid, NOBODY);
        assert_int_equal(status(at("mine/theirs")).st_gid, NOBODY);
    }
    assert_true(proc_mkdirs("/", status("/").st_mode & 07777, 0, 0, &err));
}

static void no_directory(void **state)
{
    (void)state;
    assert_true(proc_mkdirs(at("real"), 0755, 0, 0, &err));
    assert_return_code(symlink(at("real"), at("link")), 0);
    assert_false(proc_mkdirs(at("link"), 0700, 0, 0, &err));
    assert_non_null(strstr(err.message, "link or no directory"));
    assert_int_equal(status(at("real")).st_mode & 07777, 0755);
    assert_true(proc_write_file(at("file"), SPAN("x"), 0600, 0, 0, &err));
    assert_false(proc_mkdirs(at("file"), 0700, 0, 0, &err));
    assert_false(proc_mkdirs(at("file/below"), 0700, 0, 0, &err));
    assert_int_equal(err.kind, E_IO);
    assert_false(proc_mkdirs("", 0700, 0, 0, &err));
}

static void files(void **state)
{
    struct buf b = BUF(100);

    (void)state;
    assert_true(proc_write_file(at("f"), SPAN("first"), 0644, 0, 0, &err));
    assert_true(proc_write_file(at("f"), SPAN("se\0cond"), 0600, 0, 0, &err));
    assert_true(buf_read_file(&b, at("f"), &err));
    assert_true(span_eq(buf_span(&b), SPAN("se\0cond")));
    assert_int_equal(status(at("f")).st_mode & 07777, 0600);
    if (geteuid() == 0) {
        assert_true(proc_write_file(at("f"), SPAN(""), 0600, NOBODY, NOBODY, &err));
        assert_int_equal(status(at("f")).st_uid, NOBODY);
        assert_int_equal(status(at("f")).st_size, 0);
    }
    buf_free(&b);
}

static void a_failed_write_leaves_nothing(void **state)
{
    (void)state;
    assert_false(proc_write_file(at("missing/f"), SPAN("x"), 0600, 0, 0, &err));
    assert_int_equal(err.kind, E_IO);
    assert_true(proc_mkdirs(at("taken/dir"), 0755, 0, 0, &err));
    assert_false(proc_write_file(at("taken/dir"), SPAN("x"), 0600, 0, 0, &err));      /* rename onto a directory */
    assert_return_code(rmdir(at("taken/dir")), 0);
    assert_return_code(rmdir(at("taken")), 0);                                        /* no temporary file */
}

static void removes_all_and_follows_nothing(void **state)
{
    (void)state;
    assert_true(proc_mkdirs(at("tree/a/b/c"), 0755, 0, 0, &err));
    assert_true(proc_mkdirs(at("outside"), 0755, 0, 0, &err));
    assert_true(proc_write_file(at("outside/kept"), SPAN("x"), 0600, 0, 0, &err));
    assert_true(proc_write_file(at("tree/a/file"), SPAN("x"), 0400, 0, 0, &err));
    assert_return_code(symlink(at("outside"), at("tree/a/link")), 0);
    assert_return_code(symlink("/nonexistent", at("tree/dangling")), 0);
    assert_true(proc_rmtree(at("tree"), &err));
    assert_false(exists(at("tree")));
    assert_true(exists(at("outside/kept")));
    assert_return_code(symlink(at("outside"), at("link-itself")), 0);
    assert_true(proc_rmtree(at("link-itself"), &err));
    assert_true(exists(at("outside/kept")));
    assert_true(proc_rmtree(at("never-was"), &err));
    assert_true(proc_rmtree(at("outside/kept"), &err));                               /* a plain file too */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directories), cmocka_unit_test(no_directory),
        cmocka_unit_test(files),       cmocka_unit_test(a_failed_write_leaves_nothing),
        cmocka_unit_test(removes_all_and_follows_nothing),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

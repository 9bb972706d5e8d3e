/*
 * The pure parts of the private server: reading versions, postmaster.pid and logs, naming sockets; and the bounded log.
 * Its life and its deaths are in tests/integration/test_cluster.py.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/proc.h"
#include "pg/cluster_find.h"
#include "pg/cluster_guard.h"
#include "pg/cluster_lock.h"
#include "pg/cluster_log.h"
#include "pg/cluster_place.h"
#include "pg/cluster_roles.h"
#include "pg/cluster_server.h"
#include "pg/url.h"

static void versions(void **state)
{
    static const struct { const char *why; struct span in; int want; } cases[] = {
        { "Debian's",           SPAN("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), 15 },
        { "beta",               SPAN("postgres (PostgreSQL) 16beta1"),                         16 },
        { "development",        SPAN("postgres (PostgreSQL) 17devel"),                         17 },
        { "before ten",         SPAN("postgres (PostgreSQL) 9.6.24"),                          9 },
        { "no version",         SPAN("bash: postgres: command not found"),                     0 },
        { "nothing",            SPAN(""),                                                      0 },
        { "no endless number",  SPAN("99999999999999999999"),                                  9999 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (cluster_find_version(cases[i].in) != cases[i].want)
            fail_msg("%s: %d", cases[i].why, cluster_find_version(cases[i].in));
}

#define REST "/data\n1764000000\n5432\n/run/keelson-0a1b2c3d4e5f\n\n  15728648     98304\n"

static void pid_files(void **state)
{
    static const struct { const char *why; struct span in; bool names; pid_t pid; bool ready; } cases[] = {
        { "ready",                        SPAN("123\n" REST "ready   \n"),    true,  123, true },
        { "starting",                     SPAN("123\n" REST "starting\n"),    true,  123, false },
        { "stopping",                     SPAN("123\n" REST "stopping\n"),    true,  123, false },
        { "a standby is not ready",       SPAN("123\n" REST "standby \n"),    true,  123, false },
        { "not yet complete",             SPAN("123\n" REST),                 true,  123, false },
        { "ready in a wrong line",        SPAN("123\nready\n"),               true,  123, false },
        { "pid not yet complete",         SPAN("12"),                         false, 0, false },
        { "single-user mode",             SPAN("-123\n" REST "ready\n"),      false, 0, false },
        { "nobody signals init",          SPAN("1\n" REST "ready\n"),         false, 0, false },
        { "nobody signals a whole group", SPAN("0\n" REST "ready\n"),         false, 0, false },
        { "no pid of Linux",              SPAN("4294967297\n"),               false, 0, false },
        { "something else",               SPAN("hello\n"),                    false, 0, false },
        { "empty",                        SPAN(""),                           false, 0, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cluster_server server;
        bool names = cluster_server_parse(cases[i].in, &server);

        if (names != cases[i].names || (names && (server.pid != cases[i].pid || server.ready != cases[i].ready)))
            fail_msg("%s: %d pid %d ready %d", cases[i].why, names, (int)server.pid, server.ready);
    }
}

#define STAMP "2026-11-24 14:15:30.695 UTC [3473] "

static void reasons(void **state)
{
    static const struct { const char *why; struct span in; const char *want; } cases[] = {
        { "the worst counts",    SPAN(STAMP "LOG:  starting\n" STAMP "FATAL:  no room\n" STAMP "LOG:  database system is shut down\n"), "no room" },
        { "panic before fatal",  SPAN(STAMP "PANIC:  no WAL\n" STAMP "FATAL:  aborted\n"),                                  "no WAL" },
        { "the last of a kind",  SPAN(STAMP "FATAL:  one\n" STAMP "FATAL:  two\n"),                                       "two" },
        { "before the prefix is known", SPAN("FATAL:  configuration file has errors"),                                  "configuration file has errors" },
        { "only talk",           SPAN(STAMP "LOG:  starting\n"),                                                         "starting" },
        { "silence",             SPAN(""),                                                                               "" },
        { "no message",          SPAN("\n\n"),                                                                           "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct span got = cluster_guard_reason(cases[i].in);

        if (!span_is(got, cases[i].want))
            fail_msg("%s: %.*s", cases[i].why, SPAN_ARG(got));
    }
}

static void socket_names_differ_by_directory_and_user(void **state)
{
    struct arena a = ARENA;
    const char *name = cluster_place_name(&a, 101, "/var/lib/keelson");

    (void)state;
    assert_string_equal(name, cluster_place_name(&a, 101, "/var/lib/keelson"));
    assert_string_not_equal(name, cluster_place_name(&a, 102, "/var/lib/keelson"));
    assert_string_not_equal(name, cluster_place_name(&a, 101, "/var/lib/keelson2"));
    assert_int_equal(strlen(name), strlen("keelson-0a1b2c3d4e5f"));
    arena_free(&a);
}

static void urls_can_be_parsed(void **state)
{
    struct arena a = ARENA;
    struct err e = { .kind = E_NONE };
    struct pg_target t;

    (void)state;
    assert_true(pg_url_parse(&a, cluster_roles_url(&a, "/tmp/a dir", "keelson_api", "keelson"), &t, &e));
    assert_string_equal(t.host, "/tmp/a dir");
    assert_string_equal(t.user, "keelson_api");
    assert_string_equal(t.dbname, "keelson");
    assert_true(t.local);
    arena_free(&a);
}

static void named_binaries_must_be_there(void **state)
{
    struct arena a = ARENA;
    struct err e = { .kind = E_NONE };
    const char *bindir;
    int major;

    (void)state;
    assert_false(cluster_find_bindir(&a, "/nonexistent", 0, &bindir, &major, &e));
    assert_int_equal(e.kind, E_USAGE);
    assert_non_null(strstr(e.message, "pg.bindir"));
    assert_false(cluster_find_bindir(&a, NULL, 98, &bindir, &major, &e));
    assert_non_null(strstr(e.message, "apt-get install postgresql-98"));
    arena_free(&a);
}

/* ---- with files ---- */

static int folder(void **state)
{
    char template[] = "/tmp/unit-cluster-XXXXXX";

    *state = mkdtemp(template) ? strdup(template) : NULL;
    return *state ? 0 : -1;
}

static int no_folder(void **state)
{
    struct err e = { .kind = E_NONE };
    bool ok = proc_rmtree(*state, &e);

    free(*state);
    return ok ? 0 : -1;
}

static off_t size_of(const char *dir, const char *name)
{
    char path[512];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return stat(path, &st) == 0 ? st.st_size : -1;
}

static void the_log_is_bounded(void **state)
{
    enum { LINES = 40 << 10, FILE_LIMIT = 8 << 20 };
    char logs[256], line[1024];
    struct cluster_log log;
    int ends[2];

    snprintf(logs, sizeof logs, "%s/log", (char *)*state);
    memset(line, 'x', sizeof line);
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    cluster_log_open(&log, logs);
    for (int i = 0; i < LINES; i++) {
        assert_int_equal(write(ends[1], line, sizeof line), sizeof line);
        if (i % 16 == 15)
            assert_true(cluster_log_copy(&log, ends[0]));
    }
    close(ends[1]);
    assert_false(cluster_log_copy(&log, ends[0]));
    close(ends[0]);
    close(log.fd);
    assert_in_range(size_of(logs, "postgresql.log"), 1, FILE_LIMIT);
    assert_in_range(size_of(logs, "postgresql.log.1"), FILE_LIMIT / 2, FILE_LIMIT);
    assert_in_range(size_of(logs, "postgresql.log.2"), FILE_LIMIT / 2, FILE_LIMIT);
    assert_int_equal(size_of(logs, "postgresql.log.3"), -1);
}

static void one_holds_the_lock(void **state)
{
    struct err e = { .kind = E_NONE };
    enum cluster_lock_use use;
    char path[512];
    int first, second;

    assert_true(cluster_lock_try(*state, 0, 0, CLUSTER_LOCK_COMMAND, &first, &e));
    assert_true(first >= 0);
    assert_int_equal(cluster_lock_holder(*state, &use), getpid());
    assert_int_equal(use, CLUSTER_LOCK_COMMAND);
    assert_true(cluster_lock_try(*state, 0, 0, CLUSTER_LOCK_SERVICE, &second, &e));
    assert_int_equal(second, -1);

    /* A pid of a process that was born at another time is nobody. */
    assert_int_equal(pwrite(first, "1 1 service\n", 12, 0), 12);
    assert_int_equal(cluster_lock_holder(*state, &use), 0);
    close(first);

    /* Never through a link. */
    snprintf(path, sizeof path, "%s/keelson.lock", (char *)*state);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/tmp/unit-cluster-elsewhere", path), 0);
    assert_false(cluster_lock_try(*state, 0, 0, CLUSTER_LOCK_SERVICE, &first, &e));
    assert_int_equal(access("/tmp/unit-cluster-elsewhere", F_OK), -1);
}

static void guests_are_waited_for(void **state)
{
    int host, guest;

    assert_int_equal(cluster_lock_guest(*state), -1);       /* no host, no guest */
    host = cluster_lock_guests(*state, 0, 0);
    guest = cluster_lock_guest(*state);
    assert_true(host >= 0 && guest >= 0);
    cluster_lock_last_guest(host, USEC_MS);                 /* in vain */
    close(cluster_lock_guest(*state));                      /* more may come */
    close(guest);
    cluster_lock_last_guest(host, USEC_S);
    assert_int_equal(cluster_lock_guest(*state), -1);       /* it is about to stop */
    close(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test(pid_files),
        cmocka_unit_test(reasons),
        cmocka_unit_test(socket_names_differ_by_directory_and_user),
        cmocka_unit_test(urls_can_be_parsed),
        cmocka_unit_test(named_binaries_must_be_there),
        cmocka_unit_test_setup_teardown(the_log_is_bounded, folder, no_folder),
        cmocka_unit_test_setup_teardown(one_holds_the_lock, folder, no_folder),
        cmocka_unit_test_setup_teardown(guests_are_waited_for, folder, no_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

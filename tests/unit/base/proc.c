/*
 * Child processes: output, status, deadlines, users, what is inherited, and what happens when there is no start.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/proc.h"

#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { NOBODY = 65534 };

/* Run a shell script; its output, cut at 200 bytes. */
static struct buf output = BUF(200);

static int shell_with(struct proc_opts o, const char *script)
{
    const char *const argv[] = { "/bin/sh", "-c", script, NULL };
    struct err e = { 0 };
    int status = -1;

    o.argv = argv;
    buf_clear(&output);
    if (!proc_run(&o, clock_now() + 20 * USEC_S, &output, &status, &e))
        fail_msg("%s: %s", script, e.message);
    return status;
}

static int shell(const char *script)
{
    return shell_with((struct proc_opts){ 0 }, script);
}

static void status_and_output(void **state)
{
    static const struct { const char *script; int status; const char *out; } cases[] = {
        { "exit 0", 0, "" },                       { "exit 7", 7, "" },
        { "kill -9 $$", 128 + SIGKILL, "" },       { "kill -TERM $$", 128 + SIGTERM, "" },
        { "echo a; echo b >&2", 0, "a\nb\n" },     { "cat", 0, "" },       /* nothing on stdin, and it ends */
        { "echo $LC_ALL", 0, "C\n" },              { "cd /; pwd", 0, "/\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        print_message("%s\n", cases[i].script);
        assert_int_equal(shell(cases[i].script), cases[i].status);
        assert_string_equal(buf_cstr(&output), cases[i].out);
    }
    assert_int_equal(shell_with((struct proc_opts){ .cwd = "/usr" }, "pwd"), 0);
    assert_string_equal(buf_cstr(&output), "/usr\n");
}

static void too_much_output_is_cut(void **state)
{
    (void)state;
    assert_int_equal(shell("head -c 300000 /dev/zero | tr '\\0' x; exit 3"), 3);     /* more than a pipe holds */
    assert_int_equal(output.n, 200);
    assert_true(output.full);
}

static void the_environment_is_ours_with_changes(void **state)
{
    const char *const changes[] = { "KEELSON_ADDED=1", "KEELSON_KEPT=new", "KEELSON_GONE", "LC_ALL=tlh", NULL };

    (void)state;
    setenv("KEELSON_KEPT", "old", 1);
    setenv("KEELSON_GONE", "old", 1);
    setenv("KEELSON_KEPT_TOO", "old", 1);
    setenv("LC_ALL", "xx", 1);
    assert_int_equal(shell_with((struct proc_opts){ .env = changes },
                                "echo $KEELSON_ADDED $KEELSON_KEPT ${KEELSON_GONE-none} $KEELSON_KEPT_TOO $LC_ALL"), 0);
    assert_string_equal(buf_cstr(&output), "1 new none old C\n");
    unsetenv("KEELSON_KEPT");
    unsetenv("KEELSON_GONE");
    unsetenv("KEELSON_KEPT_TOO");
    unsetenv("LC_ALL");
}

static void nothing_else_is_inherited(void **state)
{
    int leaked = open("/dev/null", O_RDONLY);       /* without O_CLOEXEC, as a library might */
    sigset_t block, old;

    (void)state;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &old);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(shell("exec ls /proc/self/fd"), 0);
    assert_string_equal(buf_cstr(&output), "0\n1\n2\n3\n");          /* 3 is the directory it reads */
    assert_int_equal(shell("exec grep -E '^Sig(Blk|Ign)' /proc/self/status"), 0);
    assert_string_equal(buf_cstr(&output), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(SIGPIPE, SIG_DFL);
    close(leaked);
}

static void what_cannot_start_says_why(void **state)
{
    static const struct { const char *program, *cwd, *message; } cases[] = {
        { "/nonexistent/program", NULL,
          "start /nonexistent/program: it could not be executed: No such file or directory" },
        { "/etc/passwd", NULL, "start /etc/passwd: it could not be executed: Permission denied" },
        { "/bin/true", "/nonexistent",
          "start /bin/true: it could not change to its directory: No such file or directory" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct proc_opts o = { .argv = (const char *const[]){ cases[i].program, NULL }, .cwd = cases[i].cwd };
        struct err e = { 0 };
        int status;
        pid_t pid;

        assert_false(proc_run(&o, 0, NULL, &status, &e));
        assert_int_equal(e.kind, E_IO);
        assert_string_equal(e.message, cases[i].message);
        assert_false(proc_start(&o, &pid, &e));
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);       /* no zombie is left */
    }
}

static void deadlines_end_the_whole_group(void **state)
{
    struct proc_opts o = { .argv = (const char *const[]){ "/bin/sh", "-c", "echo $$; sleep 60 & sleep 60", NULL } };
    struct err e = { 0 };
    usec start = clock_now();
    int status;

    (void)state;
    buf_clear(&output);
    assert_false(proc_run(&o, start + 300 * USEC_MS, &output, &status, &e));
    assert_int_equal(e.kind, E_TIMEOUT);
    assert_in_range(clock_now() - start, 300 * USEC_MS, 10 * USEC_S);
    for (int i = 0; i < 200 && kill(-atoi(buf_cstr(&output)), 0) == 0; i++)
        usleep(10000);                                          /* init, or whoever it is, reaps the orphan */
    assert_int_equal(kill(-atoi(buf_cstr(&output)), 0), -1);
}

/* A server that is left behind keeps the pipe open: that is not waited for. */
static void an_open_pipe_is_not_waited_for(void **state)
{
    usec start = clock_now();

    (void)state;
    assert_int_equal(shell("sleep 30 & echo $!"), 0);
    assert_true(clock_now() - start < 10 * USEC_S);
    kill(atoi(buf_cstr(&output)), SIGKILL);
}

/* And one that closes its output goes on until it ends. */
static void a_closed_pipe_is_not_the_end(void **state)
{
    (void)state;
    assert_int_equal(shell("exec >&- 2>&-; sleep 0.2; exit 9"), 9);
}

static void changes_the_user(void **state)
{
    struct proc_opts o = { .uid = NOBODY, .gid = NOBODY, .cwd = "/" };
    const gid_t extra[] = { 4, 6 };

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_return_code(setgroups(ARRAY_LEN(extra), extra), 0);      /* what must not be kept */
    assert_int_equal(shell_with(o, "id -u; id -g; id -G"), 0);
    assert_string_equal(buf_cstr(&output), "65534\n65534\n65534\n");
}

static void starts_and_follows(void **state)
{
    struct proc_opts o = { .argv = (const char *const[]){ "/bin/sleep", "60", NULL } };
    struct err e = { 0 };
    uint64_t birth;
    int status;
    pid_t pid;

    (void)state;
    assert_true(proc_start(&o, &pid, &e));
    assert_true(proc_alive(pid));
    birth = proc_birth(pid);
    assert_true(birth >= proc_birth(getpid()) && birth > 0);
    assert_int_equal(getpgid(pid), pid);
    kill(pid, SIGKILL);
    while (proc_alive(pid))
        usleep(1000);                                           /* a zombie is not alive */
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(proc_birth(pid) == 0);
    assert_false(proc_alive(pid));
    assert_false(proc_alive(0));
    assert_false(proc_alive(-1));
}

/* A process whose parent dies: the parent is a child of ours that starts a helper, tells its pid and exits. */
static pid_t orphan(bool follow)
{
    struct proc_opts o = { .argv = (const char *const[]){ "/bin/sleep", "30", NULL }, .die_with_parent = follow };
    struct err e = { 0 };
    pid_t middle, helper = 0;
    int ends[2];

    assert_return_code(pipe(ends), 0);
    middle = fork();
    if (middle == 0) {
        bool ok = proc_start(&o, &helper, &e) && write(ends[1], &helper, sizeof(helper)) == sizeof(helper);

        _exit(ok ? 0 : 1);
    }
    assert_int_equal(waitpid(middle, NULL, 0), middle);
    assert_int_equal(read(ends[0], &helper, sizeof(helper)), sizeof(helper));
    close(ends[0]);
    close(ends[1]);
    return helper;
}

static void helpers_follow_their_parent(void **state)
{
    pid_t helper = orphan(true);

    (void)state;
    for (int i = 0; i < 500 && proc_alive(helper); i++)
        usleep(10000);
    assert_false(proc_alive(helper));
    helper = orphan(false);
    usleep(20000);
    assert_true(proc_alive(helper));
    kill(helper, SIGKILL);
}

static int done(void **state)
{
    (void)state;
    buf_free(&output);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_and_output),
        cmocka_unit_test(too_much_output_is_cut),
        cmocka_unit_test(the_environment_is_ours_with_changes),
        cmocka_unit_test(nothing_else_is_inherited),
        cmocka_unit_test(what_cannot_start_says_why),
        cmocka_unit_test(deadlines_end_the_whole_group),
        cmocka_unit_test(an_open_pipe_is_not_waited_for),
        cmocka_unit_test(a_closed_pipe_is_not_the_end),
        cmocka_unit_test(changes_the_user),
        cmocka_unit_test(starts_and_follows),
        cmocka_unit_test(helpers_follow_their_parent),
    };

    return cmocka_run_group_tests(tests, NULL, done);
}

/*
 * Child processes.
 *
 * A child is the leader of its own process group, reads from /dev/null, has default signals and inherits no
 * descriptor but its output.  What fails between fork and exec is reported through a pipe that closes on exec,
 * so "could not start" is never taken for an exit status.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"

/* ---- environment ---- */

static size_t name_length(const char *assignment)
{
    return strcspn(assignment, "=");
}

static bool names(const char *assignment, const char *other)
{
    size_t n = name_length(assignment);

    return n == name_length(other) && memcmp(assignment, other, n) == 0;
}

static size_t count(const char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

static bool overridden(const char *assignment, const char *const *changes)
{
    for (; changes && *changes; changes++)
        if (names(assignment, *changes))
            return true;
    return false;
}

/* Ours with the changes; made before fork(), after which nothing may be allocated. */
static char *const *environment(struct arena *a, const char *const *changes)
{
    static char locale[] = "LC_ALL=C";
    const char *const *ours = (const char *const *)environ;
    const char **env = arena_array(a, const char *, count(ours) + count(changes) + 2);
    size_t n = 0;

    env[n++] = locale;
    for (size_t i = 0; ours && ours[i]; i++)
        if (!names(ours[i], locale) && !overridden(ours[i], changes))
            env[n++] = ours[i];
    for (; changes && *changes; changes++)
        if (strchr(*changes, '=') && !names(*changes, locale))
            env[n++] = *changes;
    return (char *const *)env;
}

/* ---- start ---- */

enum stage { STAGE_PARENT, STAGE_FILES, STAGE_GROUPS, STAGE_USER, STAGE_CWD, STAGE_EXEC };

static const char *const stage_names[] = {
    [STAGE_PARENT] = "follow its parent", [STAGE_FILES] = "set up its files",      [STAGE_GROUPS] = "change its group",
    [STAGE_USER] = "change its user",     [STAGE_CWD] = "change to its directory", [STAGE_EXEC] = "be executed",
};

struct report {
    enum stage stage;
    int        error;
};

struct launch {
    const struct proc_opts *o;
    char *const *env;
    int    null, out;
    pid_t  parent;
};

static void default_signals(void)
{
    sigset_t none;

    for (int signo = 1; signo < NSIG; signo++)
        signal(signo, SIG_DFL);             /* refused for SIGKILL and SIGSTOP, which are what they are */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool become(const struct proc_opts *o, enum stage *stage)
{
    if (o->uid == 0 || o->uid == geteuid())
        return true;
    *stage = STAGE_GROUPS;
    if (setgroups(0, NULL) < 0 || setgid(o->gid) < 0)
        return false;
    *stage = STAGE_USER;
    return setuid(o->uid) == 0;
}

/* In the child; returns only on failure. */
static enum stage child(const struct launch *l)
{
    const struct proc_opts *o = l->o;
    enum stage stage = STAGE_FILES;

    setpgid(0, 0);
    default_signals();
    if (dup2(l->null, STDIN_FILENO) < 0 || dup2(l->out, STDOUT_FILENO) < 0 || dup2(l->out, STDERR_FILENO) < 0)
        return stage;
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);       /* a library may have forgotten the flag */
    if (!become(o, &stage))
        return stage;
    /* After the change of user, which clears it; the parent may have died before it was set. */
    if (o->die_with_parent && (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != l->parent))
        return STAGE_PARENT;
    if (o->cwd && chdir(o->cwd) < 0)
        return STAGE_CWD;
    execve(o->argv[0], (char *const *)o->argv, l->env);
    return STAGE_EXEC;
}

static pid_t spawn(const struct launch *l, int reporter)
{
    sigset_t all, old;
    pid_t pid;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);       /* no handler of ours may run in the child */
    pid = fork();
    if (pid == 0) {
        struct report r = { .stage = child(l), .error = errno };

        _exit(write(reporter, &r, sizeof(r)) == sizeof(r) ? 127 : 126);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (pid > 0)
        setpgid(pid, pid);                          /* here too: whoever comes first */
    return pid;
}

static pid_t wait_for(pid_t pid, int *status)
{
    pid_t got;

    do
        got = waitpid(pid, status, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

static ssize_t read_report(int fd, struct report *r)
{
    ssize_t n;

    do
        n = read(fd, r, sizeof(*r));
    while (n < 0 && errno == EINTR);
    return n;
}

static bool launch(const struct launch *l, pid_t *pid, struct err *e)
{
    struct report r;
    int ends[2];
    bool failed;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(e, E_IO, "start %s: pipe: %m", l->o->argv[0]);
    *pid = spawn(l, ends[1]);
    if (*pid < 0)
        fail(e, E_IO, "start %s: fork: %m", l->o->argv[0]);
    close(ends[1]);
    failed = *pid > 0 && read_report(ends[0], &r) == sizeof(r);
    close(ends[0]);
    if (failed) {
        wait_for(*pid, NULL);
        errno = r.error;
        return fail(e, E_IO, "start %s: it could not %s: %m", l->o->argv[0], stage_names[r.stage]);
    }
    return *pid > 0;
}

static bool start(const struct proc_opts *o, int out, pid_t *pid, struct err *e)
{
    struct arena a = ARENA;
    struct launch l = { .o = o, .env = environment(&a, o->env), .parent = getpid() };
    bool ok = false;

    l.null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (l.null < 0) {
        fail(e, E_IO, "open /dev/null: %m");
        goto out;
    }
    l.out = out ? out : l.null;
    ok = launch(&l, pid, e);
out:
    if (l.null >= 0)
        close(l.null);
    arena_free(&a);
    return ok;
}

bool proc_start(const struct proc_opts *o, pid_t *pid, struct err *e)
{
    return start(o, o->out_fd, pid, e);
}

/* ---- run to the end ---- */

/* What is in the pipe now; past the maximum it is read and dropped, so that the child never waits for us. */
static bool drain(int fd, struct buf *out)
{
    char chunk[16 << 10];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
        size_t room = out->max - out->n;

        if ((size_t)n > room)
            buf_add(out, (struct span){ chunk, room });
        buf_add(out, (struct span){ chunk, (size_t)n });
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static int patience(deadline until)
{
    usec left = until - clock_now();

    if (until == 0)
        return -1;
    if (left <= 0)
        return 0;
    return left < 3600 * USEC_S ? (int)(left / USEC_MS) + 1 : 3600 * 1000;
}

/* Until the child has ended, not until its pipe closes: a server it left behind may hold that for ever.
   False: the deadline passed. */
static bool attend(int child_fd, int pipe_fd, deadline until, struct buf *out)
{
    struct pollfd fds[] = { { .fd = child_fd, .events = POLLIN }, { .fd = pipe_fd, .events = POLLIN } };

    while (!fds[0].revents) {
        int n = poll(fds, ARRAY_LEN(fds), patience(until));

        if (n < 0) {
            fds[0].revents = fds[1].revents = 0;    /* interrupted */
            continue;
        }
        if (n == 0 && until && clock_now() >= until)
            return false;
        if (fds[1].revents && !drain(pipe_fd, out))
            fds[1].fd = -1;
    }
    if (fds[1].fd >= 0)
        drain(pipe_fd, out);
    return true;
}

static bool finish(pid_t pid, const char *what, int pipe_fd, deadline until, struct buf *out, int *status,
                   struct err *e)
{
    int child_fd = pidfd_open(pid, 0);
    bool ok = child_fd >= 0;
    int raw = 0;

    if (!ok)
        fail(e, E_IO, "wait for %s: %m", what);
    else if (!(ok = attend(child_fd, pipe_fd, until, out)))
        fail(e, E_TIMEOUT, "%s did not finish in time and was ended", what);
    if (!ok)
        kill(-pid, SIGKILL);
    if (wait_for(pid, &raw) < 0)
        ok = fail(e, E_IO, "wait for %s: %m", what);
    if (child_fd >= 0)
        close(child_fd);
    *status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    return ok;
}

bool proc_run(const struct proc_opts *o, deadline until, struct buf *out, int *status, struct err *e)
{
    int ends[2] = { -1, -1 };
    struct buf nothing = BUF(0);
    bool ok = false;
    pid_t pid;

    if (out && (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)) {
        fail(e, E_IO, "start %s: pipe: %m", o->argv[0]);
        goto out;
    }
    if (!start(o, out ? ends[1] : o->out_fd, &pid, e))
        goto out;
    if (out)
        close(ends[1]);
    ends[1] = -1;
    ok = finish(pid, o->argv[0], ends[0], until, out ? out : &nothing, status, e);
out:
    if (ends[0] >= 0)
        close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    return ok;
}

/* ---- looking at others ---- */

/* State and start time of a process; false: there is none.  The name in field 2 may hold anything, ')' too. */
static bool read_stat(pid_t pid, char *state, uint64_t *birth)
{
    struct buf text = BUF(4096);
    struct err e = { 0 };
    char path[64];
    const char *at = NULL;
    struct span rest, field = SPAN_NONE;
    bool ok = false;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (pid > 0 && buf_read_file(&text, path, &e) && text.n > 0)
        at = memrchr(text.p, ')', text.n);
    if (at && (size_t)(at + 2 - text.p) < text.n) {
        rest = span_drop(buf_span(&text), (size_t)(at + 2 - text.p));
        *state = rest.p[0];
        for (int i = 3; i <= 22; i++)
            field = span_cut(&rest, ' ');
        ok = span_u64(field, birth);
    }
    buf_free(&text);
    return ok;
}

bool proc_alive(pid_t pid)
{
    uint64_t birth;
    char state;

    if (pid <= 0 || (kill(pid, 0) < 0 && errno != EPERM))
        return false;
    return !read_stat(pid, &state, &birth) || (state != 'Z' && state != 'X');   /* /proc may hide others' processes */
}

uint64_t proc_birth(pid_t pid)
{
    uint64_t birth;
    char state;

    return read_stat(pid, &state, &birth) ? birth : 0;
}

/*
 * Why a process of its own: PR_SET_PDEATHSIG alone would follow the thread that started the server, not the program,
 * could not wait for the shutdown, escalate, or remove a throwaway cluster.  Between guardian and postmaster it is right: the
 * guardian has one thread, and who becomes another user before asking for the signal keeps it through exec.
 *
 * The guardian is in a session of its own, so that Ctrl-C and a killed process group leave it to its work; it keeps four
 * descriptors and has no memory of the program but what fork() shares.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cluster_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/proc.h"
#include "pg/cluster_log.h"
#include "pg/cluster_place.h"
#include "pg/cluster_server.h"

#define NAME           "keelson-guard"
#define STOP_PATIENCE  (60 * USEC_S)
#define DRAIN_PATIENCE (100 * USEC_MS)

/* Descriptors of the guardian.  1 and 2 go nowhere. */
enum { FD_LIFE = 0, FD_LOCK = 3, FD_REPORT = 4, FD_FREE = 5 };

/* ---- in the postmaster's process, until exec ---- */

static void default_signals(void)
{
    sigset_t none;

    for (int signo = 1; signo < NSIG; signo++)
        signal(signo, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static NORETURN void become_postmaster(const struct cluster_guard_plan *plan, pid_t guardian, int output)
{
    /* Nothing of our environment: PGPORT, PGDATA and secrets would be in it. */
    static char *const env[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", NULL };
    int null = open("/dev/null", O_RDONLY);

    default_signals();
    if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        _exit(126);
    close_range(3, ~0u, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGINT) != 0 || getppid() != guardian)
        _exit(126);
    execve(plan->argv[0], (char *const *)plan->argv, env);
    dprintf(2, "FATAL:  cannot execute %s: %s\n", plan->argv[0], strerror(errno));
    _exit(127);
}

/* ---- in the guardian ---- */

struct watchman {
    const struct cluster_guard_plan *plan;
    struct cluster_log log;
    pid_t    postmaster;
    int      pidfd, output;          /* output: -1 when its end was seen */
    bool     ending;                 /* the program has gone */
    size_t   stage;
    deadline next;
};

static const struct {
    int  signo;
    usec patience;
} stages[] = {
    { SIGINT,  30 * USEC_S },        /* fast: sessions end, a checkpoint */
    { SIGQUIT, 15 * USEC_S },        /* immediate: recovery at the next start */
    { SIGKILL, 3600 * USEC_S },
};

/* Everything that was inherited goes, but what the plan says; numbers may overlap, so first all go up. */
static bool arrange_files(const struct cluster_guard_plan *plan, int life, int report)
{
    int null = open("/dev/null", O_RDWR);
    int up[] = { fcntl(life, F_DUPFD, 16), fcntl(null, F_DUPFD, 16), fcntl(plan->lock, F_DUPFD, 16), fcntl(report, F_DUPFD, 16) };

    for (size_t i = 0; i < ARRAY_LEN(up); i++)
        if (up[i] < 0)
            return false;
    if (dup2(up[0], FD_LIFE) < 0 || dup2(up[1], 1) < 0 || dup2(up[1], 2) < 0 || dup2(up[2], FD_LOCK) < 0 || dup2(up[3], FD_REPORT) < 0)
        return false;
    return close_range(FD_FREE, ~0u, 0) == 0;
}

static void calm_signals(void)
{
    static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTTOU, SIGTTIN, SIGTSTP, SIGUSR1, SIGUSR2 };

    default_signals();
    for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
        signal(ignored[i], SIG_IGN);
}

static bool start_postmaster(struct watchman *w)
{
    pid_t me = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
        return false;
    w->postmaster = fork();
    if (w->postmaster == 0)
        become_postmaster(w->plan, me, ends[1]);
    close(ends[1]);
    w->output = ends[0];
    w->pidfd = w->postmaster > 0 ? pidfd_open(w->postmaster, 0) : -1;
    if (w->pidfd < 0 && w->postmaster > 0)
        kill(w->postmaster, SIGKILL);        /* not yet a server */
    return w->pidfd >= 0;
}

static void escalate(struct watchman *w)
{
    if (!w->ending || clock_now() < w->next || w->stage == ARRAY_LEN(stages))
        return;
    kill(w->postmaster, stages[w->stage].signo);
    kill(w->postmaster, SIGCONT);            /* a stopped process gets the signal only when it goes on */
    w->next = clock_now() + stages[w->stage++].patience;
}

static int patience(const struct watchman *w)
{
    usec left = w->next - clock_now();

    return !w->ending ? -1 : left <= 0 ? 0 : (int)(left / USEC_MS) + 1;
}

/* Until the postmaster has ended. */
static void watch(struct watchman *w)
{
    struct pollfd fds[] = { { .fd = w->pidfd, .events = POLLIN }, { .fd = FD_LIFE, .events = POLLIN }, { .fd = w->output, .events = POLLIN } };

    while (!fds[0].revents) {
        if (poll(fds, ARRAY_LEN(fds), patience(w)) < 0) {
            fds[0].revents = fds[1].revents = fds[2].revents = 0;
            continue;
        }
        if (fds[2].revents && !cluster_log_copy(&w->log, w->output))
            fds[2].fd = w->output = -1;
        if (fds[1].revents) {
            fds[1].fd = -1;
            w->ending = true;
            w->stage = w->plan->remove ? 1 : 0;
        }
        escalate(w);
    }
    waitpid(w->postmaster, NULL, 0);
}

/* What the server's other processes still have to say, until the last of them has gone or `until`. */
static void drain(struct watchman *w, deadline until)
{
    struct pollfd out = { .fd = w->output, .events = POLLIN };

    while (w->output >= 0 && clock_now() < until)
        if (poll(&out, 1, 10) > 0 && !cluster_log_copy(&w->log, w->output))
            w->output = -1;
}

/* The end of this pipe tells the program that its server has ended; that nobody reads it any more is seen at the other one. */
static void report_postmaster(pid_t pid)
{
    ssize_t n = write(FD_REPORT, &pid, sizeof pid);

    (void)n;
}

/* A backend that never waits does not notice that its postmaster has died. */
static void end_orphans(const struct cluster_guard_plan *plan)
{
    struct cluster_place place = { .dir = plan->data_dir };      /* we are the server's user already */
    struct err ignored = { .kind = E_NONE };

    if (!cluster_server_stop(&place, &ignored))
        _exit(1);
}

/* Once the program has gone: after a crash of its server it may still look at the directory. */
static void remove_tree(const char *path)
{
    struct pollfd life = { .fd = FD_LIFE, .events = POLLIN };
    struct err ignored = { .kind = E_NONE };

    while (poll(&life, 1, -1) <= 0)
        ;
    if (!proc_rmtree(path, &ignored))
        _exit(1);
}

static NORETURN void guard(const struct cluster_guard_plan *plan, int life, int report)
{
    struct watchman w = { .plan = plan };

    calm_signals();
    setsid();
    prctl(PR_SET_NAME, NAME);
    if (!arrange_files(plan, life, report) || !cluster_place_become(plan->uid, plan->gid) || chdir("/") != 0)
        _exit(1);
    cluster_log_open(&w.log, plan->log_dir);
    if (!start_postmaster(&w))
        _exit(1);
    report_postmaster(w.postmaster);
    watch(&w);
    close(FD_REPORT);
    end_orphans(plan);
    drain(&w, clock_now() + DRAIN_PATIENCE);
    if (plan->remove)
        remove_tree(plan->remove);
    _exit(0);
}

/* ---- in the program ---- */

static pid_t fork_quietly(void)
{
    sigset_t all, old;
    pid_t pid;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);        /* no handler of the program may run in the child */
    pid = fork();
    if (pid != 0)
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    return pid;
}

static pid_t read_report(int fd)
{
    pid_t pid = 0;
    ssize_t n;

    do
        n = read(fd, &pid, sizeof pid);
    while (n < 0 && errno == EINTR);
    return n == sizeof pid ? pid : 0;
}

bool cluster_guard_start(const struct cluster_guard_plan *plan, struct cluster_guard *out, struct err *e)
{
    int life[2], report[2];

    *out = CLUSTER_GUARD;
    if (pipe2(life, O_CLOEXEC) != 0)
        return fail(e, E_IO, "pipe: %m");
    if (pipe2(report, O_CLOEXEC) != 0) {
        close(life[0]);
        close(life[1]);
        return fail(e, E_IO, "pipe: %m");
    }
    out->pid = fork_quietly();
    if (out->pid == 0)
        guard(plan, life[0], report[1]);
    close(life[0]);
    close(report[1]);
    out->life = life[1];
    out->report = report[0];
    if (out->pid > 0) {
        out->pidfd = pidfd_open(out->pid, 0);
        out->postmaster = read_report(out->report);
    }
    if (out->postmaster > 0 && out->pidfd >= 0)
        return true;
    cluster_guard_stop(out);
    return fail(e, E_IO, "the guardian of the PostgreSQL server could not be started");
}

/* True: the descriptor became readable or its other end was closed. */
static bool news(int fd, usec wait)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, (int)((wait + USEC_MS - 1) / USEC_MS)) > 0;
}

bool cluster_guard_alive(const struct cluster_guard *g, usec wait)
{
    return g->report >= 0 && !news(g->report, wait);
}

void cluster_guard_stop(struct cluster_guard *g)
{
    deadline until = clock_now() + STOP_PATIENCE;

    if (g->life >= 0)
        close(g->life);
    while (g->pidfd >= 0 && !news(g->pidfd, USEC_S))
        if (clock_now() > until)
            kill(g->pid, SIGKILL);           /* it was stopped, say; its end ends the server */
    if (g->pid > 0)
        waitpid(g->pid, NULL, 0);            /* fails when a SIGCHLD handler was faster */
    if (g->pidfd >= 0)
        close(g->pidfd);
    if (g->report >= 0)
        close(g->report);
    *g = CLUSTER_GUARD;
}

bool cluster_guard_watches(pid_t pid)
{
    struct buf text = BUF(4096);
    struct err ignored = { .kind = E_NONE };
    char path[64], comm[32] = "";
    int parent = 0;
    const char *after = NULL;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (buf_read_file(&text, path, &ignored))
        after = strrchr(buf_cstr(&text), ')');
    if (after && sscanf(after, ") %*c %d", &parent) == 1) {
        snprintf(path, sizeof path, "/proc/%d/comm", parent);
        buf_clear(&text);
        if (buf_read_file(&text, path, &ignored))
            snprintf(comm, sizeof comm, "%s", buf_cstr(&text));
    }
    buf_free(&text);
    return strcmp(comm, NAME "\n") == 0;
}

struct span cluster_guard_reason(struct span log)
{
    static const char *const kinds[] = { "PANIC:  ", "FATAL:  ", "ERROR:  ", "LOG:  " };
    struct span reason = SPAN_NONE;
    size_t best = ARRAY_LEN(kinds);

    while (log.n > 0) {
        struct span line = span_cut(&log, '\n');

        for (size_t k = 0; k < ARRAY_LEN(kinds) && k <= best; k++) {
            const char *at = line.n ? memmem(line.p, line.n, kinds[k], strlen(kinds[k])) : NULL;

            if (!at)
                continue;
            best = k;
            reason = span_drop(line, (size_t)(at - line.p) + strlen(kinds[k]));
            break;
        }
    }
    return reason;
}

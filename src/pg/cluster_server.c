/*
 * Leftovers of killed programs.  A server process is known by its executable and its working directory, which for every
 * process of a PostgreSQL server is the data directory; a pid in a file may be anybody's by now.
 *
 * PostgreSQL clears away a stale postmaster.pid by itself, and with it the old shared memory, but gives up when
 * the pid in there is alive and of the same user.  Only then is the file removed here, after no process was left.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cluster_server.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "pg/cluster_guard.h"

enum { LINE_PID = 1, LINE_STATUS = 8 };      /* of postmaster.pid */
enum { PROCESSES = 512 };

bool cluster_server_parse(struct span text, struct cluster_server *out)
{
    *out = (struct cluster_server){ .pid = 0 };
    for (int line = 1; text.n > 0 && line <= LINE_STATUS; line++) {
        bool whole = memchr(text.p, '\n', text.n) != NULL;
        struct span s = span_cut(&text, '\n');
        int64_t pid;

        if (line == LINE_PID && whole && span_i64(s, &pid) && pid > 1 && pid <= INT_MAX)
            out->pid = (pid_t)pid;
        if (line == LINE_STATUS)
            out->ready = span_starts(s, SPAN("ready"));
    }
    return out->pid > 0;
}

bool cluster_server_read(const char *dir, struct cluster_server *out)
{
    struct buf text = BUF(8192);
    struct err ignored = { .kind = E_NONE };
    char path[PATH_MAX];
    bool ok = snprintf(path, sizeof path, "%s/postmaster.pid", dir) < (int)sizeof path && buf_read_file(&text, path, &ignored) &&
              cluster_server_parse(buf_span(&text), out);

    buf_free(&text);
    return ok;
}

/* ---- processes ---- */

struct found {
    pid_t pids[PROCESSES];
    int   n;
    bool  leader;            /* the postmaster that postmaster.pid names is among them */
    pid_t leader_pid;
};

/* An executable that was upgraded meanwhile has " (deleted)" behind its name. */
static bool is_server(const char *exe)
{
    static const char *const names[] = { "/postgres", "/initdb" };
    const char *name = strrchr(exe, '/');

    for (size_t i = 0; name && i < ARRAY_LEN(names); i++) {
        size_t n = strlen(names[i]);

        if (strncmp(name, names[i], n) == 0 && (name[n] == '\0' || strcmp(name + n, " (deleted)") == 0))
            return true;
    }
    return false;
}

static bool works_in(pid_t pid, const struct stat *dir)
{
    char path[64], exe[PATH_MAX];
    struct stat st;
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
    if (stat(path, &st) != 0 || st.st_dev != dir->st_dev || st.st_ino != dir->st_ino)
        return false;
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    n = readlink(path, exe, sizeof exe - 1);
    if (n <= 0)
        return false;
    exe[n] = '\0';
    return is_server(exe);
}

static void look(const char *dir, struct found *f)
{
    struct cluster_server server = { .pid = 0 };
    struct dirent *entry;
    struct stat st;
    DIR *proc = opendir("/proc");

    f->n = 0;
    f->leader = false;
    cluster_server_read(dir, &server);
    f->leader_pid = server.pid;
    if (stat(dir, &st) != 0)
        memset(&st, 0, sizeof st);
    while (proc && f->n < PROCESSES && (entry = readdir(proc))) {
        uint64_t pid;

        if (!span_u64(span_of(entry->d_name), &pid) || pid > INT_MAX || !works_in((pid_t)pid, &st))
            continue;
        f->pids[f->n++] = (pid_t)pid;
        f->leader = f->leader || (pid_t)pid == server.pid;
    }
    if (proc)
        closedir(proc);
}

/* ---- ending them ---- */

static const struct {
    int  signo;
    usec patience;
} stages[] = {
    { SIGINT,  20 * USEC_S },        /* fast: sessions end, a checkpoint */
    { SIGQUIT, 10 * USEC_S },        /* immediate: recovery at the next start */
    { SIGKILL, 10 * USEC_S },
};

/* A stopped process gets the signal only when it goes on. */
static void send_signal(pid_t pid, int signo)
{
    kill(pid, signo);
    kill(pid, SIGCONT);
}

static void send_stage(const struct found *f, int signo)
{
    if (signo != SIGKILL) {
        send_signal(f->leader_pid, signo);
        return;
    }
    for (int i = 0; i < f->n; i++)
        send_signal(f->pids[i], SIGKILL);
}

static bool watched(const struct found *f)
{
    return f->leader && cluster_guard_watches(f->leader_pid);
}

/* Without their postmaster the others have nothing to shut down in order: they are killed. */
static bool end_all(const char *dir, struct err *e)
{
    struct found f;
    deadline next = 0;
    size_t stage = 0;

    for (look(dir, &f); f.n > 0; look(dir, &f)) {
        if (watched(&f))
            return fail(e, E_IO, "%s: its lock was removed while a server (pid %d) runs there under another keelson", dir, (int)f.leader_pid);
        if (!f.leader && stage < ARRAY_LEN(stages) - 1) {
            stage = ARRAY_LEN(stages) - 1;
            next = 0;
        }
        if (clock_now() >= next) {
            if (stage == ARRAY_LEN(stages))
                return fail(e, E_IO, "%s: a server process (pid %d) that a killed program has left does not end", dir, (int)f.pids[0]);
            log_event(LOG_WARN, "postgres_leftover", "processes=%d pid=%d signal=%d", f.n, (int)f.pids[0], stages[stage].signo);
            send_stage(&f, stages[stage].signo);
            next = clock_now() + stages[stage++].patience;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 4000000 }, NULL);
    }
    return true;
}

static void remove_stale(const struct cluster_place *p)
{
    static const char *const names[] = { "/.s.PGSQL.5432", "/.s.PGSQL.5432.lock" };
    struct cluster_server server;
    char path[PATH_MAX];

    if (cluster_server_read(p->dir, &server) && (kill(server.pid, 0) == 0) &&
        snprintf(path, sizeof path, "%s/postmaster.pid", p->dir) < (int)sizeof path)
        unlink(path);
    for (size_t i = 0; p->socket_dir && i < ARRAY_LEN(names); i++)
        if (snprintf(path, sizeof path, "%s%s", p->socket_dir, names[i]) < (int)sizeof path)
            unlink(path);
}

static bool stop(void *arg, struct err *e)
{
    const struct cluster_place *p = arg;
    char unfinished[PATH_MAX];

    if (!end_all(p->dir, e))
        return false;
    /* initdb works in the directory itself, its servers in the one that is being made: first who starts, then who was started. */
    if (snprintf(unfinished, sizeof unfinished, "%s/.init", p->dir) < (int)sizeof unfinished && access(unfinished, F_OK) == 0 &&
        !end_all(unfinished, e))
        return false;
    remove_stale(p);
    return true;
}

bool cluster_server_stop(const struct cluster_place *p, struct err *e)
{
    struct cluster_place copy = *p;

    return cluster_place_run(p, stop, &copy, e);
}

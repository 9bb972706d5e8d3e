/*
 * Its log goes to a file in memory, where the address it listens on is looked up.  It dies with us.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/child.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"

#define START_LIMIT (60 * USEC_S)       /* under sanitizers, on a busy machine */
#define END_LIMIT   (20 * USEC_S)
#define LOOK_EVERY  (5 * USEC_MS)
#define TAIL        2000

static struct span log_read(const struct child *c, struct arena *a, size_t most)
{
    struct stat st;
    off_t from;
    char *text;
    ssize_t n;

    if (c->log < 0 || fstat(c->log, &st) != 0)
        return SPAN_NONE;
    from = st.st_size > (off_t)most ? st.st_size - (off_t)most : 0;
    text = arena_alloc(a, most + 1);
    n = pread(c->log, text, most, from);
    return (struct span){ text, n > 0 ? (size_t)n : 0 };
}

const char *child_tail(const struct child *c, struct arena *a)
{
    struct span s = log_read(c, a, TAIL);
    struct buf b = BUF(2 * TAIL);
    const char *text;

    log_redact(&b, s);
    text = arena_strdup(a, buf_span(&b));
    buf_free(&b);
    return text;
}

/* "event=listening addr=127.0.0.1:8080 ..." */
static int port_of(struct span log)
{
    static const struct span mark = { "event=listening addr=127.0.0.1:", sizeof("event=listening addr=127.0.0.1:") - 1 };
    const char *at = log.n ? memmem(log.p, log.n, mark.p, mark.n) : NULL;
    struct span rest;
    uint64_t port = 0;

    if (!at)
        return 0;
    rest = span_drop(log, (size_t)(at - log.p) + mark.n);
    return memchr(rest.p, ' ', rest.n) && span_u64(span_cut(&rest, ' '), &port) ? (int)port : 0;
}

static bool listens(struct child *c, struct err *e)
{
    struct arena a = ARENA;
    usec until = clock_now() + START_LIMIT;
    bool ok = true;

    while (ok && c->port == 0) {
        bool alive = child_alive(c);

        c->port = port_of(log_read(c, &a, (size_t)64 * 1024));
        if (c->port == 0 && (!alive || clock_now() > until))
            ok = fail(e, E_IO, "the service did not start: %s", child_tail(c, &a));
        else if (c->port == 0)
            usleep(LOOK_EVERY);
        arena_reset(&a);
    }
    arena_free(&a);
    return ok;
}

/* Ourselves: by name, so that a list of processes shows it, unless the file was replaced meanwhile. */
static const char *program(struct arena *a)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);

    if (n <= 0 || n == sizeof path)
        return "/proc/self/exe";
    path[n] = '\0';
    return access(path, X_OK) == 0 ? arena_strdup(a, span_of(path)) : "/proc/self/exe";
}

#define NUMBER(n) TEXT(n)
#define TEXT(n)   #n

bool child_open(struct arena *a, const char *url, const char *migrate_dir, usec limit, struct child *out, struct err *e)
{
    const char *ms = arena_printf(a, "%lldms", (long long)(limit / USEC_MS));
    const char *argv[] = {
        program(a), "serve", "--listen", "127.0.0.1:0", "--pool-size", NUMBER(CHILD_SIZE), "--pool-overflow", NUMBER(CHILD_OVERFLOW),
        "--pool-lanes", "1", "--pool-timeout", "10s", "--pool-recycle", "7d", "--pool-idle", "1d", "--query-timeout", ms, "--lock-timeout", ms,
        "--connect-timeout", "2s", "--drain-timeout", "5s", "--rate-key", "0", "--migrate=false", "--migrate-dir", migrate_dir, "--log-level", "info",
        "--log-format", "logfmt", NULL,
    };
    const char *env[] = { arena_printf(a, "DATABASE_URL=%s", url), "KEELSON_OWNER_URL", "KEELSON_API_KEY", NULL };
    struct proc_opts o = { .argv = argv, .env = env, .die_with_parent = true };

    *out = (struct child){ .log = memfd_create("keelson prove", MFD_CLOEXEC) };
    if (out->log < 0)
        return fail(e, E_IO, "no room for the service's log: %m");
    o.out_fd = out->log;
    return proc_start(&o, &out->pid, e) && listens(out, e);
}

bool child_alive(struct child *c)
{
    int status;

    if (c->pid != 0 && waitpid(c->pid, &status, WNOHANG) == c->pid)
        c->pid = 0;
    return c->pid != 0;
}

static bool reaped(struct child *c, int *status, usec patience)
{
    for (usec until = clock_now() + patience; clock_now() < until; usleep(LOOK_EVERY))
        if (waitpid(c->pid, status, WNOHANG) == c->pid)
            return true;
    return false;
}

bool child_close(struct child *c)
{
    int status = -1;
    bool ended = c->pid == 0;

    if (!ended) {
        kill(c->pid, SIGTERM);
        ended = reaped(c, &status, END_LIMIT);
    }
    if (!ended) {
        kill(c->pid, SIGKILL);
        reaped(c, &status, END_LIMIT);
    }
    c->pid = 0;
    if (c->log >= 0)
        close(c->log);
    c->log = -1;
    return ended && status == 0;
}

/*
 * A process of its own: what it does costs the service no more than any other client, and it knows nothing a client does not.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/demo.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"

#define END_LIMIT (3 * USEC_S)

struct demo {
    struct arena arena;
    pid_t        pid;                   /* 0: ended and reaped */
    struct watch watch;                 /* of its pidfd */
    bool         asked;                 /* to end */
};

bool demo_allowed(const struct conf *conf, bool local, struct err *e)
{
    const char *key = getenv("KEELSON_API_KEY");

    if (conf->database_url)
        return fail(e, E_USAGE, "--demo fills the embedded database only; for another one there is `keelson demo --url`");
    if (strncmp(conf->listen, "unix:", 5) == 0)
        return fail(e, E_USAGE, "--demo needs a TCP address to talk to, not a unix socket");
    if (!local && !(key && *key))
        return fail(e, E_USAGE, "--demo needs an API key in KEELSON_API_KEY when the service is reachable from other machines");
    return true;
}

static void reap(struct demo *d, int flags)
{
    int status = 0;

    if (d->pid == 0 || waitpid(d->pid, &status, flags) != d->pid)
        return;
    d->pid = 0;
    if (!d->asked)
        log_event(LOG_WARN, "demo-gone", "status=%d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void ended(struct watch *w, int events)
{
    struct demo *d = CONTAINER(w, struct demo, watch);

    (void)events;
    reap(d, WNOHANG);
    if (d->pid == 0)
        loop_unwatch(w);
}

/* A service that listens everywhere is found on the loopback. */
static const char *url_of(struct arena *a, const char *address)
{
    if (strncmp(address, "0.0.0.0:", 8) == 0)
        return arena_printf(a, "http://127.0.0.1:%s", address + 8);
    if (strncmp(address, "[::]:", 5) == 0)
        return arena_printf(a, "http://[::1]:%s", address + 5);
    return arena_printf(a, "http://%s", address);
}

/* Ourselves: by name, so that a list of processes shows it, unless the file was replaced meanwhile. */
static const char *program(struct arena *a)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    if (n <= 0)
        return "/proc/self/exe";
    path[n] = '\0';
    return access(path, X_OK) == 0 ? arena_strdup(a, span_of(path)) : "/proc/self/exe";
}

bool demo_open(struct loop *l, const struct conf *conf, const char *address, struct demo **out, struct err *e)
{
    struct demo *d = calloc(1, sizeof *d);
    const char *argv[] = { NULL, "demo", "--live", "--log-format", conf->log_format == LOG_JSON ? "json" : "logfmt", "--url", NULL, NULL };
    struct proc_opts o = { .argv = argv, .out_fd = STDERR_FILENO, .die_with_parent = true };

    if (!d)
        err_die("out of memory");
    argv[0] = program(&d->arena);
    argv[6] = url_of(&d->arena, address);
    if (!proc_start(&o, &d->pid, e)) {
        demo_close(d);
        return err_context(e, "--demo");
    }
    d->watch = (struct watch){ .fd = (int)syscall(SYS_pidfd_open, d->pid, 0), .ready = ended };
    if (d->watch.fd >= 0)
        loop_watch(l, &d->watch, LOOP_READ);
    *out = d;
    return true;
}

void demo_stop(struct demo *d)
{
    if (!d || d->pid == 0)
        return;
    d->asked = true;
    kill(d->pid, SIGTERM);
}

void demo_close(struct demo *d)
{
    if (!d)
        return;
    demo_stop(d);
    for (usec until = clock_now() + END_LIMIT; d->pid && clock_now() < until; usleep(1000))
        reap(d, WNOHANG);
    if (d->pid) {
        kill(d->pid, SIGKILL);
        reap(d, 0);
    }
    loop_unwatch(&d->watch);
    if (d->watch.fd > 0)
        close(d->watch.fd);
    arena_free(&d->arena);
    free(d);
}

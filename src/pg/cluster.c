/*
 * The order of things: place, lock, leftovers, data directory, guardian with server, roles.
 * Each step is a file of its own beside this one; here is who waits for whom, and what is undone when a step fails.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cluster.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "pg/cluster_find.h"
#include "pg/cluster_guard.h"
#include "pg/cluster_init.h"
#include "pg/cluster_lock.h"
#include "pg/cluster_place.h"
#include "pg/cluster_roles.h"
#include "pg/cluster_server.h"

#define LOCK_PATIENCE  (60 * USEC_S)      /* a guardian needs at most 45 s to stop its server */
#define START_PATIENCE (600 * USEC_S)     /* a recovery; bounded by max_wal_size */
#define GUEST_PATIENCE (60 * USEC_S)
#define WAIT_SILENTLY  (2 * USEC_S)
#define NEWS_EVERY     (5 * USEC_S)
#define POLL           (3 * USEC_MS)      /* the server tells that it is ready only by a file */

struct cluster_own {
    struct cluster_place place;
    struct cluster_guard guard;
    enum cluster_kind    kind;
    const char          *bindir;
    const char          *tree;            /* of a throwaway cluster: what to remove */
    int                  lock;            /* ours, or -1 */
    int                  guests;          /* with the lock: who else uses our server; without: that we use another's; or -1 */
    bool                 command;         /* our server is there for one command, and for its guests until they leave */
};

const char *cluster_default_dir(void)
{
    return geteuid() == 0 ? "/var/lib/keelson" : "keelson-data";
}

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = POLL * 1000 }, NULL);
}

/* ---- who else is there ---- */

/* A running server of another live program, which then waits for us before it stops. */
static bool find_running(struct arena *a, struct cluster_own *own, struct cluster_server *server)
{
    if (!cluster_server_read(own->place.dir, server) || !server->ready)
        return false;
    own->guests = cluster_lock_guest(own->place.dir);
    if (own->guests < 0)
        return false;
    own->place.socket_dir = cluster_place_recorded(a, &own->place);
    /* Again, now that it would wait: it may have stopped in between. */
    if (own->place.socket_dir && cluster_server_read(own->place.dir, server) && server->ready)
        return true;
    close(own->guests);
    own->guests = -1;
    return false;
}

static bool refuse(const struct cluster_place *p, pid_t holder, struct err *e)
{
    if (holder)
        return fail(e, E_IO, "%s is in use by keelson (pid %d): stop that one, or give another --data-dir", p->dir, (int)holder);
    return fail(e, E_IO, "%s is still locked after %d s, by a program that cannot be seen from here (another container?)", p->dir,
                (int)(LOCK_PATIENCE / USEC_S));
}

/* The lock (own->lock >= 0), or with `shared` a server to use (server->ready). */
static bool enter(struct arena *a, struct cluster_own *own, bool shared, struct cluster_server *server, struct err *e)
{
    const struct cluster_place *p = &own->place;
    deadline until = clock_now() + LOCK_PATIENCE, tell = clock_now() + WAIT_SILENTLY;
    enum cluster_lock_use use;

    *server = (struct cluster_server){ .pid = 0 };
    for (;;) {
        pid_t holder;

        if (!cluster_lock_try(p->dir, p->uid, p->gid, shared ? CLUSTER_LOCK_COMMAND : CLUSTER_LOCK_SERVICE, &own->lock, e) ||
            own->lock >= 0)
            return own->lock >= 0;
        holder = cluster_lock_holder(p->dir, &use);
        if (holder && shared && find_running(a, own, server))
            return true;
        if ((holder && !shared && use == CLUSTER_LOCK_SERVICE) || clock_now() >= until)
            return refuse(p, holder, e);
        if (clock_now() >= tell) {
            log_event(LOG_INFO, "postgres_waiting", "dir=%s pid=%d", p->dir, (int)holder);
            tell = until;
        }
        pause_shortly();
    }
}

/* ---- start ---- */

/* Always false. */
static bool wrong_version(struct arena *a, const struct cluster_place *p, const char *bindir, int have, struct err *e)
{
    struct err reason = *e;
    const char *found;
    int other;

    if (!cluster_find_bindir(a, bindir, 0, &found, &other, &reason))
        return fail(e, E_USAGE, "%s was made by PostgreSQL %d: %s", p->dir, have, reason.message);
    if (have < CLUSTER_FIND_OLDEST)
        return fail(e, E_USAGE, "%s was made by PostgreSQL %d, Keelson needs %d or later: dump it with PostgreSQL %d and restore it "
                                "into a new data directory",
                    p->dir, have, CLUSTER_FIND_OLDEST, have);
    return fail(e, E_USAGE, "%s was made by PostgreSQL %d, %s has %d: install postgresql-%d (apt-get install postgresql-%d)%s, "
                            "or dump it with %d and restore it into a new data directory",
                p->dir, have, found, other, have, have, bindir ? " and set pg.bindir" : "", have);
}

/* The binaries that fit what is in the directory; makes it first if there is nothing. */
static bool prepare(struct arena *a, struct cluster_own *own, const char *bindir, int *major, struct err *e)
{
    int have;

    if (!cluster_init_inspect(a, &own->place, &have, e))
        return false;
    if (have == 0) {
        if (!cluster_find_bindir(a, bindir, *major, &own->bindir, major, e))
            return false;
        log_event(LOG_INFO, "postgres_init", "dir=%s version=%d", own->place.dir, *major);
        if (!cluster_init_run(a, &own->place, own->bindir, own->kind, e) || !cluster_init_inspect(a, &own->place, &have, e))
            return false;
    }
    return cluster_find_bindir(a, bindir, have, &own->bindir, major, e) || wrong_version(a, &own->place, bindir, have, e);
}

static off_t log_size(const struct cluster_own *own)
{
    struct arena a = ARENA;
    struct stat st = { .st_size = 0 };

    if (stat(arena_printf(&a, "%s/log/postgresql.log", own->place.dir), &st) != 0)
        st.st_size = 0;
    arena_free(&a);
    return st.st_size;
}

static bool explain(const struct cluster_own *own, off_t from, struct err *e)
{
    struct arena a = ARENA;
    struct buf text = BUF(9 << 20);
    struct err ignored = { .kind = E_NONE };
    const char *path = arena_printf(&a, "%s/log/postgresql.log", own->place.dir);
    struct span said = SPAN_NONE;

    if (buf_read_file(&text, path, &ignored))
        said = cluster_guard_reason(span_drop(buf_span(&text), (size_t)from <= text.n ? (size_t)from : 0));
    fail(e, E_IO, "PostgreSQL did not start: %.*s (see %s)", SPAN_ARG(said), path);
    buf_free(&text);
    arena_free(&a);
    return false;
}

static bool wait_ready(struct cluster_own *own, off_t log_from, struct err *e)
{
    usec began = clock_now(), told = began;
    struct cluster_server server;

    while (!cluster_server_read(own->place.dir, &server) || server.pid != own->guard.postmaster || !server.ready) {
        if (!cluster_guard_alive(&own->guard, POLL))
            return explain(own, log_from, e);
        if (clock_now() - began > START_PATIENCE)
            return fail(e, E_TIMEOUT, "PostgreSQL in %s was not ready after %d s", own->place.dir, (int)(START_PATIENCE / USEC_S));
        if (clock_now() - told < NEWS_EVERY)
            continue;
        told = clock_now();
        log_event(LOG_INFO, "postgres_recovering", "waited_s=%d", (int)((told - began) / USEC_S));
    }
    return true;
}

/* With the lock held, the directory made and nobody left in it. */
static bool launch(struct cluster_own *own, struct err *e)
{
    struct arena a = ARENA;
    const char *argv[] = {
        arena_printf(&a, "%s/postgres", own->bindir), "-D", own->place.dir,
        "-c", "listen_addresses=", "-c", "port=5432", "-c", "unix_socket_permissions=0700",
        "-c", arena_printf(&a, "unix_socket_directories=\"%s\"", own->place.socket_dir), NULL,
    };
    struct cluster_guard_plan plan = {
        .argv = argv, .uid = own->place.uid, .gid = own->place.gid, .lock = own->lock,
        .data_dir = own->place.dir, .log_dir = arena_printf(&a, "%s/log", own->place.dir), .remove = own->tree,
    };
    off_t log_from = log_size(own);
    bool ok = cluster_init_configure(&own->place, own->kind, e) && cluster_guard_start(&plan, &own->guard, e) && wait_ready(own, log_from, e);

    if (!ok)
        cluster_guard_stop(&own->guard);
    arena_free(&a);
    return ok;
}

static void describe(struct arena *a, const struct cluster_place *p, struct cluster *out)
{
    out->data_dir = p->dir;
    out->socket_dir = p->socket_dir;
    out->owner_url = cluster_roles_url(a, p->socket_dir, "keelson_owner", "keelson");
    out->service_url = cluster_roles_url(a, p->socket_dir, "keelson_api", "keelson");
    out->super_url = cluster_roles_url(a, p->socket_dir, "keelson_super", "keelson");
}

static void let_go(struct cluster_own *own)
{
    struct err ignored = { .kind = E_NONE };

    if (own->command && own->guests >= 0)
        cluster_lock_last_guest(own->guests, GUEST_PATIENCE);
    cluster_guard_stop(&own->guard);
    /* The guardian has done it, unless it was killed. */
    if (own->tree && !cluster_place_remove(&own->place, own->tree, &ignored))
        log_event(LOG_WARN, "postgres_not_removed", "dir=%s reason=%s", own->tree, ignored.message);
    else if (!own->tree && own->place.socket_dir)
        rmdir(own->place.socket_dir);        /* empty after an orderly stop, else kept */
    if (own->lock >= 0)
        close(own->lock);
    if (own->guests >= 0)
        close(own->guests);
    own->lock = own->guests = -1;
}

/* Everything after the lock. */
static bool start(struct arena *a, struct cluster_own *own, const char *bindir, int major, struct cluster *out, struct err *e)
{
    usec began = clock_now();

    own->guests = cluster_lock_guests(own->place.dir, own->place.uid, own->place.gid);
    if ((!own->tree && !cluster_place_socket(a, &own->place, e)) || !cluster_server_stop(&own->place, e) ||
        !prepare(a, own, bindir, &major, e) || !launch(own, e) ||
        !cluster_roles_ensure(own->place.socket_dir, clock_now() + START_PATIENCE, e)) {
        let_go(own);
        return false;
    }
    describe(a, &own->place, out);
    out->bindir = own->bindir;
    out->major = major;
    out->postmaster = own->guard.postmaster;
    out->owned = true;
    out->temporary = own->tree != NULL;
    out->own = own;
    log_event(LOG_INFO, "postgres_ready", "pid=%d version=%d dir=%s ms=%d", (int)out->postmaster, major, out->data_dir,
              (int)((clock_now() - began) / USEC_MS));
    return true;
}

static bool use_running(struct arena *a, struct cluster_own *own, pid_t postmaster, const char *bindir, struct cluster *out, struct err *e)
{
    describe(a, &own->place, out);
    out->postmaster = postmaster;
    out->own = own;
    if (cluster_init_inspect(a, &own->place, &out->major, e) && cluster_find_bindir(a, bindir, out->major, &out->bindir, &out->major, e))
        return true;
    cluster_close(out);
    return false;
}

bool cluster_open(struct arena *a, const char *dir, const char *bindir, bool shared, struct cluster *out, struct err *e)
{
    struct cluster_own *own = arena_new(a, struct cluster_own);
    struct cluster_server server;
    int major;

    *out = (struct cluster){ .owned = false };
    *own = (struct cluster_own){ .guard = CLUSTER_GUARD, .kind = CLUSTER_KEPT, .lock = -1, .guests = -1, .command = shared };
    /* Looked at before anything is changed: it may be somebody's home. */
    if (!cluster_place_data(a, dir ? dir : cluster_default_dir(), &own->place, e) || !cluster_init_inspect(a, &own->place, &major, e) ||
        !cluster_place_adopt(&own->place, e) || !enter(a, own, shared, &server, e))
        return false;
    if (own->lock < 0)
        return use_running(a, own, server.pid, bindir, out, e);
    return start(a, own, bindir, 0, out, e);
}

bool cluster_open_temporary(struct arena *a, const char *bindir, int major, bool durable, struct cluster *out, struct err *e)
{
    struct cluster_own *own = arena_new(a, struct cluster_own);

    *out = (struct cluster){ .owned = false };
    *own = (struct cluster_own){ .guard = CLUSTER_GUARD, .kind = durable ? CLUSTER_THROWAWAY_DURABLE : CLUSTER_THROWAWAY, .lock = -1, .guests = -1 };
    cluster_place_sweep(a);
    if (!cluster_place_temporary(a, &own->place, &own->tree, e) ||
        !cluster_lock_try(own->place.dir, own->place.uid, own->place.gid, CLUSTER_LOCK_SERVICE, &own->lock, e))
        goto out;
    if (own->lock >= 0)
        return start(a, own, bindir, major, out, e);
    fail(e, E_IO, "%s was taken by another program", own->place.dir);
out:
    let_go(own);
    return false;
}

void cluster_close(struct cluster *c)
{
    if (!c->own)
        return;
    if (c->owned)
        let_go(c->own);
    else if (c->own->guests >= 0)
        close(c->own->guests);
    c->owned = false;
    c->own = NULL;
    c->postmaster = 0;
}

bool cluster_alive(const struct cluster *c)
{
    struct cluster_server server;

    if (c->owned)
        return cluster_guard_alive(&c->own->guard, 0);
    return c->data_dir && cluster_server_read(c->data_dir, &server) && server.pid == c->postmaster;
}

bool cluster_restart(struct cluster *c, struct err *e)
{
    if (!c->owned)
        return fail(e, E_IO, "%s: its server belongs to another program, which starts it again", c->data_dir ? c->data_dir : "?");
    cluster_guard_stop(&c->own->guard);
    if (!cluster_server_stop(&c->own->place, e) || !launch(c->own, e))
        return false;
    c->postmaster = c->own->guard.postmaster;
    log_event(LOG_WARN, "postgres_restarted", "pid=%d dir=%s", (int)c->postmaster, c->data_dir);
    return true;
}

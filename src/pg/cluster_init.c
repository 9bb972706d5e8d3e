/*
 * initdb works in DIR/.init; the result is renamed to DIR/.ready, which commits it, and its entries are moved up, PG_VERSION last.
 * A start that finds .init begins again, one that finds .ready goes on moving.  So a data directory is whole once it
 * has PG_VERSION, and it may be an empty directory that was there before, or a mounted volume.
 *
 * Collation C: keyset cursors and indexes compare bytes, the same on every machine, and no upgrade of the C library
 * reorders what is in an index.  Character types C.UTF-8, so that lower() and full text search know letters beyond ASCII.
 *
 * Authentication "trust", for local sockets only: who reaches the socket has passed a 0700 directory of the server's
 * user, so it is that user or root, and both could read the data files anyway.  A password beside them would add nothing.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cluster_init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "pg/cluster_guard.h"

#define INITDB_TIME (300 * USEC_S)
#define OURS        "keelson.auto.conf"      /* and the mark of a directory that Keelson made */

static const char postgresql_conf[] =
    "# Settings of Keelson's PostgreSQL.  Keelson writes " OURS " before each start; what is set below it wins.\n"
    "include_if_exists = '" OURS "'\n";

static const char pg_hba_conf[] =
    "# Only sockets, only in a directory that nobody but the server's user and root can enter.\n"
    "local all         all trust\n"
    "local replication all trust\n";

/* NULL: not set. */
static const struct {
    const char *name, *value[3];     /* by enum cluster_kind */
} settings[] = {
    { "cluster_name",               { "keelson", "keelson-throwaway", "keelson-throwaway" } },
    { "max_connections",            { "60", "60", "60" } },          /* the pool's 30, commands, a backup, an operator */
    { "shared_buffers",             { "128MB", "32MB", "32MB" } },
    { "huge_pages",                 { "off", "off", "off" } },
    { "jit",                        { "off", "off", "off" } },       /* short statements: compiling costs more than it saves */
    { "fsync",                      { "on", "off", "on" } },
    { "full_page_writes",           { "on", "off", "on" } },
    { "synchronous_commit",         { "on", "off", "on" } },
    { "wal_level",                  { "replica", "replica", "replica" } },   /* base backups */
    { "max_wal_senders",            { "4", "4", "4" } },
    { "max_wal_size",               { "1GB", "256MB", "1GB" } },     /* bounds how long a recovery takes, too */
    { "checkpoint_timeout",         { "10min", "1h", "10min" } },
    { "password_encryption",        { "scram-sha-256", "scram-sha-256", "scram-sha-256" } },
    { "timezone",                   { "UTC", "UTC", "UTC" } },
    { "log_timezone",               { "UTC", "UTC", "UTC" } },
    { "default_text_search_config", { "pg_catalog.english", "pg_catalog.english", "pg_catalog.english" } },
    { "logging_collector",          { "off", "off", "off" } },       /* the guardian writes and bounds the log */
    { "log_line_prefix",            { "%m [%p] %q%u@%d ", "%m [%p] %q%u@%d ", "%m [%p] %q%u@%d " } },
    /* Statements and details hold what candidates said: they stay out of the log. */
    { "log_min_error_statement",    { "panic", "panic", "panic" } },
    { "log_error_verbosity",        { "terse", "terse", "terse" } },
};

/* What may be in a directory that has no cluster yet. */
static const char *const harmless[] = { ".", "..", ".init", ".ready", "lost+found", ".gitignore", ".gitkeep" };
static const char ours[] = "keelson.";       /* lock, guests, socket, and each while it is being written */

/* ---- looking ---- */

static bool is_harmless(const char *name)
{
    if (strncmp(name, ours, sizeof ours - 1) == 0)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
        if (strcmp(name, harmless[i]) == 0)
            return true;
    return false;
}

static bool exists(struct arena *a, const char *dir, const char *name)
{
    struct stat st;

    return lstat(arena_printf(a, "%s/%s", dir, name), &st) == 0;
}

/* Whole, or committed and being moved up. */
static bool has_cluster(struct arena *a, const char *dir)
{
    return exists(a, dir, ".ready") || exists(a, dir, "PG_VERSION");
}

static bool check_empty(const char *dir, struct err *e)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    bool ok = true;

    if (!d)
        return fail(e, E_IO, "read %s: %m", dir);
    while (ok && (entry = readdir(d)))
        if (!is_harmless(entry->d_name))
            ok = fail(e, E_USAGE, "%s is not empty and no data directory of Keelson (it contains %s): choose an empty one", dir, entry->d_name);
    closedir(d);
    return ok;
}

bool cluster_init_inspect(struct arena *a, const struct cluster_place *p, int *major, struct err *e)
{
    struct buf text = BUF(64);
    struct err ignored = { .kind = E_NONE };
    uint64_t n = 0;

    *major = 0;
    if (!has_cluster(a, p->dir) && !check_empty(p->dir, e)) {
        if (!has_cluster(a, p->dir))
            return false;
        err_clear(e);                        /* it was just being made: this looks without the lock, too */
    }
    if (!exists(a, p->dir, "PG_VERSION"))
        return true;
    if (buf_read_file(&text, arena_printf(a, "%s/PG_VERSION", p->dir), &ignored)) {
        struct span rest = buf_span(&text);

        if (!span_u64(span_cut(&rest, '\n'), &n) || n > 999)
            n = 0;
    }
    buf_free(&text);
    if (n == 0)
        return fail(e, E_USAGE, "%s/PG_VERSION does not name a major version of PostgreSQL: restore the directory from a backup", p->dir);
    *major = (int)n;
    if (exists(a, p->dir, OURS))
        return true;
    return fail(e, E_USAGE, "%s holds a PostgreSQL cluster that Keelson did not make: start it as usual and set DATABASE_URL, "
                            "or choose another --data-dir",
                p->dir);
}

/* ---- making ---- */

struct making {
    const char *dir, *bindir;
    enum cluster_kind kind;
    char init[PATH_MAX], ready[PATH_MAX];
};

static bool write_in(const char *dir, const char *name, struct span text, struct err *e)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return fail(e, E_USAGE, "%s: path too long", dir);
    return proc_write_file(path, text, 0600, 0, 0, e);
}

/* Only the last words of initdb tell what is wrong; before it has set up its messages they are no "error". */
static bool initdb_failed(const struct buf *out, int status, struct err *e)
{
    static const char *const marks[] = { "initdb: error: ", "initdb: " };
    struct span said = SPAN_NONE;

    for (size_t i = 0; i < ARRAY_LEN(marks) && !said.p && out->n > 0; i++) {
        const char *at = memmem(out->p, out->n, marks[i], strlen(marks[i]));

        if (at)
            said = span_drop(buf_span(out), (size_t)(at - out->p) + strlen(marks[i]));
    }
    if (!said.p)
        said = cluster_guard_reason(buf_span(out));
    said = span_cut(&said, '\n');
    return fail(e, E_IO, "initdb failed (exit status %d): %.*s", status, SPAN_ARG(said));
}

static bool initdb(const struct making *m, struct err *e)
{
    char program[PATH_MAX];
    /* Its working directory is how cluster_server_stop() finds it when this program is killed. */
    const char *argv[] = { program, "-D", m->init, "--username=keelson_super", "--auth=trust", "--data-checksums", "--encoding=UTF8",
                           "--locale=C", "--lc-ctype=C.UTF-8", "--no-instructions", m->kind == CLUSTER_THROWAWAY ? "--no-sync" : NULL, NULL };
    static const char *const env[] = { "TZ=UTC", "PGDATA", NULL };
    struct buf out = BUF(64 << 10);
    int status = 0;
    bool ok;

    snprintf(program, sizeof program, "%s/initdb", m->bindir);
    ok = proc_run(&(struct proc_opts){ .argv = argv, .env = env, .cwd = m->dir, .die_with_parent = true },
                  clock_now() + INITDB_TIME, &out, &status, e);
    if (ok && status != 0)
        ok = initdb_failed(&out, status, e);
    buf_free(&out);
    return ok;
}

static bool sync_dir(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        fail(e, E_IO, "sync %s: %m", path);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool move_up(const struct making *m, const char *name, struct err *e)
{
    char from[PATH_MAX], to[PATH_MAX];

    if (snprintf(from, sizeof from, "%s/%s", m->ready, name) >= (int)sizeof from ||
        snprintf(to, sizeof to, "%s/%s", m->dir, name) >= (int)sizeof to)
        return fail(e, E_USAGE, "%s: path too long", m->dir);
    return rename(from, to) == 0 || fail(e, E_IO, "move %s up: %m", from);
}

static bool move_all_up(const struct making *m, struct err *e)
{
    DIR *d = opendir(m->ready);
    struct dirent *entry;
    bool ok = true, version = false;

    if (!d)
        return fail(e, E_IO, "read %s: %m", m->ready);
    while (ok && (entry = readdir(d))) {
        if (strcmp(entry->d_name, "PG_VERSION") == 0)
            version = true;
        else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = move_up(m, entry->d_name, e);
    }
    closedir(d);
    ok = ok && (m->kind == CLUSTER_THROWAWAY || sync_dir(m->dir, e)) && (!version || move_up(m, "PG_VERSION", e));
    if (ok && rmdir(m->ready) != 0)
        ok = fail(e, E_IO, "remove %s: %m", m->ready);
    return ok && (m->kind == CLUSTER_THROWAWAY || sync_dir(m->dir, e));
}

/* A chroot or a container may lack a /dev/shm that everybody can write to; files in the data directory do instead. */
static const char *shared_memory(void)
{
    struct stat st;

    return stat("/dev/shm", &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & S_IWOTH) ? "posix" : "mmap";
}

static bool write_settings(const char *dir, enum cluster_kind kind, struct err *e)
{
    struct buf text = BUF(16 << 10);
    bool ok;

    buf_str(&text, "# Written by Keelson before each start; changes here are lost, those in postgresql.conf stay.\n");
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        buf_printf(&text, "%s = '%s'\n", settings[i].name, settings[i].value[kind]);
    buf_printf(&text, "dynamic_shared_memory_type = '%s'\n", shared_memory());
    ok = write_in(dir, OURS, buf_span(&text), e);
    buf_free(&text);
    return ok;
}

/* As the server's user. */
static bool make(void *arg, struct err *e)
{
    const struct making *m = arg;
    struct stat st;

    if (lstat(m->ready, &st) != 0) {
        if (!proc_rmtree(m->init, e) || !initdb(m, e) ||
            !write_in(m->init, "postgresql.conf", span_of(postgresql_conf), e) ||
            !write_in(m->init, "pg_hba.conf", span_of(pg_hba_conf), e) || !write_in(m->init, ".gitignore", SPAN("*\n"), e) ||
            !write_settings(m->init, m->kind, e))
            return false;
        if (rename(m->init, m->ready) != 0)
            return fail(e, E_IO, "rename %s: %m", m->init);
    }
    return move_all_up(m, e);
}

bool cluster_init_run(struct arena *a, const struct cluster_place *p, const char *bindir, enum cluster_kind kind, struct err *e)
{
    struct making *m = arena_new(a, struct making);

    *m = (struct making){ .dir = p->dir, .bindir = bindir, .kind = kind };
    snprintf(m->init, sizeof m->init, "%s/.init", p->dir);
    snprintf(m->ready, sizeof m->ready, "%s/.ready", p->dir);
    return cluster_place_run(p, make, m, e);
}

static bool configure(void *arg, struct err *e)
{
    const struct making *m = arg;

    return write_settings(m->dir, m->kind, e);
}

bool cluster_init_configure(const struct cluster_place *p, enum cluster_kind kind, struct err *e)
{
    struct making m = { .dir = p->dir, .kind = kind };

    return cluster_place_run(p, configure, &m, e);
}

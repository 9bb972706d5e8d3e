/*
 * A private PostgreSQL from the installed binaries: the embedded server, and throwaway ones for tests, rehearsals and drills.
 *
 * Unix socket only, in a short 0700 directory that is recorded in the data directory (107 bytes is the limit of a socket's
 * path); checksums, UTF-8, C collation; as root it runs as an unprivileged user.  It stops with the program, also when the
 * program is killed, and never are there two on one data directory.
 *
 * Calls block and fork: make them before threads are started and signals are taken over, except cluster_alive(),
 * cluster_restart() and cluster_close(), which are fit for any time.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CLUSTER_H
#define KEELSON_PG_CLUSTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"

struct cluster_own;                  /* processes, locks, places */

struct cluster {                     /* strings in the arena given to cluster_open() */
    const char *data_dir;            /* PGDATA */
    const char *socket_dir;
    const char *bindir;
    int         major;
    pid_t       postmaster;
    bool        owned;               /* we started it and stop it; false: a running one was found and is used (CLI verbs) */
    bool        temporary;           /* removed when stopped */
    const char *owner_url;           /* key/value strings for pg_url_parse(): roles keelson_owner, keelson_api and the bootstrap superuser */
    const char *service_url;
    const char *super_url;
    struct cluster_own *own;         /* NULL once closed */
};

/* Where the embedded server lives unless told otherwise: ./keelson-data, as root /var/lib/keelson. */
const char *cluster_default_dir(void);

/* The newest server below `bindir` (NULL: /usr/lib/postgresql/N/bin and PATH); major 0: any from 15.
   E_USAGE names the Debian package to install. */
MUST_CHECK bool cluster_find_bindir(struct arena *a, const char *bindir, int major, const char **out, int *out_major, struct err *e);

/*
 * Start (initialise on first use) and wait until it takes connections.  `dir` NULL: cluster_default_dir().
 *   stale postmaster.pid, stale socket, orphaned server of a killed program: stopped or removed first
 *   a server whose program has just died and that is still stopping: waited for
 *   a live server of another live keelson: serve refuses (E_IO, names the pid); `shared` (a command) uses it instead
 *   a live server that a command has started for itself: serve waits for its end; other commands use it, and it ends with the last
 *   a data directory of another major version, or not Keelson's, or out of the server user's reach: E_USAGE with what to do
 * Roles and the database "keelson" exist afterwards; the schema does not come from here.
 */
MUST_CHECK bool cluster_open(struct arena *a, const char *dir, const char *bindir, bool shared, struct cluster *out, struct err *e);

/* A throwaway one in a temporary directory: fsync off unless `durable`, gone when the program ends in whatever way. Under 1.5 s.
   Several may be open at once. */
MUST_CHECK bool cluster_open_temporary(struct arena *a, const char *bindir, int major, bool durable, struct cluster *out, struct err *e);

/* Stop (fast) what we started, once commands that use it have left (at most a minute); leave alone what we found.  Harmless when zeroed or closed. */
void cluster_close(struct cluster *c);

/* The postmaster's death is noticed by the caller's SIGCHLD (its guardian, our child, ends after it) or by this: true while it lives. */
bool cluster_alive(const struct cluster *c);
/* Start it again after a crash, in place: same directories and URLs, another postmaster. */
MUST_CHECK bool cluster_restart(struct cluster *c, struct err *e);

#endif

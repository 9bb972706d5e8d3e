/*
 * Settings.  One table (conf.c) declares each: name, type, bounds, default, doc.  From it come the
 * flag (--pool-size), the environment variable (KEELSON_POOL_SIZE), the line of keelson.conf
 * (pool.size = 10), `keelson config` and the manual.  Flag wins over environment over file over default.
 *
 * Secrets (database URLs) are never flags, are shown masked, and their environment variables are
 * wiped once read.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_CONF_H
#define KEELSON_BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"

struct conf {
    /* where */
    const char *listen;             /* "127.0.0.1:8080", "[::1]:8080" */
    const char *data_dir;           /* of the embedded server; NULL: by who runs us */
    const char *pg_bindir;          /* server binaries; NULL: the newest below /usr/lib/postgresql */
    const char *database_url;       /* secret; NULL: embedded server */
    const char *database_url_file, *database_url_command;   /* where it comes from instead; may change */
    const char *owner_url;          /* secret; NULL: embedded server */
    const char *migrate_dir;        /* the application's migrations; "migrations" */
    int64_t     workers;
    bool        migrate;            /* serve applies pending migrations on a DATABASE_URL too */
    /* pool */
    int64_t     pool_size, pool_overflow;
    usec        streaming_timeout;                      /* a message that streams longer is given up */
    usec        pool_timeout, pool_recycle, pool_idle;   /* idle: an overflow connection unused so long is closed */
    int64_t     pool_lanes;         /* 0: one per core */
    int64_t     pool_queue;         /* longest queue, per class */
    usec        pool_leak_after;    /* 0: half of query_timeout */
    usec        pool_preping, pool_standing, pool_degrade_after;    /* see struct pool_config */
    usec        connect_timeout;    /* per host */
    usec        query_timeout;      /* statement_timeout of exclusive work */
    usec        lock_timeout;       /* of exclusive work */
    usec        lane_lock_timeout;  /* of grouped work */
    /* http */
    int64_t     limit_json, limit_messages, limit_file;  /* bytes */
    int64_t     http_connections;   /* at most so many clients */
    usec        http_header_timeout, http_body_timeout, http_idle_timeout, http_write_timeout;
    usec        drain_timeout;      /* SIGTERM to exit, at most */
    usec        trash_keep;         /* deleted_at to purge_after */
    int64_t     rate_key;           /* requests per second and API key; 0: no limit */
    /* telling the truth */
    usec        health_every;       /* between two looks at the database */
    int64_t     storage_quota;      /* bytes the database may have; 0: no limit is known */
    int64_t     alerts_scale;       /* durations of alert rules are divided by it */
    /* log */
    int64_t     log_level;          /* enum log_level  */
    int64_t     log_format;         /* enum log_format */
    usec        log_slow;           /* requests slower than this are logged */

    const char *const *sources;     /* where each came from, in the order of conf_lines() */
};

/*
 * Read all sources.  `flags` are name/value pairs already taken from the command line, e.g. "pool.size", "20".
 * `file` NULL: keelson.conf in the working directory if there is one.  Values live in `a`.
 * E_USAGE names the setting, its value (never a secret's) and what is allowed.  Secrets are guarded in the log.
 * An empty environment variable counts as not set.
 */
struct conf_flag { const char *name; const char *value; };
MUST_CHECK bool conf_load(struct arena *a, const char *file, const struct conf_flag *flags, size_t nflags,
                          struct conf *out, struct err *e);

/* The setting a flag means: "--pool-size" gives "pool.size"; NULL: no such setting.  *is_bool: takes no value
   (the caller passes "true").  Secrets have a name too: conf_load() then says which variable to use. */
const char *conf_flag_name(const char *flag, bool *is_bool);

/* One line per setting, for `keelson config`. */
struct conf_line {
    const char *name, *value;       /* in force; a secret is "***" */
    const char *source;             /* "default", "file", "environment", "flag" */
    const char *doc, *def;          /* "" when there is no default */
    const char *env, *flag;         /* how these sources spell it; flag is NULL for a secret */
    const char *allowed;            /* "1 to 500", "debug, info, warn, error"; "" when any text is */
};
size_t conf_lines(struct arena *a, const struct conf *c, struct conf_line **out);

#endif

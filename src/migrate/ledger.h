/*
 * What was applied to this database: schema keelson_ledger, made by the runner itself and by no migration.
 *
 *   migrations   one row for each migration in force, written in the transaction of a wrapped file
 *   attempts     one row for each time a file was run, in either direction, written outside of that transaction
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_MIGRATE_LEDGER_H
#define KEELSON_MIGRATE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/uuid.h"
#include "pg/conn.h"

struct ledger_row {
    const char *project;
    int64_t     version;
    const char *name, *checksum, *down_checksum;     /* down_checksum NULL: there was no down file */
    int64_t     duration_ms;
    const char *before, *after;                      /* fingerprints */
    /* set by the database, and by ledger_read() */
    const char *applied_at, *applied_by;
    int64_t     server_version;
};

struct ledger {
    bool               exists;
    struct ledger_row *rows;                         /* by project and version */
    int                n;
};

/* Make what is missing; harmless when everything is there. */
MUST_CHECK bool ledger_create(struct pg_conn *c, struct err *e);
/* The statements of which it is made, for scripts. */
const char *ledger_create_sql(void);
/* No ledger is an empty one. */
MUST_CHECK bool ledger_read(struct pg_conn *c, struct arena *a, struct ledger *out, struct err *e);
const struct ledger_row *ledger_find(const struct ledger *l, const char *project, int64_t version);
int64_t ledger_newest(const struct ledger *l, const char *project);       /* 0: none */

MUST_CHECK bool ledger_add(struct pg_conn *c, struct arena *a, const struct ledger_row *row, struct err *e);
MUST_CHECK bool ledger_remove(struct pg_conn *c, struct arena *a, const char *project, int64_t version, struct err *e);

/* ---- attempts ---- */
struct ledger_attempt {
    struct uuid id;
    const char *project;
    int64_t     version;
    const char *name, *checksum;
    bool        down;
    int64_t     done;                                /* statements finished, of those that run outside a transaction */
    const char *done_digest;                         /* hash of their texts */
    /* read by ledger_history() */
    const char *started_at, *by, *outcome, *message; /* outcome: running, done, failed */
    int64_t     duration_ms;
};

MUST_CHECK bool ledger_begin(struct pg_conn *c, struct arena *a, const struct ledger_attempt *at, struct err *e);
MUST_CHECK bool ledger_progress(struct pg_conn *c, struct arena *a, const struct ledger_attempt *at, struct err *e);
/* failure NULL: it succeeded. */
MUST_CHECK bool ledger_end(struct pg_conn *c, struct arena *a, const struct ledger_attempt *at, usec took, const struct err *failure, struct err *e);
/* Where a file that runs outside a transaction stopped the last time; done 0: it begins at the beginning. */
MUST_CHECK bool ledger_resume(struct pg_conn *c, struct arena *a, struct ledger_attempt *at, struct err *e);
/* All attempts, oldest first. */
MUST_CHECK bool ledger_history(struct pg_conn *c, struct arena *a, struct ledger_attempt **out, int *n, struct err *e);

#endif

/*
 * Migrations on a database: take the turn, plan, run, look again.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_MIGRATE_APPLY_H
#define KEELSON_MIGRATE_APPLY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "migrate/plan.h"
#include "pg/url.h"

struct apply_options {
    usec  lock_wait;             /* for the turn of another runner; 0: APPLY_LOCK_WAIT */
    usec  lock_timeout;          /* of each statement; 0: APPLY_LOCK_TIMEOUT */
    usec  statement_timeout;     /* 0: none */
    usec  connect_timeout;       /* 0: APPLY_CONNECT_TIMEOUT */
    void (*note)(void *arg, const char *text);   /* progress for people; NULL: silent */
    void *arg;
};
#define APPLY_LOCK_WAIT       (60 * USEC_S)
#define APPLY_LOCK_TIMEOUT    (10 * USEC_S)
#define APPLY_CONNECT_TIMEOUT (10 * USEC_S)

struct apply_done {
    const struct migrate_plan_step *step;
    usec                            took;
    int                             from;        /* statements that an earlier attempt had finished */
};

struct apply_report {
    struct apply_done              *done;        /* in order; kept also when a later step failed */
    int                             ndone;
    const struct migrate_plan_step *failed;      /* the step that failed; NULL: none, or it never came to steps */
    int                             left;        /* steps that were not begun */
};

/* Two sets in the order they build on each other: Keelson's own, and the application's from `dir` (NULL: none). */
#define APPLY_SETS 2
MUST_CHECK bool apply_load(struct arena *a, const char *dir, struct file_set sets[APPLY_SETS], struct err *e);

/*
 * Do what is wanted.  True: everything was done and a fresh connection confirmed it; out->ndone 0 means there was nothing to do.
 * False: *e says why; what out->done lists was committed nevertheless.
 */
MUST_CHECK bool apply_run(struct arena *a, const struct pg_target *owner, const struct file_set *sets, int nsets,
                          const struct migrate_plan_request *want, const struct apply_options *o, struct apply_report *out, struct err *e);

/* Everything up, of both projects, noted in the log: what `serve` and `init` do.  A database one version of Keelson ahead of this
   program is left as it is. */
MUST_CHECK bool apply_pending(struct arena *a, const struct pg_target *owner, const char *dir, struct err *e);
/* E_DATABASE when that would have something to do, or the database is more than one version ahead.  Any role that may read the ledger
   will do. */
MUST_CHECK bool apply_none_pending(struct arena *a, const struct pg_target *t, const char *dir, struct err *e);

/* Files beside ledger. */
MUST_CHECK bool apply_compare(struct arena *a, struct pg_conn *c, const struct file_set *sets, int nsets, struct migrate_plan_line **out,
                              int *n, struct err *e);

#endif

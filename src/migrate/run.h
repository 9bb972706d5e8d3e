/*
 * Running one file on a connection of its own.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_MIGRATE_RUN_H
#define KEELSON_MIGRATE_RUN_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "migrate/ledger.h"
#include "migrate/plan.h"
#include "pg/conn.h"

struct run {
    struct arena                   *arena;
    const struct migrate_plan_step *step;
    struct pg_conn                 *work;       /* fresh, owner's, no transaction open */
    struct pg_conn                 *journal;    /* another session: attempts are written there */
    struct ledger_attempt           attempt;    /* done > 0: where to go on */
    /* out */
    const char                     *before, *after;   /* fingerprints */
    usec                            took;
    bool                            outcome_unknown;  /* the connection broke while the transaction was being committed */
};

/*
 * A wrapped file: all statements, the ledger and the check that the catalog changed as claimed in one transaction; nothing stays of
 * one that failed.  A file marked no-transaction: statement by statement, each recorded in the journal, invalid indexes removed after a
 * failure.  Errors are E_DATABASE with "path:line: " in front, or whatever broke the connection.
 */
MUST_CHECK bool run_script(struct run *r, struct err *e);

#endif

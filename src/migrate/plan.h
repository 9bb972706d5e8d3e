/*
 * What is to be done: files and ledger in, steps out.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_MIGRATE_PLAN_H
#define KEELSON_MIGRATE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "migrate/file.h"
#include "migrate/ledger.h"

enum migrate_plan_state {
    MIGRATE_APPLIED,
    MIGRATE_PENDING,
    MIGRATE_CHANGED,          /* applied, and its file is another one now */
    MIGRATE_UNKNOWN,          /* in the ledger, and no file has it */
    MIGRATE_SKIPPED,          /* pending, though a later one is applied */
};

struct migrate_plan_line {
    const char                  *project;
    int64_t                      version;
    const char                  *name;
    enum migrate_plan_state      state;
    const struct ledger_row     *row;         /* NULL: not in the ledger */
    const struct file_migration *file;        /* NULL: no file */
};

const char *migrate_plan_state_name(enum migrate_plan_state s);

/* Every migration of the sets and of their projects in the ledger, in order.  Of a set whose directory is absent the ledger is believed. */
void migrate_plan_compare(struct arena *a, const struct file_set *sets, int nsets, const struct ledger *l,
                          struct migrate_plan_line **out, int *n);

enum migrate_plan_verb { MIGRATE_UP, MIGRATE_DOWN, MIGRATE_REDO };

struct migrate_plan_request {
    enum migrate_plan_verb verb;
    const char *project;      /* NULL: up means all, down and redo the last set (the application's) */
    int64_t     to;           /* newest version in force afterwards; -1: up everything, down one */
};

struct migrate_plan_step {
    const struct file_set       *set;
    const struct file_migration *migration;
    const struct file_script    *script;      /* of the direction */
    bool                         down;
};

/*
 * The steps in order; none when nothing is to be done by `up`.
 *   E_NO     files and ledger disagree (each case is named), nothing to undo, not reversible, the other project stands on it
 *   E_USAGE  no such project or version, a file without statements or still marked unreviewed
 */
MUST_CHECK bool migrate_plan_steps(struct arena *a, const struct file_set *sets, int nsets, const struct ledger *l,
                                   const struct migrate_plan_request *want, struct migrate_plan_step **out, int *n, struct err *e);

#endif

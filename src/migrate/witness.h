/*
 * The second look: a connection that had no part in the work says what it finds.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_MIGRATE_WITNESS_H
#define KEELSON_MIGRATE_WITNESS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "migrate/plan.h"
#include "pg/conn.h"

struct witness_claim {
    const struct migrate_plan_step *step;
    const char                     *after;     /* fingerprint as the runner saw it */
};

/* Claims in the order they were made, on a fresh connection: the ledger must say the same of each migration, and the catalog must be
   what it was after the last.  E_DATABASE names the first difference. */
MUST_CHECK bool witness_check(struct pg_conn *fresh, struct arena *a, const struct witness_claim *claims, int n, struct err *e);

#endif

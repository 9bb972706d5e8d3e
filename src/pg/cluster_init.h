/*
 * Making a data directory, and the settings its server runs with.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CLUSTER_INIT_H
#define KEELSON_PG_CLUSTER_INIT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "pg/cluster_place.h"

enum cluster_kind {
    CLUSTER_KEPT,
    CLUSTER_THROWAWAY,               /* nothing is synced to disk */
    CLUSTER_THROWAWAY_DURABLE,       /* synced as a kept one */
};

/*
 * The major version of what is in the directory.  *major 0: nothing yet.
 * E_USAGE: there is something, and it is not a cluster that Keelson made.
 */
MUST_CHECK bool cluster_init_inspect(struct arena *a, const struct cluster_place *p, int *major, struct err *e);

/* With the lock held: make the cluster, or finish making it. All or nothing, whenever it is interrupted. */
MUST_CHECK bool cluster_init_run(struct arena *a, const struct cluster_place *p, const char *bindir, enum cluster_kind kind, struct err *e);

/* Write keelson.auto.conf: ours before each start; what the operator puts into postgresql.conf wins. */
MUST_CHECK bool cluster_init_configure(const struct cluster_place *p, enum cluster_kind kind, struct err *e);

#endif

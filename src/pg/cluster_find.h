/*
 * Which server binaries there are.  cluster_find_bindir() is declared in pg/cluster.h.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CLUSTER_FIND_H
#define KEELSON_PG_CLUSTER_FIND_H

#include "base/span.h"

#define CLUSTER_FIND_OLDEST 15

/* The major version in "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "16beta1", "17devel"; 0: none there. */
int cluster_find_version(struct span text);

#endif

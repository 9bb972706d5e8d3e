/*
 * Roles and database of a running embedded server.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CLUSTER_ROLES_H
#define KEELSON_PG_CLUSTER_ROLES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"

/* Key/value string of a role on the server in this socket directory; arena memory. */
const char *cluster_roles_url(struct arena *a, const char *socket_dir, const char *role, const char *database);

/* Runs sql/bootstrap.sql, as `keelson init` does elsewhere.  Roles and the database "keelson" exist afterwards; the second time nothing changes. */
MUST_CHECK bool cluster_roles_ensure(const char *socket_dir, deadline until, struct err *e);

#endif

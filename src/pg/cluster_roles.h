/*
 * Roles and database of a running embedded server.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CLUSTER_ROLES_H
#define KEELSON_PG_CLUSTER_ROLES_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"

/* sql/bootstrap.sql: roles and their rights on the current database, the same for every server. `keelson init` runs it too. */
extern const char cluster_roles_sql[];

/* Key/value string of a role on the server in this socket directory; arena memory. */
struct arena;
const char *cluster_roles_url(struct arena *a, const char *socket_dir, const char *role, const char *database);

/* Roles and the database "keelson" exist afterwards; the second time nothing changes. */
MUST_CHECK bool cluster_roles_ensure(const char *socket_dir, deadline until, struct err *e);

#endif

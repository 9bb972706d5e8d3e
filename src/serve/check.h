/*
 * Is this database one the service may run on, with this role?
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_CHECK_H
#define KEELSON_SERVE_CHECK_H

#include "base/attr.h"
#include "base/err.h"
#include "pg/conn.h"

/*
 * E_USAGE for what must be configured otherwise: a role with too many rights, a server before 15.
 * E_DATABASE for what may pass: not migrated, in recovery.  Each names what works.
 */
MUST_CHECK bool check_database(struct pg_conn *c, const struct pg_target *t, struct err *e);

#endif

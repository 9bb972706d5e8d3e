/*
 * One hash over everything the catalog says about our schemas: equal hashes, equal schemas.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SCHEMA_FINGERPRINT_H
#define KEELSON_SCHEMA_FINGERPRINT_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "pg/conn.h"

/*
 * SHA-256 in hexadecimal over definitions, comments and grants in all schemas but the system's, temporary ones and the runner's
 * ledger; object identifiers and the physical order of columns are left out, extensions count by name and version.
 * Inside a transaction it sees what that transaction did.
 */
MUST_CHECK bool fingerprint_read(struct pg_conn *c, struct arena *a, const char **out, struct err *e);

#endif

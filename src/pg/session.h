/*
 * How every session is set up, in the startup packet itself: no further round trip, nothing that could be left out.
 * Behind a pooler the same settings are statements.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_SESSION_H
#define KEELSON_PG_SESSION_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "pg/conn.h"

/* The target's keywords and values with ours added, NULL-terminated, for PQconnectStartParams(). */
void session_params(struct arena *a, const struct pg_target *t, const struct pg_session *s, const char ***keys, const char ***values);

/* Did whoever answered take our settings?  Told by one that the server reports; costs nothing. */
bool session_taken(const PGconn *pg);

/* The same settings as one statement: for the session, or for the transaction it stands in. */
const char *session_sql(struct arena *a, const struct pg_session *s, bool local);

/* Enter the organization $1 until the transaction ends; the empty text is none. */
#define SESSION_ENTER "pg_catalog.set_config('keelson.org_id', $1::pg_catalog.text, true)"
/* Both in one statement: how a transaction begins behind a pooler. */
const char *session_entry_sql(struct arena *a, const struct pg_session *s);

#endif

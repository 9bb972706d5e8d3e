/*
 * Whose turn it is: one runner at a time per database, and a server that a runner can work on.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_MIGRATE_TURN_H
#define KEELSON_MIGRATE_TURN_H

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "pg/conn.h"

/* E_DATABASE: too old, not prepared, or not as the owner; E_READ_ONLY: a standby or a read-only database.  Each in a sentence that says what to do. */
MUST_CHECK bool turn_check_server(struct pg_conn *c, struct err *e);

/*
 * Take the session-level advisory lock, asking again and again with no transaction open, so that a CREATE INDEX CONCURRENTLY of the
 * holder never waits for us.  Held until the connection is closed.  `waiting` is called once, with who holds it, when it is not free at
 * once (may be NULL).  E_TIMEOUT names the holder.
 */
MUST_CHECK bool turn_take(struct pg_conn *c, deadline until, void (*waiting)(void *arg, const char *holder), void *arg, struct err *e);

#endif

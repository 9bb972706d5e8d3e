/*
 * What went wrong between us and the server, in our words.  Shared by the blocking and the event-driven connection.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_FAILURE_H
#define KEELSON_PG_FAILURE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/err.h"
#include "pg/pool.h"

/* Why no connection came about.  libpq's text names users and may quote parts of the URL, so only a known cause is told.  Always false. */
bool failure_connect(const PGconn *pg, const char *shown, struct err *e);

/* The sentence for a message of libpq or the server; it repeats nothing of the message. */
const char *failure_cause(const char *text);
enum connect_outcome failure_outcome(const char *text);

/* After such an error the server has ended the session: whatever was open is rolled back, and the backend is on its way out. */
bool failure_ends_session(const char *sqlstate);

/*
 * An error result.  `verbose` (an operator's own session): the server's primary message, as it is.
 * Otherwise the message is only what an answer may be made from: the constraint's name, of a NOT NULL violation the column's,
 * else a sentence of ours.  Always false.
 */
bool failure_result(const PGresult *res, bool verbose, struct err *e);

/* A connection that broke while something was under way.  Always false. */
bool failure_lost(const PGconn *pg, const char *shown, struct err *e);

#endif

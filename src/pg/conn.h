/*
 * One connection to PostgreSQL: opening it without blocking the loop, or blocking for commands.
 *
 * The session is always set up the same way: search_path '', UTF8, UTC, ISO dates, application_name, timeouts,
 * plan_cache_mode force_generic_plan for the service.  Messages of libpq and DETAIL/HINT of the server never
 * pass through: pg_error() maps them.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CONN_H
#define KEELSON_PG_CONN_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "pg/pooler.h"
#include "pg/query.h"
#include "pg/url.h"

struct pg_conn;                     /* holds a PGconn */

enum pg_role { PG_SERVICE, PG_OWNER };   /* owner: SET ROLE keelson_owner when it exists and we are not it */

struct pg_session {                 /* how a connection is set up */
    enum pg_role role;
    const char  *application_name;
    usec statement_timeout, lock_timeout;   /* 0: none */
    enum pooler pooler;             /* behind one the settings are not in the startup packet */
};

/* ---- blocking: for commands, never on the loop ---- */
/*
 * Finds out what lies in between.  Through a pooler that changes backends the owner is refused (E_USAGE), and a service connection is
 * one read-only transaction until it is closed, with the settings local to it.
 */
MUST_CHECK bool pg_open(const struct pg_target *t, const struct pg_session *s, deadline until, struct pg_conn **out, struct err *e);
void pg_close(struct pg_conn *c);   /* NULL is harmless */

/* One statement with text or binary parameters and binary results; *out must be freed with rows_free(). */
MUST_CHECK bool pg_run(struct pg_conn *c, const struct stmt *s, struct rows *out, struct err *e);
/* One or more statements without parameters and results, simple protocol. */
MUST_CHECK bool pg_exec(struct pg_conn *c, const char *sql, struct err *e);
/* As pg_exec() with printf, for identifiers the caller has quoted with pg_quote_ident(). */
MUST_CHECK bool pg_execf(struct pg_conn *c, struct err *e, const char *fmt, ...) PRINTF(3, 4);
/* One text value of the first row and column; arena memory, NULL for SQL NULL or no row. */
MUST_CHECK bool pg_value(struct pg_conn *c, struct arena *a, const char *sql, const char **out, struct err *e);

const char *pg_quote_ident(struct arena *a, const char *ident);
const char *pg_quote_literal(struct arena *a, const char *text);

int  pg_server_version(const struct pg_conn *c);     /* 150018 */
enum pooler pg_pooler(const struct pg_conn *c);
const char *pg_pooler_sign(const struct pg_conn *c);
enum pg_transaction { PG_IDLE, PG_ACTIVE, PG_IN_TRANSACTION, PG_FAILED, PG_BROKEN };
enum pg_transaction pg_transaction(const struct pg_conn *c);

/* SCRAM verifier of a password, so that clear text never reaches the server's log; arena memory. */
MUST_CHECK bool pg_encrypt_password(struct pg_conn *c, struct arena *a, const char *user, const char *password, const char **out, struct err *e);

#endif

/*
 * libpq 15 gives no SQLSTATE for a failed connection, only text; the text quotes what we must not repeat.  So it is only
 * searched for known causes, and each cause has a sentence that says what to do.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/failure.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "pg/query.h"

#define IPV6 "the host cannot be reached from here; one with only an IPv6 address needs IPv6 here, or the provider's IPv4 pooler"

/* The first one that is found counts: what quotes the names of roles and databases stands before what is about them. */
static const struct {
    const char          *text;      /* part of libpq's or the server's message */
    enum connect_outcome outcome;
    const char          *sentence;
} causes[] = {
    { "password authentication failed",  CONNECT_AUTH,      "the server does not accept the user and password" },
    { "no password supplied",            CONNECT_AUTH,      "the server wants a password and the URL has none" },
    { "no pg_hba.conf entry",            CONNECT_AUTH,      "the server's pg_hba.conf does not let this user in from here" },
    { "Peer authentication failed",      CONNECT_AUTH,      "the server's peer authentication does not accept this operating system user" },
    { "permission denied for database",  CONNECT_AUTH,      "the role has no right to connect to this database; its owner can GRANT CONNECT" },
    { "too many connections",            CONNECT_TOO_MANY,  "the server has no connection free (too many connections for the role or database)" },
    { "remaining connection slots",      CONNECT_TOO_MANY,  "the server has no connection free" },
    { "too many clients",                CONNECT_TOO_MANY,  "the server has no connection free" },
    { "max clients reached",             CONNECT_TOO_MANY,  "the provider's pooler has no connection free" },
    { "Tenant or user not found",        CONNECT_AUTH,      "the provider's pooler does not know this user; behind a shared pooler the user is written ROLE.PROJECT" },
    { "not yet accepting",               CONNECT_STARTING,  "the server is starting: it still recovers from a crash" },
    { "not currently accepting",         CONNECT_REFUSED,   "the database takes no connections" },
    { "no more connections allowed",     CONNECT_TOO_MANY,  "the pooler has no connection free (max_client_conn)" },
    { "unsupported startup parameter",   CONNECT_POOLER,    "a pooler (PgBouncer) answers there and refuses the session settings of the URL; take `options` out of it" },
    { "role \"",                         CONNECT_AUTH,      "the role does not exist or may not log in" },
    { "database \"",                     CONNECT_AUTH,      "the database does not exist" },
    { "starting up",                     CONNECT_STARTING,  "the server is starting" },
    { "shutting down",                   CONNECT_STARTING,  "the server is shutting down" },
    { "recovery mode",                   CONNECT_STARTING,  "the server is recovering from a crash" },
    { "certificate verify failed",       CONNECT_TLS,       "the server's certificate has expired or is not signed by a known authority; name its CA file with sslrootcert" },
    { "root certificate file",           CONNECT_TLS,       "the file with the certificate authority (sslrootcert) does not exist; name it or use sslmode=require" },
    { "server certificate for",          CONNECT_TLS,       "the server's certificate is for another host name" },
    { "does not support SSL",            CONNECT_TLS,       "the server does not offer TLS; use sslmode=disable only inside a trusted network" },
    { "SSL",                             CONNECT_TLS,       "the TLS handshake failed" },
    { "could not translate host name",   CONNECT_DNS,       "the host name does not resolve" },
    { "Network is unreachable",          CONNECT_REFUSED,   IPV6 },
    { "Cannot assign requested address", CONNECT_REFUSED,   IPV6 },
    { "Address family not supported",    CONNECT_REFUSED,   IPV6 },
    { "No route to host",                CONNECT_REFUSED,   IPV6 },
    { "Connection refused",              CONNECT_REFUSED,   "nothing listens there" },
    { "No such file or directory",       CONNECT_REFUSED,   "there is no server socket there" },
    { "Permission denied",               CONNECT_REFUSED,   "the server's socket may not be reached by this user" },
    { "timeout",                         CONNECT_TIMEOUT,   "the server did not answer in time" },
    { "timed out",                       CONNECT_TIMEOUT,   "the server did not answer in time" },
    { "server closed the connection",    CONNECT_PROTOCOL,  "the server closed the connection" },
    { "read-only",                       CONNECT_ROLE,      "the server is read-only" },
};

static size_t cause_find(const char *text)
{
    size_t i = 0;

    while (i < ARRAY_LEN(causes) && !strstr(text, causes[i].text))
        i++;
    return i;
}

const char *failure_cause(const char *text)
{
    size_t i = cause_find(text);

    return i < ARRAY_LEN(causes) ? causes[i].sentence : "the connection could not be made";
}

enum connect_outcome failure_outcome(const char *text)
{
    size_t i = cause_find(text);

    return i < ARRAY_LEN(causes) ? causes[i].outcome : CONNECT_PROTOCOL;
}

bool failure_ends_session(const char *sqlstate)
{
    static const char *const states[] = { "57P01", "57P02", "57P03", "57P04", "57P05", "25P03" };

    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (strcmp(sqlstate, states[i]) == 0)
            return true;
    return false;
}

bool failure_connect(const PGconn *pg, const char *shown, struct err *e)
{
    return fail(e, E_DATABASE, "%s: %s", shown, failure_cause(PQerrorMessage(pg)));
}

bool failure_lost(const PGconn *pg, const char *shown, struct err *e)
{
    const char *text = PQerrorMessage(pg);

    return fail(e, E_DATABASE, "%s: %s", shown,
                strstr(text, "shutting down") || strstr(text, "administrator") ? "the server ended the connection" : "the connection was lost");
}

static const char *field(const PGresult *res, int code)
{
    const char *v = PQresultErrorField(res, code);

    return v ? v : "";
}

/* What an answer may be made from: names of the schema, never values. */
static const char *harmless_message(const PGresult *res, const char *sqlstate)
{
    if (strcmp(sqlstate, "23502") == 0)
        return field(res, PG_DIAG_COLUMN_NAME);
    if (strncmp(sqlstate, "23", 2) == 0)
        return field(res, PG_DIAG_CONSTRAINT_NAME);
    return err_info(pg_error_kind(sqlstate))->title;
}

/* 54000 says that something is too large; but this one is a server that takes no writes before it has been vacuumed. */
static bool numbers_ran_out(const PGresult *res, const char *sqlstate)
{
    const char *function = field(res, PG_DIAG_SOURCE_FUNCTION);

    return strcmp(sqlstate, "54000") == 0 && (strcmp(function, "GetNewTransactionId") == 0 || strcmp(function, "GetNewMultiXactId") == 0);
}

bool failure_result(const PGresult *res, bool verbose, struct err *e)
{
    const char *sqlstate = field(res, PG_DIAG_SQLSTATE);

    snprintf(e->sqlstate, sizeof e->sqlstate, "%s", sqlstate);
    if (!*sqlstate)
        return fail(e, E_DATABASE, "the connection was lost");
    if (numbers_ran_out(res, sqlstate))
        return fail(e, E_READ_ONLY, "the server takes no writes until it has been vacuumed: its transaction numbers run out");
    if (verbose)
        return fail(e, pg_error_kind(sqlstate), "%s (SQLSTATE %s)", field(res, PG_DIAG_MESSAGE_PRIMARY), sqlstate);
    return fail(e, pg_error_kind(sqlstate), "%s", harmless_message(res, sqlstate));
}

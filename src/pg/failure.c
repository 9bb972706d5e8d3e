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
    const char *text;       /* part of libpq's or the server's message */
    const char *sentence;
} causes[] = {
    { "password authentication failed",  "the server does not accept the user and password" },
    { "no password supplied",            "the server wants a password and the URL has none" },
    { "no pg_hba.conf entry",            "the server's pg_hba.conf does not let this user in from here" },
    { "Peer authentication failed",      "the server's peer authentication does not accept this operating system user" },
    { "permission denied for database",  "the role has no right to connect to this database; its owner can GRANT CONNECT" },
    { "too many connections",            "the server has no connection free (too many connections for the role or database)" },
    { "remaining connection slots",      "the server has no connection free" },
    { "too many clients",                "the server has no connection free" },
    { "max clients reached",             "the provider's pooler has no connection free" },
    { "Tenant or user not found",        "the provider's pooler does not know this user; behind a shared pooler the user is written ROLE.PROJECT" },
    { "not currently accepting",         "the database takes no connections" },
    { "unsupported startup parameter",   "a transaction pooler (PgBouncer) answers there and refuses session settings; use the server's own port or the "
                                         "provider's session-mode pooler" },
    { "role \"",                         "the role does not exist or may not log in" },
    { "database \"",                     "the database does not exist" },
    { "starting up",                     "the server is starting" },
    { "shutting down",                   "the server is shutting down" },
    { "recovery mode",                   "the server is recovering from a crash" },
    { "certificate verify failed",       "the server's certificate is not signed by a known authority; name its CA file with sslrootcert" },
    { "root certificate file",           "the file with the certificate authority (sslrootcert) does not exist; name it or use sslmode=require" },
    { "server certificate for",          "the server's certificate is for another host name" },
    { "does not support SSL",            "the server does not offer TLS; use sslmode=disable only inside a trusted network" },
    { "SSL",                             "the TLS handshake failed" },
    { "could not translate host name",   "the host name does not resolve" },
    { "Network is unreachable",          IPV6 },
    { "Cannot assign requested address", IPV6 },
    { "Address family not supported",    IPV6 },
    { "No route to host",                IPV6 },
    { "Connection refused",              "nothing listens there" },
    { "No such file or directory",       "there is no server socket there" },
    { "Permission denied",               "the server's socket may not be reached by this user" },
    { "timeout",                         "the server did not answer in time" },
    { "timed out",                       "the server did not answer in time" },
    { "server closed the connection",    "the server closed the connection" },
    { "read-only",                       "the server is read-only" },
};

const char *failure_cause(const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(causes); i++)
        if (strstr(text, causes[i].text))
            return causes[i].sentence;
    return "the connection could not be made";
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

bool failure_result(const PGresult *res, bool verbose, struct err *e)
{
    const char *sqlstate = field(res, PG_DIAG_SQLSTATE);

    snprintf(e->sqlstate, sizeof e->sqlstate, "%s", sqlstate);
    if (!*sqlstate)
        return fail(e, E_DATABASE, "the connection was lost");
    if (verbose)
        return fail(e, pg_error_kind(sqlstate), "%s (SQLSTATE %s)", field(res, PG_DIAG_MESSAGE_PRIMARY), sqlstate);
    return fail(e, pg_error_kind(sqlstate), "%s", harmless_message(res, sqlstate));
}

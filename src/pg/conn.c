/*
 * The blocking connection: commands, start-up, migrations.  It waits, with a deadline, and is never used on the loop.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/conn.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "pg/failure.h"
#include "pg/session.h"

struct pg_conn {
    PGconn     *pg;
    bool        verbose;        /* an operator's session: the server's own words are his */
    const char *shown;          /* malloc memory */
};

static void discard_notice(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res;
}

/* PQconnectPoll() knows no deadline of its own; poll(2) brings it. */
static bool connect_until(PGconn *pg, deadline until)
{
    PostgresPollingStatusType want = PGRES_POLLING_WRITING;

    while (want != PGRES_POLLING_OK && want != PGRES_POLLING_FAILED) {
        struct pollfd p = { .fd = PQsocket(pg), .events = want == PGRES_POLLING_READING ? POLLIN : POLLOUT };
        usec left = until - clock_now();

        if (until != 0 && left <= 0)
            return false;
        if (poll(&p, 1, until == 0 ? -1 : (int)(left / USEC_MS + 1)) < 0)
            continue;
        want = PQconnectPoll(pg);
    }
    return want == PGRES_POLLING_OK;
}

static bool become_owner(struct pg_conn *c, struct err *e)
{
    struct arena a = ARENA;
    const char *exists = NULL;
    bool ok = pg_value(c, &a, "SELECT 'yes' FROM pg_catalog.pg_roles WHERE rolname = 'keelson_owner' AND current_user <> 'keelson_owner'"
                              " AND pg_catalog.pg_has_role(oid, 'MEMBER')", &exists, e) &&
              (!exists || pg_exec(c, "SET ROLE keelson_owner", e));

    arena_free(&a);
    return ok;
}

bool pg_open(const struct pg_target *t, const struct pg_session *s, deadline until, struct pg_conn **out, struct err *e)
{
    struct arena a = ARENA;
    struct pg_conn *c = calloc(1, sizeof *c);
    const char **keys, **values;
    bool ok = false;

    *out = NULL;
    if (!c)
        abort();
    session_params(&a, t, s, &keys, &values);
    c->shown = strdup(t->shown);
    c->verbose = s->role == PG_OWNER;
    c->pg = PQconnectStartParams(keys, values, 0);
    if (!c->pg || PQstatus(c->pg) == CONNECTION_BAD || !connect_until(c->pg, until)) {
        if (c->pg && PQstatus(c->pg) != CONNECTION_BAD)
            fail(e, E_DATABASE, "%s: the server did not answer in time", t->shown);
        else
            failure_connect(c->pg, t->shown, e);
        goto out;
    }
    PQsetNoticeReceiver(c->pg, discard_notice, NULL);
    ok = s->role != PG_OWNER || become_owner(c, e);
out:
    if (ok)
        *out = c;
    else
        pg_close(c);
    arena_free(&a);
    return ok;
}

void pg_close(struct pg_conn *c)
{
    if (!c)
        return;
    PQfinish(c->pg);
    free((char *)c->shown);
    free(c);
}

static bool finish(struct pg_conn *c, PGresult *res, struct err *e)
{
    ExecStatusType status = PQresultStatus(res);

    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY)
        return true;
    if (PQstatus(c->pg) == CONNECTION_BAD)
        return failure_lost(c->pg, c->shown, e);
    return failure_result(res, c->verbose, e);
}

bool pg_run(struct pg_conn *c, const struct stmt *s, struct rows *out, struct err *e)
{
    PGresult *res = PQexecParams(c->pg, s->sql, s->n, NULL, s->value, s->length, s->format, 1);

    *out = (struct rows){ .result = res };
    if (!finish(c, res, e)) {
        rows_free(out);
        return false;
    }
    out->n = PQntuples(res);
    out->affected = atoll(PQcmdTuples(res));
    return true;
}

bool pg_exec(struct pg_conn *c, const char *sql, struct err *e)
{
    PGresult *res = PQexec(c->pg, sql);
    bool ok = finish(c, res, e);

    PQclear(res);
    return ok;
}

bool pg_execf(struct pg_conn *c, struct err *e, const char *fmt, ...)
{
    struct arena a = ARENA;
    va_list ap;
    bool ok;

    va_start(ap, fmt);
    ok = pg_exec(c, arena_vprintf(&a, fmt, ap), e);
    va_end(ap);
    arena_free(&a);
    return ok;
}

bool pg_value(struct pg_conn *c, struct arena *a, const char *sql, const char **out, struct err *e)
{
    PGresult *res = PQexec(c->pg, sql);
    bool ok = finish(c, res, e);

    *out = NULL;
    if (ok && PQntuples(res) > 0 && !PQgetisnull(res, 0, 0))
        *out = arena_strdup(a, span_of(PQgetvalue(res, 0, 0)));
    PQclear(res);
    return ok;
}

const char *pg_quote_ident(struct arena *a, const char *ident)
{
    size_t n = strlen(ident), k = 0;
    char *out = arena_alloc(a, 2 * n + 3);

    out[k++] = '"';
    for (size_t i = 0; i < n; i++) {
        if (ident[i] == '"')
            out[k++] = '"';
        out[k++] = ident[i];
    }
    out[k++] = '"';
    return out;
}

/* As an escape string only when there is a backslash: right under either standard_conforming_strings. */
const char *pg_quote_literal(struct arena *a, const char *text)
{
    size_t n = strlen(text), k = 0;
    char *out = arena_alloc(a, 2 * n + 5);

    if (strchr(text, '\\')) {
        out[k++] = ' ';
        out[k++] = 'E';
    }
    out[k++] = '\'';
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\'' || text[i] == '\\')
            out[k++] = text[i];
        out[k++] = text[i];
    }
    out[k++] = '\'';
    return out;
}

int pg_server_version(const struct pg_conn *c)
{
    return PQserverVersion(c->pg);
}

int pg_backend_pid(const struct pg_conn *c)
{
    return PQbackendPID(c->pg);
}

enum pg_transaction pg_transaction(const struct pg_conn *c)
{
    switch (PQtransactionStatus(c->pg)) {
    case PQTRANS_IDLE:    return PG_IDLE;
    case PQTRANS_ACTIVE:  return PG_ACTIVE;
    case PQTRANS_INTRANS: return PG_IN_TRANSACTION;
    case PQTRANS_INERROR: return PG_FAILED;
    default:              return PG_BROKEN;
    }
}

bool pg_encrypt_password(struct pg_conn *c, struct arena *a, const char *user, const char *password, const char **out, struct err *e)
{
    char *verifier = PQencryptPasswordConn(c->pg, password, user, "scram-sha-256");

    if (!verifier)
        return fail(e, E_DATABASE, "the password verifier could not be made");
    *out = arena_strdup(a, span_of(verifier));
    PQfreemem(verifier);
    return true;
}

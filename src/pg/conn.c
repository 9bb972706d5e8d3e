/*
 * The blocking connection: commands, start-up, migrations.  It waits, with a deadline, and is never used on the loop.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/conn.h"

#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "pg/dial_wait.h"
#include "pg/failure.h"
#include "pg/pooler_look.h"
#include "pg/session.h"

struct pg_conn {
    PGconn     *pg;
    bool        verbose;        /* an operator's session: the server's own words are his */
    const char *shown;          /* malloc memory */
    struct pooler_signs signs;
    enum connect_outcome outcome;
};

#define OLDEST     150000
#define NO_BACKEND "%s: the pooler there has no connection to the server free for us in time; we need two to start, then as many as the pool may have"
#define LOOK_LIMIT (15 * USEC_S)

static void discard_notice(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res;
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

static bool attach(struct pg_conn *c, const struct pg_target *t, const struct pg_session *s, deadline until, struct err *e)
{
    c->pg = dial_wait(t, s, until, &c->outcome, e);
    if (c->pg)
        PQsetNoticeReceiver(c->pg, discard_notice, NULL);
    return c->pg != NULL;
}

/* ---- what lies in between ---- */

static struct pg_session without_settings(const struct pg_session *s)
{
    struct pg_session bare = *s;

    bare.pooler = POOLER_SESSION;
    return bare;
}

/* That our settings are refused, or do nothing, is no failure but a sign: it is tried again without. */
static bool reach(struct pg_conn *c, const struct pg_target *t, const struct pg_session *s, deadline until, struct err *e)
{
    struct pg_session bare = without_settings(s);

    if (attach(c, t, s, until, e))
        return true;
    if (c->outcome != CONNECT_POOLER)
        return false;
    c->signs.settings = true;
    err_clear(e);
    return attach(c, t, &bare, until, e);
}

static bool look(struct pg_conn *c, const struct pg_target *t, const struct pg_session *s, deadline until, struct err *e)
{
    struct pg_session bare = without_settings(s);
    struct pg_conn other = { 0 };
    bool ok = attach(&other, t, &bare, until, e);

    if (ok && !pooler_look(c->pg, other.pg, until, &c->signs))
        ok = fail(e, E_DATABASE, NO_BACKEND, t->shown);
    PQfinish(other.pg);
    return ok;
}

static bool examine(struct pg_conn *c, const struct pg_target *t, const struct pg_session *s, deadline until, struct err *e)
{
    int pid;

    if (PQserverVersion(c->pg) < OLDEST)        /* the caller refuses it; our questions would only make it stumble */
        return true;
    if (until == 0)
        until = clock_now() + LOOK_LIMIT;
    if (!pooler_backend(c->pg, until, &pid))
        return fail(e, E_DATABASE, c->signs.settings ? NO_BACKEND : "%s: the server did not answer in time", t->shown);
    c->signs.numbers = pid != PQbackendPID(c->pg);
    return pooler_kind(&c->signs) == POOLER_NONE || look(c, t, s, until, e);
}

static bool settings_apply(struct pg_conn *c, const struct pg_session *s, struct err *e)
{
    struct arena a = ARENA;
    bool local = pg_pooler(c) == POOLER_TRANSACTION;
    bool ok = (!local || pg_exec(c, "BEGIN READ ONLY", e)) && pg_exec(c, session_sql(&a, s, local), e);

    arena_free(&a);
    return ok;
}

static bool prepare(struct pg_conn *c, const struct pg_target *t, const struct pg_session *s, struct err *e)
{
    if (pg_pooler(c) == POOLER_TRANSACTION && s->role == PG_OWNER)
        return fail(e, E_USAGE, "%s: a transaction pooler lies between us and the server; what changes the schema, roles or keys needs one session: "
                                "use the server's own port or a session-mode pooler", t->shown);
    if (pg_pooler(c) != POOLER_NONE && !settings_apply(c, s, e))
        return false;
    return s->role != PG_OWNER || become_owner(c, e);
}

bool pg_open(const struct pg_target *t, const struct pg_session *s, deadline until, struct pg_conn **out, struct err *e)
{
    struct pg_conn *c = calloc(1, sizeof *c);
    bool ok;

    *out = NULL;
    if (!c)
        err_die("out of memory: no room for a connection");
    c->shown = strdup(t->shown);
    c->verbose = s->role == PG_OWNER;
    ok = reach(c, t, s, until, e) && examine(c, t, s, until, e) && prepare(c, t, s, e);
    if (ok)
        *out = c;
    else
        pg_close(c);
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

enum pooler pg_pooler(const struct pg_conn *c)
{
    return pooler_kind(&c->signs);
}

const char *pg_pooler_sign(const struct pg_conn *c)
{
    return pooler_sign(&c->signs);
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

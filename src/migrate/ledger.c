/*
 * Plain statements on plain tables.  The ledger keeps no text of migrations: the files are in the repository.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/ledger.h"

#include <string.h>

static const char create_sql[] =
    "CREATE SCHEMA IF NOT EXISTS keelson_ledger;"
    "CREATE TABLE IF NOT EXISTS keelson_ledger.migrations ("
    "  project            text        NOT NULL,"
    "  version            bigint      NOT NULL,"
    "  name               text        NOT NULL,"
    "  checksum           text        NOT NULL,"
    "  down_checksum      text,"
    "  applied_at         timestamptz NOT NULL DEFAULT clock_timestamp(),"
    "  applied_by         text        NOT NULL DEFAULT session_user,"
    "  duration_ms        bigint      NOT NULL,"
    "  server_version     integer     NOT NULL DEFAULT current_setting('server_version_num')::integer,"
    "  fingerprint_before text        NOT NULL,"
    "  fingerprint_after  text        NOT NULL,"
    "  CONSTRAINT migrations_pkey PRIMARY KEY (project, version));"
    "CREATE TABLE IF NOT EXISTS keelson_ledger.attempts ("
    "  id             uuid        NOT NULL,"
    "  project        text        NOT NULL,"
    "  version        bigint      NOT NULL,"
    "  name           text        NOT NULL,"
    "  down           boolean     NOT NULL,"
    "  checksum       text        NOT NULL,"
    "  started_at     timestamptz NOT NULL DEFAULT clock_timestamp(),"
    "  ended_at       timestamptz,"
    "  by             text        NOT NULL DEFAULT session_user,"
    "  outcome        text        NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'done', 'failed')),"
    "  duration_ms    bigint,"
    "  done           bigint      NOT NULL DEFAULT 0,"
    "  done_digest    text,"
    "  message        text,"
    "  sqlstate       text,"
    "  CONSTRAINT attempts_pkey PRIMARY KEY (id));"
    "COMMENT ON SCHEMA keelson_ledger IS 'Which migrations are in force, and every attempt to run one. Written by the runner.';"
    "COMMENT ON TABLE keelson_ledger.migrations IS 'Migrations in force.';"
    "COMMENT ON TABLE keelson_ledger.attempts IS 'Each time a migration was run or undone, also when it failed.';"
    /* The service looks whether it runs on the schema it knows, and whether migrations fail. */
    "DO $$ DECLARE r text; BEGIN"
    "  FOR r IN SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('keelson_api', 'keelson_readonly') LOOP"
    "    EXECUTE format('GRANT USAGE ON SCHEMA keelson_ledger TO %I', r);"
    "    EXECUTE format('GRANT SELECT ON keelson_ledger.migrations TO %I', r);"
    "    EXECUTE format('GRANT SELECT (project, version, started_at, outcome) ON keelson_ledger.attempts TO %I', r);"
    "  END LOOP;"
    "END $$;";

#define EXISTS_SQL "SELECT 'yes' WHERE pg_catalog.to_regclass('keelson_ledger.migrations') IS NOT NULL"
#define COMPLETE_SQL EXISTS_SQL " AND pg_catalog.to_regclass('keelson_ledger.attempts') IS NOT NULL" \
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname IN ('keelson_api', 'keelson_readonly')" \
    " AND NOT pg_catalog.has_column_privilege(rolname, pg_catalog.to_regclass('keelson_ledger.attempts'), 'outcome', 'SELECT'))"

const char *ledger_create_sql(void)
{
    return create_sql;
}

bool ledger_create(struct pg_conn *c, struct err *e)
{
    struct arena a = ARENA;
    const char *complete = NULL;
    bool ok = pg_value(c, &a, COMPLETE_SQL, &complete, e) && (complete || pg_exec(c, create_sql, e));

    arena_free(&a);
    return ok || err_context(e, "making the ledger");
}

static struct ledger_row row_of(struct arena *a, const struct rows *r, int i)
{
    return (struct ledger_row){
        .project = rows_cstr(a, r, i, 0),
        .version = rows_i64(r, i, 1),
        .name = rows_cstr(a, r, i, 2),
        .checksum = rows_cstr(a, r, i, 3),
        .down_checksum = rows_cstr(a, r, i, 4),
        .duration_ms = rows_i64(r, i, 5),
        .before = rows_cstr(a, r, i, 6),
        .after = rows_cstr(a, r, i, 7),
        .applied_at = rows_cstr(a, r, i, 8),
        .applied_by = rows_cstr(a, r, i, 9),
        .server_version = rows_i64(r, i, 10),
    };
}

#define RFC3339 "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'"

bool ledger_read(struct pg_conn *c, struct arena *a, struct ledger *out, struct err *e)
{
    struct stmt s = STMT(NULL,
        "SELECT project, version, name, checksum, down_checksum, duration_ms, fingerprint_before, fingerprint_after,"
        "       to_char(applied_at AT TIME ZONE 'UTC', " RFC3339 "), applied_by, server_version"
        " FROM keelson_ledger.migrations ORDER BY project, version");
    const char *exists = NULL;
    struct rows r;

    *out = (struct ledger){ 0 };
    if (!pg_value(c, a, EXISTS_SQL, &exists, e))
        return err_context(e, "reading the ledger");
    if (!exists)
        return true;
    if (!pg_run(c, &s, &r, e))
        return err_context(e, "reading the ledger");
    out->exists = true;
    out->n = r.n;
    out->rows = arena_array(a, struct ledger_row, r.n + 1);
    for (int i = 0; i < r.n; i++)
        out->rows[i] = row_of(a, &r, i);
    rows_free(&r);
    return true;
}

const struct ledger_row *ledger_find(const struct ledger *l, const char *project, int64_t version)
{
    for (int i = 0; i < l->n; i++)
        if (l->rows[i].version == version && strcmp(l->rows[i].project, project) == 0)
            return &l->rows[i];
    return NULL;
}

int64_t ledger_newest(const struct ledger *l, const char *project)
{
    int64_t newest = 0;

    for (int i = 0; i < l->n; i++)
        if (strcmp(l->rows[i].project, project) == 0 && l->rows[i].version > newest)
            newest = l->rows[i].version;
    return newest;
}

static bool run(struct pg_conn *c, const struct stmt *s, int64_t affected, struct err *e)
{
    struct rows r;
    bool ok = pg_run(c, s, &r, e);

    if (!ok)
        return err_context(e, "writing the ledger");
    ok = r.affected == affected || fail(e, E_DATABASE, "writing the ledger: %lld rows changed where %lld should have",
                                        (long long)r.affected, (long long)affected);
    rows_free(&r);
    return ok;
}

bool ledger_add(struct pg_conn *c, struct arena *a, const struct ledger_row *row, struct err *e)
{
    struct stmt s = STMT(NULL,
        "INSERT INTO keelson_ledger.migrations"
        " (project, version, name, checksum, down_checksum, duration_ms, fingerprint_before, fingerprint_after)"
        " VALUES ($1::text, $2::int8, $3::text, $4::text, $5::text, $6::int8, $7::text, $8::text)");

    stmt_cstr(a, &s, row->project);
    stmt_int8(a, &s, row->version);
    stmt_cstr(a, &s, row->name);
    stmt_cstr(a, &s, row->checksum);
    stmt_cstr(a, &s, row->down_checksum);
    stmt_int8(a, &s, row->duration_ms);
    stmt_cstr(a, &s, row->before);
    stmt_cstr(a, &s, row->after);
    return run(c, &s, 1, e);
}

bool ledger_remove(struct pg_conn *c, struct arena *a, const char *project, int64_t version, struct err *e)
{
    struct stmt s = STMT(NULL, "DELETE FROM keelson_ledger.migrations WHERE project = $1::text AND version = $2::int8");

    stmt_cstr(a, &s, project);
    stmt_int8(a, &s, version);
    return run(c, &s, 1, e);
}

/* ---------------------------------------------------------------- attempts */

bool ledger_begin(struct pg_conn *c, struct arena *a, const struct ledger_attempt *at, struct err *e)
{
    struct stmt s = STMT(NULL,
        "INSERT INTO keelson_ledger.attempts (id, project, version, name, down, checksum, done, done_digest)"
        " VALUES ($1::uuid, $2::text, $3::int8, $4::text, $5::bool, $6::text, $7::int8, $8::text)");

    stmt_uuid(a, &s, &at->id);
    stmt_cstr(a, &s, at->project);
    stmt_int8(a, &s, at->version);
    stmt_cstr(a, &s, at->name);
    stmt_bool(a, &s, at->down);
    stmt_cstr(a, &s, at->checksum);
    stmt_int8(a, &s, at->done);
    stmt_cstr(a, &s, at->done_digest);
    return run(c, &s, 1, e);
}

bool ledger_progress(struct pg_conn *c, struct arena *a, const struct ledger_attempt *at, struct err *e)
{
    struct stmt s = STMT(NULL, "UPDATE keelson_ledger.attempts SET done = $2::int8, done_digest = $3::text WHERE id = $1::uuid");

    stmt_uuid(a, &s, &at->id);
    stmt_int8(a, &s, at->done);
    stmt_cstr(a, &s, at->done_digest);
    return run(c, &s, 1, e);
}

bool ledger_end(struct pg_conn *c, struct arena *a, const struct ledger_attempt *at, usec took, const struct err *failure, struct err *e)
{
    struct stmt s = STMT(NULL,
        "UPDATE keelson_ledger.attempts SET ended_at = clock_timestamp(), outcome = $2::text, duration_ms = $3::int8,"
        " message = $4::text, sqlstate = nullif($5::text, '') WHERE id = $1::uuid");

    stmt_uuid(a, &s, &at->id);
    stmt_cstr(a, &s, failure ? "failed" : "done");
    stmt_int8(a, &s, took / USEC_MS);
    stmt_cstr(a, &s, failure ? failure->message : NULL);
    stmt_cstr(a, &s, failure ? failure->sqlstate : NULL);
    return run(c, &s, 1, e);
}

bool ledger_resume(struct pg_conn *c, struct arena *a, struct ledger_attempt *at, struct err *e)
{
    /* Only the last attempt counts: after one that succeeded everything begins anew. */
    struct stmt s = STMT(NULL,
        "SELECT done, done_digest FROM ("
        "  SELECT done, done_digest, outcome, down FROM keelson_ledger.attempts"
        "  WHERE project = $1::text AND version = $2::int8 ORDER BY started_at DESC LIMIT 1) last"
        " WHERE outcome <> 'done' AND down = $3::bool AND done > 0");
    struct rows r;

    stmt_cstr(a, &s, at->project);
    stmt_int8(a, &s, at->version);
    stmt_bool(a, &s, at->down);
    if (!pg_run(c, &s, &r, e))
        return err_context(e, "reading the ledger");
    at->done = r.n ? rows_i64(&r, 0, 0) : 0;
    at->done_digest = r.n ? rows_cstr(a, &r, 0, 1) : NULL;
    rows_free(&r);
    return true;
}

bool ledger_history(struct pg_conn *c, struct arena *a, struct ledger_attempt **out, int *n, struct err *e)
{
    struct stmt s = STMT(NULL,
        "SELECT project, version, name, down, to_char(started_at AT TIME ZONE 'UTC', " RFC3339 "), by, outcome, message, duration_ms, checksum"
        " FROM keelson_ledger.attempts ORDER BY started_at, id");
    const char *complete = NULL;
    struct rows r;

    *n = 0;
    *out = NULL;
    if (!pg_value(c, a, COMPLETE_SQL, &complete, e))
        return err_context(e, "reading the ledger");
    if (!complete)
        return true;
    if (!pg_run(c, &s, &r, e))
        return err_context(e, "reading the ledger");
    *n = r.n;
    *out = arena_array(a, struct ledger_attempt, r.n + 1);
    for (int i = 0; i < r.n; i++)
        (*out)[i] = (struct ledger_attempt){
            .project = rows_cstr(a, &r, i, 0), .version = rows_i64(&r, i, 1), .name = rows_cstr(a, &r, i, 2), .down = rows_bool(&r, i, 3),
            .started_at = rows_cstr(a, &r, i, 4), .by = rows_cstr(a, &r, i, 5), .outcome = rows_cstr(a, &r, i, 6),
            .message = rows_cstr(a, &r, i, 7), .duration_ms = rows_i64(&r, i, 8), .checksum = rows_cstr(a, &r, i, 9),
        };
    rows_free(&r);
    return true;
}

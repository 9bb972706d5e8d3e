/*
 * keelson candidate: a look at candidates from the machine of the database, over all organizations.  Working with them is the HTTP
 * interface's business.
 */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/attr.h"
#include "cli/database.h"
#include "cli/groups.h"
#include "cli/table.h"
#include "serve/tenant.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MOST    1000

#define TIME(column) "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

/* ---- list ---- */

static const struct table_column list_columns[] = {
    { .key = "id" }, { .key = "organization" }, { .key = "full_name" }, { .key = "email" }, { .key = "status" }, { .key = "created_at" },
};

static const char list_sql[] =
    "SELECT c.id::text, o.slug, c.full_name, c.email, c.status, " TIME("c.created_at")
    " FROM keelson.candidates c JOIN keelson.organizations o ON o.id = c.org_id"
    " WHERE ($1::uuid IS NULL OR c.org_id = $1::uuid) AND c.deleted_at IS NULL ORDER BY c.created_at DESC, c.id DESC LIMIT $2::int8";

static bool limit_of(const struct command_call *c, int64_t *out, struct err *e)
{
    const char *text = command_option(c, "--limit");
    uint64_t n = LIMIT_DEFAULT;

    if (text && (!span_u64(span_of(text), &n) || n < 1 || n > LIMIT_MOST))
        return fail(e, E_USAGE, "--limit wants a number from 1 to %d", LIMIT_MOST);
    *out = (int64_t)n;
    return true;
}

static bool read_list(struct command_call *c, struct database *d, int64_t limit, struct table *t, struct err *e)
{
    const char *name = command_option(c, "--org");
    struct stmt s = STMT(NULL, list_sql);
    struct tenant_org org;
    struct rows r;

    if (!database_open(c, d, e) || (name && !tenant_org_find(d->conn, c->arena, name, &org, e)))
        return false;
    stmt_uuid(c->arena, &s, name ? &org.id : NULL);
    stmt_int8(c->arena, &s, limit);
    if (!pg_run(d->conn, &s, &r, e))
        return false;
    for (int i = 0; i < r.n; i++) {
        const char *cells[ARRAY_LEN(list_columns)];

        for (size_t k = 0; k < ARRAY_LEN(cells); k++)
            cells[k] = rows_cstr(c->arena, &r, i, (int)k);
        table_row(t, cells);
    }
    rows_free(&r);
    return true;
}

static bool run_list(struct command_call *c, struct err *e)
{
    struct database d = { 0 };
    struct table t;
    int64_t limit;
    bool ok;

    table_init(&t, c->arena, list_columns, ARRAY_LEN(list_columns));
    ok = limit_of(c, &limit, e) && read_list(c, &d, limit, &t, e);
    database_close(&d);
    if (ok)
        table_show(&t, c, "candidates", "there is no candidate");
    return ok;
}

/* ---- show ---- */

/* Every column as text, whatever columns there are; and as the one JSON object that it is. */
static const char show_sql[] =
    "SELECT f.key, coalesce(f.value #>> '{}', ''), f.value::text FROM keelson.candidates c"
    " CROSS JOIN LATERAL pg_catalog.jsonb_each(pg_catalog.jsonb_build_object('resumes', (SELECT count(*) FROM keelson.resumes r"
    "  WHERE r.org_id = c.org_id AND r.candidate_id = c.id), 'interviews', (SELECT count(*) FROM keelson.interviews i"
    "  WHERE i.org_id = c.org_id AND i.candidate_id = c.id)) || pg_catalog.to_jsonb(c)) AS f"
    " WHERE c.id = $1::uuid AND f.key NOT IN ('email_norm', 'trash_op') ORDER BY f.key <> 'id', f.key";

static void show_row(struct command_call *c, const struct rows *r)
{
    struct table_column *columns = arena_array(c->arena, struct table_column, r->n);
    const char **cells = arena_array(c->arena, const char *, r->n);
    struct table t;

    for (int i = 0; i < r->n; i++) {
        columns[i] = (struct table_column){ .key = rows_cstr(c->arena, r, i, 0), .raw = true };
        cells[i] = rows_cstr(c->arena, r, i, c->format == COMMAND_JSON ? 2 : 1);
    }
    table_init(&t, c->arena, columns, r->n);
    table_row(&t, cells);
    table_show_one(&t, c, "candidates");
}

static bool run_show(struct command_call *c, struct err *e)
{
    struct stmt s = STMT(NULL, show_sql);
    struct database d = { 0 };
    struct rows r = { 0 };
    struct uuid id;
    bool ok;

    if (!uuid_parse(span_of(c->args[0]), &id))
        return fail(e, E_USAGE, "name the candidate by its id, as `keelson candidate list` shows it");
    stmt_uuid(c->arena, &s, &id);
    ok = database_open(c, &d, e) && pg_run(d.conn, &s, &r, e) && (r.n > 0 || fail(e, E_NOT_FOUND, "there is no such candidate"));
    if (ok)
        show_row(c, &r);
    rows_free(&r);
    database_close(&d);
    return ok;
}

static const struct command_option list_options[] = {
    { "--org",   "SLUG", "Only of this organization." },
    { "--limit", "N",    "How many, newest first (default 20)." },
};

static const struct command commands[] = {
    { "candidate list", NULL, "Show the newest candidates.", database_which, list_options, ARRAY_LEN(list_options), .run = run_list },
    { "candidate show", "ID", "Show one candidate, also from the trash.", database_which, .min_args = 1, .max_args = 1, .run = run_show },
};

const struct command_group candidate_commands = { "Candidates", commands, ARRAY_LEN(commands) };

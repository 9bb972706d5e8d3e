/*
 * The service refuses to run with rights that would make its isolation a matter of trust: superusers and BYPASSRLS ignore
 * row level security, and the owner's policy lets everything through.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/check.h"

#include "base/arena.h"
#include "embedded.h"

#define OLDEST 150000

enum { COL_SUPER, COL_BYPASS, COL_OWNER, COL_MIGRATED, COL_USAGE, COL_ROLE, COL_RECOVERY };

static bool rights_fit(const struct rows *r, const char *role, const char *shown, struct err *e)
{
    static const char way_out[] = "use the role keelson_api, as `keelson init` writes it into .env";

    if (rows_bool(r, 0, COL_SUPER))
        return fail(e, E_USAGE, "%s: the role %s is a superuser and would bypass row level security; %s", shown, role, way_out);
    if (rows_bool(r, 0, COL_BYPASS))
        return fail(e, E_USAGE, "%s: the role %s has BYPASSRLS and would see every organization; %s", shown, role, way_out);
    if (rows_bool(r, 0, COL_OWNER))
        return fail(e, E_USAGE, "%s: the role %s owns the schema; the service must not be able to do what a migration can; %s", shown, role, way_out);
    if (!rows_bool(r, 0, COL_USAGE))
        return fail(e, E_USAGE, "%s: the role %s has no right on the schema keelson; %s", shown, role, way_out);
    return true;
}

bool check_database(struct pg_conn *c, const struct pg_target *t, struct err *e)
{
    struct arena a = ARENA;
    struct stmt s = STMT(NULL, sql_role_rights);
    struct rows r;
    bool ok = false;

    if (pg_server_version(c) < OLDEST)      /* before it is asked anything */
        return fail(e, E_USAGE, "%s: the server is PostgreSQL %d; Keelson needs 15 or later", t->shown, pg_server_version(c) / 10000);
    if (!pg_run(c, &s, &r, e))
        return false;
    if (!rows_bool(&r, 0, COL_MIGRATED))
        fail(e, E_DATABASE, "%s: the database is not prepared; run `keelson init` with KEELSON_OWNER_URL", t->shown);
    else
        ok = rights_fit(&r, rows_cstr(&a, &r, 0, COL_ROLE), t->shown, e);
    rows_free(&r);
    arena_free(&a);
    return ok;
}

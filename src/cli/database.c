/*
 * Commands act as keelson_owner: the service's role cannot see more than one organization.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/database.h"

#include <string.h>

#include "base/clock.h"
#include "migrate/apply.h"
#include "pg/credentials.h"

const char database_which[] =
    "The database is that of KEELSON_OWNER_URL, else of DATABASE_URL if its role may act as keelson_owner, else the embedded one.";

bool database_url(struct command_call *c, struct err *e)
{
    struct credentials from = { c->conf.database_url_file, c->conf.database_url_command, c->conf.database_url };

    return credentials_find(c->arena, &from, &c->conf.database_url, e);
}

static bool find(struct command_call *c, struct database *d, struct err *e)
{
    const char *url;

    if (!c->conf.owner_url && !database_url(c, e))
        return false;
    url = c->conf.owner_url ? c->conf.owner_url : c->conf.database_url;
    if (url)
        return pg_url_parse(c->arena, url, &d->target, e);
    if (!cluster_open(c->arena, c->conf.data_dir, c->conf.pg_bindir, true, &d->cluster, e) ||
        !pg_url_parse(c->arena, d->cluster.owner_url, &d->target, e))
        return false;
    /* Whoever starts the embedded server migrates it, as serve does. */
    return !d->cluster.owned || apply_pending(c->arena, &d->target, c->conf.migrate_dir, e);
}

static bool fits(struct command_call *c, struct database *d, struct err *e)
{
    const char *me = NULL, *prepared = NULL;

    if (!pg_value(d->conn, c->arena, "SELECT current_user", &me, e))
        return false;
    if (!me || strcmp(me, "keelson_owner") != 0)
        return fail(e, E_USAGE, "%s: the role %s may not act as keelson_owner; set KEELSON_OWNER_URL", d->target.shown, me);
    if (!pg_value(d->conn, c->arena, "SELECT 'yes' WHERE pg_catalog.to_regclass('keelson.organizations') IS NOT NULL", &prepared, e))
        return false;
    return prepared || fail(e, E_DATABASE, "%s: the database is not prepared; run `keelson init` with KEELSON_OWNER_URL", d->target.shown);
}

bool database_open(struct command_call *c, struct database *d, struct err *e)
{
    struct pg_session session = { .role = PG_OWNER, .application_name = "keelson command", .lock_timeout = 10 * USEC_S };

    *d = (struct database){ 0 };
    return find(c, d, e) && pg_open(&d->target, &session, clock_now() + c->conf.connect_timeout, &d->conn, e) && fits(c, d, e);
}

void database_close(struct database *d)
{
    pg_close(d->conn);
    cluster_close(&d->cluster);
    *d = (struct database){ 0 };
}

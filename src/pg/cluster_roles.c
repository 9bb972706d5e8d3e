/*
 * The embedded server differs from others in three points: its owner may log in (whoever reaches the socket may anyway),
 * the database is the owner's, and nobody else has any right in it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cluster_roles.h"

#include "base/arena.h"
#include "embedded.h"
#include "pg/conn.h"

/* Changes catalogs, so only when something is missing. */
static const char owns[] =
    "SELECT 'yes' FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles o ON o.oid = d.datdba"
    " WHERE d.datname = 'keelson' AND o.rolname = 'keelson_owner' AND o.rolcanlogin";

static const char take_over[] =
    "ALTER ROLE keelson_owner LOGIN;"
    "ALTER DATABASE keelson OWNER TO keelson_owner;"
    "REVOKE ALL ON DATABASE keelson FROM PUBLIC;"
    "REVOKE ALL ON SCHEMA public FROM PUBLIC;";

const char *cluster_roles_url(struct arena *a, const char *socket_dir, const char *role, const char *database)
{
    const char *host = arena_printf(a, "host='%s'", socket_dir);

    return arena_printf(a, "%s port=5432 dbname=%s user=%s", host, database, role);
}

static bool open_as_super(struct arena *a, const char *socket_dir, const char *database, deadline until, struct pg_conn **out, struct err *e)
{
    struct pg_session session = { .role = PG_SERVICE, .application_name = "keelson-cluster" };
    struct pg_target target;

    return pg_url_parse(a, cluster_roles_url(a, socket_dir, "keelson_super", database), &target, e) && pg_open(&target, &session, until, out, e);
}

/* In the maintenance database, because a database is made from another one. */
static bool ensure_database(struct arena *a, const char *socket_dir, deadline until, struct err *e)
{
    struct pg_conn *c = NULL;
    const char *there = NULL;
    bool ok = open_as_super(a, socket_dir, "postgres", until, &c, e) &&
              pg_value(c, a, "SELECT 'yes' FROM pg_catalog.pg_database WHERE datname = 'keelson'", &there, e) &&
              (there || pg_exec(c, "CREATE DATABASE keelson", e));

    pg_close(c);
    return ok;
}

static bool ensure_roles(struct arena *a, const char *socket_dir, deadline until, struct err *e)
{
    struct pg_conn *c = NULL;
    const char *owned = NULL;
    bool ok = open_as_super(a, socket_dir, "keelson", until, &c, e) && pg_exec(c, embedded_bootstrap.data, e) &&
              pg_value(c, a, owns, &owned, e) && (owned || pg_exec(c, take_over, e));

    pg_close(c);
    return ok;
}

bool cluster_roles_ensure(const char *socket_dir, deadline until, struct err *e)
{
    struct arena a = ARENA;
    bool ok = ensure_database(&a, socket_dir, until, e) && ensure_roles(&a, socket_dir, until, e);

    arena_free(&a);
    return ok || err_context(e, "roles and database");
}

/*
 * The owner is a plain role with CREATEROLE: nothing here needs a superuser.  The service's password is made here and reaches the server
 * as a SCRAM verifier, so that no log of statements holds it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/setup.h"

#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "embedded.h"
#include "migrate/apply.h"
#include "migrate/ledger.h"
#include "serve/check.h"
#include "serve/service_url.h"

#define CONNECT_LIMIT (15 * USEC_S)
#define OLDEST        150000
#define ROLES         3
#define PASSWORD      43                    /* 256 bits in base62 */
#define APPLICATION   "keelson init"

static bool open_owner(const struct setup *s, struct pg_conn **out, struct err *e)
{
    struct pg_session session = { .role = PG_OWNER, .application_name = APPLICATION, .lock_timeout = 10 * USEC_S };

    return pg_open(s->target, &session, clock_now() + CONNECT_LIMIT, out, e);
}

/* ---------------------------------------------------------------- looking */

enum { COL_ME, COL_DATABASE, COL_MAY_CREATE, COL_ROLES, COL_SERVICE, COL_RECOVERY, COL_READ_ONLY, COL_SERVICE_EXCESS, COL_SERVICE_NOLOGIN };

static bool state_fits(const struct rows *r, const char *shown, struct err *e)
{
    if (rows_bool(r, 0, COL_RECOVERY))
        return fail(e, E_READ_ONLY, "%s: this server is a standby; use the address of the primary", shown);
    if (rows_bool(r, 0, COL_READ_ONLY))
        return fail(e, E_READ_ONLY, "%s: the database is read-only for this role (default_transaction_read_only)", shown);
    if (rows_bool(r, 0, COL_SERVICE_EXCESS))
        return fail(e, E_USAGE, "%s: the role keelson_api is a superuser or has BYPASSRLS and would see every organization; "
                                "an administrator takes that away with ALTER ROLE keelson_api NOSUPERUSER NOBYPASSRLS", shown);
    return true;
}

static bool state_read(struct setup *s, struct err *e)
{
    struct stmt look = STMT(NULL, sql_setup_state);
    struct rows r;
    bool ok;

    if (!pg_run(s->login, &look, &r, e))
        return false;
    s->me = rows_cstr(s->arena, &r, 0, COL_ME);
    s->database = rows_cstr(s->arena, &r, 0, COL_DATABASE);
    s->may_create = rows_bool(&r, 0, COL_MAY_CREATE);
    s->roles = rows_i64(&r, 0, COL_ROLES);
    s->had_service = rows_bool(&r, 0, COL_SERVICE);
    ok = state_fits(&r, s->target->shown, e);
    rows_free(&r);
    return ok;
}

/* Checked before anything is asked of it: an old server would only stumble over our questions. */
static bool version_fits(const struct setup *s, struct err *e)
{
    int version = pg_server_version(s->login);

    return version >= OLDEST ||
           fail(e, E_USAGE, "%s: the server is PostgreSQL %d; Keelson needs 15 or later", s->target->shown, version / 10000);
}

bool setup_open(struct setup *s, struct err *e)
{
    return open_owner(s, &s->login, e) && version_fits(s, e) && pg_exec(s->login, "RESET ROLE", e) && state_read(s, e);
}

void setup_close(struct setup *s)
{
    pg_close(s->login);
    pg_close(s->owner);
    s->login = s->owner = NULL;
}

/* ---------------------------------------------------------------- roles */

static const char *password_make(struct arena *a)
{
    uint8_t bytes[32];
    char *out = arena_alloc(a, PASSWORD + 1);

    digest_random(bytes, sizeof bytes);
    digest_base62(bytes, sizeof bytes, out, PASSWORD);
    explicit_bzero(bytes, sizeof bytes);
    log_guard(span_of(out));
    return out;
}

/* `secret` NULL: the service keeps the password it has. */
static bool roles_write(struct setup *s, const char *secret, struct err *e)
{
    struct err trouble = { 0 };

    if (pg_exec(s->login, "BEGIN", e) && pg_exec(s->login, embedded_bootstrap.data, e) &&
        (!secret || pg_execf(s->login, e, "ALTER ROLE keelson_api LOGIN PASSWORD %s", pg_quote_literal(s->arena, secret))) &&
        pg_exec(s->login, "COMMIT", e))
        return true;
    return pg_exec(s->login, "ROLLBACK", &trouble) ? false : err_context(e, "%s", trouble.message);
}

/* Neon keeps roles outside of the server and hashes passwords itself. */
static bool wants_clear_text(const struct err *e)
{
    return strstr(e->message, "plaintext password") != NULL;
}

static bool password_write(struct setup *s, struct err *e)
{
    const char *password = password_make(s->arena), *verifier;

    if (!pg_encrypt_password(s->login, s->arena, "keelson_api", password, &verifier, e))
        return false;
    if (!roles_write(s, verifier, e)) {
        if (!wants_clear_text(e))
            return false;
        err_clear(e);
        s->clear_text = true;
        if (!roles_write(s, password, e))
            return false;
    }
    s->service_url = service_url_make(s->arena, s->target, password);
    return true;
}

bool setup_roles(struct setup *s, bool rotate, struct err *e)
{
    bool fresh = !s->had_service || rotate;

    if (!s->may_create && (s->roles < ROLES || rotate)) {
        s->wants_admin = true;
        return fail(e, E_FORBIDDEN, "%s: the role %s may not create roles; have an administrator run the statements above, then run this again",
                    s->target->shown, s->me);
    }
    if (fresh ? password_write(s, e) : roles_write(s, NULL, e))
        return open_owner(s, &s->owner, e);
    if (strcmp(e->sqlstate, "42501") == 0) {
        s->wants_admin = true;
        return fail(e, E_FORBIDDEN, "%s: the role %s lacks a right (%s); have an administrator run the statements above, then run this again",
                    s->target->shown, s->me, arena_strdup(s->arena, span_of(e->message)));
    }
    return err_context(e, "%s: roles", s->target->shown);
}

void setup_admin_sql(const struct setup *s, struct buf *out)
{
    const char *me = pg_quote_ident(s->arena, s->me), *database = pg_quote_ident(s->arena, s->database);

    buf_str(out, "-- For psql, by a superuser or whoever may create roles and owns the database.  What exists already says so and does no harm.\n"
                 "CREATE ROLE keelson_owner NOLOGIN;\n"
                 "CREATE ROLE keelson_api LOGIN NOSUPERUSER NOBYPASSRLS;\n"
                 "CREATE ROLE keelson_readonly NOLOGIN;\n");
    buf_printf(out, "GRANT keelson_owner TO %s;\n", me);
    buf_printf(out, "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %s TO keelson_owner;\n", database);
    buf_printf(out, "GRANT CONNECT ON DATABASE %s TO keelson_api, keelson_readonly;\n", database);
    buf_str(out, "\\password keelson_api\n");
}

/* ---------------------------------------------------------------- schema */

bool setup_schema(struct setup *s, const char *migrate_dir, struct err *e)
{
    struct ledger before, after;

    if (!ledger_read(s->owner, s->arena, &before, e) || !apply_pending(s->arena, s->target, migrate_dir, e) ||
        !pg_exec(s->owner, embedded_shut_out.data, e) || !ledger_read(s->owner, s->arena, &after, e))
        return err_context(e, "%s", s->target->shown);
    s->migrations = after.n;
    s->applied = after.n - before.n;
    return true;
}

/* ---------------------------------------------------------------- the first organization */

static const struct tenant_org *pick(const struct tenant_org *orgs, int n, const char *slug)
{
    for (int i = 0; i < n; i++)
        if (!slug || strcmp(orgs[i].slug, slug) == 0)
            return &orgs[i];
    return NULL;
}

static bool org_ensure(struct setup *s, const char *name, struct err *e)
{
    const char *slug = name ? tenant_slug(s->arena, span_of(name)) : NULL;
    const struct tenant_org *there;
    struct tenant_org *orgs;
    int n;

    if (name && !slug)
        return fail(e, E_USAGE, "--org: the name needs a letter or a digit");
    if (!tenant_orgs(s->owner, s->arena, &orgs, &n, e))
        return false;
    there = pick(orgs, n, slug);
    s->org_made = !there;
    if (!there)
        return tenant_org_create(s->owner, s->arena, slug ? slug : "default", name ? name : "Default", &s->org, e);
    s->org = *there;
    return true;
}

bool setup_org(struct setup *s, const char *name, bool new_key, struct err *e)
{
    if (!org_ensure(s, name, e))
        return false;
    if (s->org.keys > 0 && !new_key)
        return true;
    return tenant_key_create(s->owner, s->arena, &s->org, "keelson init", "*", 0, s->key, &s->made, e);
}

bool setup_check(struct arena *a, const char *service_url, struct err *e)
{
    struct pg_session session = { .role = PG_SERVICE, .application_name = APPLICATION };
    struct pg_target target;
    struct pg_conn *c = NULL;
    bool ok = pg_url_parse(a, service_url, &target, e) && pg_open(&target, &session, clock_now() + CONNECT_LIMIT, &c, e) &&
              check_database(c, &target, e);

    pg_close(c);
    return ok;
}

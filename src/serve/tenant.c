/*
 * Plain statements of the owner.  A key and the row that leads to it are written by one statement; the service sees a change within
 * a second (access/keyring).
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/tenant.h"

#include <string.h>

#include "access/keyring.h"
#include "access/scope.h"

#define TIME(column)  "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
#define WORKS(key)    "(" key ".revoked_at IS NULL AND (" key ".expires_at IS NULL OR " key ".expires_at > now()))"
#define SLUG_MAX      63

const char *tenant_slug(struct arena *a, struct span name)
{
    char *out = arena_alloc(a, SLUG_MAX + 1);
    size_t n = 0;

    for (size_t i = 0; i < name.n && n < SLUG_MAX; i++) {
        char c = name.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[n++] = c;
        else if (n > 0 && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n > 0 && out[n - 1] == '-')
        n--;
    out[n] = '\0';
    return n > 0 ? out : NULL;
}

/* ---------------------------------------------------------------- organizations */

#define ORG_SELECT \
    "SELECT o.id, o.slug, o.name, o.status, " TIME("o.created_at") "," \
    " (SELECT count(*) FROM keelson.api_keys k WHERE k.org_id = o.id AND " WORKS("k") ") FROM keelson.organizations o"

static struct tenant_org org_of(struct arena *a, const struct rows *r, int i)
{
    struct tenant_org o = {
        .slug = rows_cstr(a, r, i, 1), .name = rows_cstr(a, r, i, 2), .status = rows_cstr(a, r, i, 3), .created_at = rows_cstr(a, r, i, 4),
        .keys = rows_i64(r, i, 5),
    };

    rows_uuid(r, i, 0, &o.id);
    return o;
}

bool tenant_orgs(struct pg_conn *c, struct arena *a, struct tenant_org **out, int *n, struct err *e)
{
    struct stmt s = STMT(NULL, ORG_SELECT " ORDER BY o.created_at, o.id");
    struct rows r;

    if (!pg_run(c, &s, &r, e))
        return false;
    *n = r.n;
    *out = arena_array(a, struct tenant_org, r.n + 1);
    for (int i = 0; i < r.n; i++)
        (*out)[i] = org_of(a, &r, i);
    rows_free(&r);
    return true;
}

static bool org_by_id(struct pg_conn *c, struct arena *a, const struct uuid *id, const char *slug, struct tenant_org *out, struct err *e)
{
    struct stmt s = STMT(NULL, ORG_SELECT " WHERE o.id = $1::uuid OR o.slug = $2::text");
    struct rows r;
    bool found;

    stmt_uuid(a, &s, id);
    stmt_cstr(a, &s, slug);
    if (!pg_run(c, &s, &r, e))
        return false;
    found = r.n > 0;
    if (found)
        *out = org_of(a, &r, 0);
    rows_free(&r);
    return found || fail(e, E_NOT_FOUND, "there is no organization %s; `keelson org list` shows them", slug ? slug : "with this id");
}

bool tenant_org_find(struct pg_conn *c, struct arena *a, const char *which, struct tenant_org *out, struct err *e)
{
    struct uuid id;

    if (!span_utf8(span_of(which)))
        return fail(e, E_USAGE, "the organization's name is not UTF-8");
    return uuid_parse(span_of(which), &id) ? org_by_id(c, a, &id, NULL, out, e) : org_by_id(c, a, NULL, which, out, e);
}

static bool name_valid(const char *what, const char *name, struct err *e)
{
    if (!span_utf8(span_of(name)))
        return fail(e, E_USAGE, "the name of the %s is not UTF-8", what);
    return (*name && strlen(name) <= 200) || fail(e, E_USAGE, "the name of the %s must have 1 to 200 bytes", what);
}

bool tenant_org_create(struct pg_conn *c, struct arena *a, const char *slug, const char *name, struct tenant_org *out, struct err *e)
{
    struct stmt s = STMT(NULL, "INSERT INTO keelson.organizations (id, slug, name) VALUES ($1::uuid, $2::text, $3::text)"
                               " ON CONFLICT (slug) DO NOTHING");
    const char *as_slug = tenant_slug(a, span_of(slug));
    struct uuid id = uuid_v7();
    struct rows r;
    bool made;

    if (!as_slug || strcmp(as_slug, slug) != 0)
        return fail(e, E_USAGE, "%s is no slug: use a-z, 0-9 and single - between them, at most %d", slug, SLUG_MAX);
    if (!name_valid("organization", name, e))
        return false;
    stmt_uuid(a, &s, &id);
    stmt_cstr(a, &s, slug);
    stmt_cstr(a, &s, name);
    if (!pg_run(c, &s, &r, e))
        return false;
    made = r.affected == 1;
    rows_free(&r);
    return made ? org_by_id(c, a, &id, NULL, out, e) : fail(e, E_DUPLICATE, "there is an organization %s already", slug);
}

bool tenant_org_set(struct pg_conn *c, struct arena *a, const char *which, const char *status, struct tenant_org *out, struct err *e)
{
    struct stmt s = STMT(NULL, "UPDATE keelson.organizations SET status = $2::text, version = version + 1, updated_at = now()"
                               " WHERE id = $1::uuid AND status <> $2::text AND status <> 'closed'");
    struct rows r;

    if (!tenant_org_find(c, a, which, out, e))
        return false;
    if (strcmp(out->status, "closed") == 0)
        return fail(e, E_NO, "the organization %s is closed", out->slug);
    stmt_uuid(a, &s, &out->id);
    stmt_cstr(a, &s, status);
    if (!pg_run(c, &s, &r, e))
        return false;
    rows_free(&r);
    return org_by_id(c, a, &out->id, NULL, out, e);
}

/* ---------------------------------------------------------------- keys */

#define KEY_SELECT \
    "SELECT k.id, k.key_id, o.slug, k.name, array_to_string(k.scopes, ' ')," \
    " CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN " WORKS("k") " THEN 'active' ELSE 'expired' END, " \
    TIME("k.created_at") ", " TIME("k.expires_at") ", " TIME("k.last_used_at") ", " TIME("k.revoked_at") \
    " FROM keelson.api_keys k JOIN keelson.organizations o ON o.id = k.org_id"

static struct tenant_key key_of(struct arena *a, const struct rows *r, int i)
{
    struct tenant_key k = { 0 };
    const char **fields[] = { &k.key_id, &k.org, &k.name, &k.scopes, &k.state, &k.created_at, &k.expires_at, &k.last_used_at, &k.revoked_at };

    rows_uuid(r, i, 0, &k.id);
    for (size_t f = 0; f < ARRAY_LEN(fields); f++)
        *fields[f] = rows_cstr(a, r, i, (int)f + 1);
    return k;
}

bool tenant_keys(struct pg_conn *c, struct arena *a, const struct tenant_org *org, struct tenant_key **out, int *n, struct err *e)
{
    struct stmt s = STMT(NULL, KEY_SELECT " WHERE $1::uuid IS NULL OR k.org_id = $1::uuid ORDER BY k.created_at, k.id");
    struct rows r;

    stmt_uuid(a, &s, org ? &org->id : NULL);
    if (!pg_run(c, &s, &r, e))
        return false;
    *n = r.n;
    *out = arena_array(a, struct tenant_key, r.n + 1);
    for (int i = 0; i < r.n; i++)
        (*out)[i] = key_of(a, &r, i);
    rows_free(&r);
    return true;
}

static bool key_read(struct pg_conn *c, struct arena *a, const struct uuid *id, struct tenant_key *out, struct err *e)
{
    struct stmt s = STMT(NULL, KEY_SELECT " WHERE k.id = $1::uuid");
    struct rows r;
    bool found;

    stmt_uuid(a, &s, id);
    if (!pg_run(c, &s, &r, e))
        return false;
    found = r.n > 0;
    if (found)
        *out = key_of(a, &r, 0);
    rows_free(&r);
    return found || fail(e, E_NOT_FOUND, "there is no such key; `keelson key list` shows them");
}

/* What a scope may be about: what is served from tables, as their comments say, and what the program serves besides. */
static bool resources_read(struct pg_conn *c, struct arena *a, const char **out, struct err *e)
{
    return pg_value(c, a, "SELECT string_agg(name, ' ' ORDER BY name) FROM ("
                          " SELECT substring(d.description FROM '@resource\\(([a-z0-9_]+)\\)') AS name FROM pg_catalog.pg_description d"
                          " WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0"
                          " UNION SELECT unnest(ARRAY['organizations', 'keys', 'search', 'checkpoints', 'store', 'export', 'import'])) r"
                          " WHERE name IS NOT NULL", out, e);
}

static bool known(struct span names, struct span name)
{
    while (names.n > 0)
        if (span_eq(span_cut(&names, ' '), name))
            return true;
    return false;
}

/* The scopes, each once and valid, as an array. */
static bool scopes_read(struct arena *a, struct span text, const char *resources, struct span **out, size_t *n, struct err *e)
{
    *n = 0;
    *out = arena_array(a, struct span, text.n / 2 + 1);
    if (text.n >= KEYRING_SCOPES)
        return fail(e, E_USAGE, "the scopes are longer than %d bytes", KEYRING_SCOPES - 1);
    while (text.n > 0) {
        struct span scope = span_cut(&text, ' '), action = scope, of = span_cut(&action, ':');

        if (scope.n == 0)
            continue;
        if (!scope_valid(scope))
            return fail(e, E_USAGE, "%.*s is no scope; write resource:action with read, write, delete, purge, admin or * as action", SPAN_ARG(scope));
        if (!span_is(of, "*") && !known(span_of(resources), of))
            return fail(e, E_USAGE, "%.*s: there is no resource %.*s; there are %s", SPAN_ARG(scope), SPAN_ARG(of), resources);
        (*out)[(*n)++] = scope;
    }
    return *n > 0 || fail(e, E_USAGE, "a key without scopes may do nothing; * is everything");
}

static bool key_insert(struct pg_conn *c, const struct tenant_org *org, struct stmt *s, struct err *e)
{
    struct rows r;
    bool ok = pg_run(c, s, &r, e);

    if (!ok)
        return false;
    ok = r.affected == 1 || fail(e, E_DATABASE, "the key of %s was not written", org->slug);
    rows_free(&r);
    return ok;
}

bool tenant_key_create(struct pg_conn *c, struct arena *a, const struct tenant_org *org, const char *name, const char *scopes, usec lasts,
                       char text[KEY_TEXT + 1], struct tenant_key *out, struct err *e)
{
    struct stmt s = STMT(NULL,
        "WITH made AS (INSERT INTO keelson.api_keys (org_id, id, name, key_id, hash, scopes, expires_at)"
        "  VALUES ($1::uuid, $2::uuid, $3::text, $4::text, $5::bytea, $6::text[],"
        "          CASE WHEN $7::int8 > 0 THEN now() + $7::int8 * interval '1 second' END) RETURNING org_id, id, key_id)"
        " INSERT INTO keelson.key_lookup (key_id, org_id, api_key_id) SELECT key_id, org_id, id FROM made");
    struct uuid id = uuid_v7();
    uint8_t hash[DIGEST_SHA256];
    char key_id[KEY_ID + 1];
    const char *resources;
    struct span *list;
    size_t n;

    if (!name_valid("key", name, e) || !resources_read(c, a, &resources, e) || !scopes_read(a, span_of(scopes), resources, &list, &n, e))
        return false;
    key_make(text, key_id, hash);
    stmt_uuid(a, &s, &org->id);
    stmt_uuid(a, &s, &id);
    stmt_cstr(a, &s, name);
    stmt_cstr(a, &s, key_id);
    stmt_bytea(&s, (struct span){ (const char *)hash, sizeof hash });
    stmt_span_array(a, &s, list, n, STMT_OID_TEXT);
    stmt_int8(a, &s, lasts / USEC_S);
    return key_insert(c, org, &s, e) && key_read(c, a, &id, out, e);
}

/* The id that `which` means in one of its three spellings. */
static bool key_id_find(struct pg_conn *c, struct arena *a, const char *which, struct uuid *out, struct err *e)
{
    struct stmt s = STMT(NULL, "SELECT api_key_id FROM keelson.key_lookup WHERE key_id = $1::text");
    struct span key_id = span_of(which), whole;
    struct rows r;
    bool found;

    if (uuid_parse(key_id, out))
        return true;
    if (key_parse(key_id, &whole))
        key_id = whole;
    if (key_id.n != KEY_ID || !span_utf8(key_id))
        return fail(e, E_USAGE, "name the key by its id of %d characters, as `keelson key list` shows it", KEY_ID);
    stmt_text(a, &s, key_id);
    if (!pg_run(c, &s, &r, e))
        return false;
    found = r.n > 0 && rows_uuid(&r, 0, 0, out);
    rows_free(&r);
    return found || fail(e, E_NOT_FOUND, "there is no key %.*s; `keelson key list` shows them", SPAN_ARG(key_id));
}

bool tenant_key_revoke(struct pg_conn *c, struct arena *a, const char *which, struct tenant_key *out, struct err *e)
{
    struct stmt s = STMT(NULL, "UPDATE keelson.api_keys SET revoked_at = now() WHERE id = $1::uuid AND revoked_at IS NULL");
    struct uuid id;
    struct rows r;
    bool changed;

    if (!key_id_find(c, a, which, &id, e))
        return false;
    stmt_uuid(a, &s, &id);
    if (!pg_run(c, &s, &r, e))
        return false;
    changed = r.affected == 1;
    rows_free(&r);
    if (!key_read(c, a, &id, out, e))
        return false;
    out->changed = changed;
    return true;
}

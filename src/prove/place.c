/*
 * The service's role looks and ends, as the service itself may; the owner makes the organization and takes it away again.  The
 * connections here never go through the proxy.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/place.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/attr.h"
#include "migrate/apply.h"

#define CONNECT_LIMIT (10 * USEC_S)
#define PORT          "5432"

/* ---- the database ---- */

static const char *value_of(const struct pg_target *t, const char *key)
{
    for (size_t i = 0; t->keys[i]; i++)
        if (strcmp(t->keys[i], key) == 0)
            return t->values[i];
    return NULL;
}

static bool in_the_clear(const struct pg_target *t, struct err *e)
{
    static const char *const clear[] = { "disable", "allow", "prefer" };
    const char *mode = value_of(t, "sslmode");

    if (t->local && !mode)
        return true;
    for (size_t i = 0; mode && i < ARRAY_LEN(clear); i++)
        if (strcmp(mode, clear[i]) == 0)
            return true;
    return fail(e, E_USAGE, "%s: the proxy has to read what is said, so the service's connections cannot be encrypted here; if the network may be "
                            "trusted with invented data, say sslmode=disable in DATABASE_URL", t->shown);
}

static bool throwaway(struct place *p, const struct conf *conf, struct err *e)
{
    return cluster_open_temporary(p->arena, conf->pg_bindir, 0, false, &p->cluster, e) &&
           pg_url_parse(p->arena, p->cluster.service_url, &p->service, e) && pg_url_parse(p->arena, p->cluster.owner_url, &p->owner, e) &&
           apply_pending(p->arena, &p->owner, p->migrate_dir, e);
}

static bool named(struct place *p, const struct conf *conf, struct err *e)
{
    return pg_url_parse(p->arena, conf->database_url, &p->service, e) && in_the_clear(&p->service, e) &&
           pg_url_parse(p->arena, conf->owner_url ? conf->owner_url : conf->database_url, &p->owner, e);
}

static bool may_own(struct place *p, struct err *e)
{
    const char *yes = NULL;

    if (!pg_value(p->owner_conn, p->arena, "SELECT 'yes' WHERE current_user = 'keelson_owner'", &yes, e))
        return false;
    return yes || fail(e, E_USAGE, "%s: this role may not act as keelson_owner; set KEELSON_OWNER_URL", p->owner.shown);
}

static bool owner_open(struct place *p, struct err *e)
{
    struct pg_session owner = { .role = PG_OWNER, .application_name = "keelson prove", .lock_timeout = CONNECT_LIMIT };

    return pg_open(&p->owner, &owner, clock_now() + CONNECT_LIMIT, &p->owner_conn, e) && may_own(p, e);
}

/* ---- the organization ---- */

static const char *uuid_text(struct arena *a, const struct uuid *u)
{
    char *text = arena_alloc(a, UUID_TEXT + 1);

    uuid_format(u, text);
    return text;
}

static bool org_make(struct place *p, struct err *e)
{
    struct uuid u = uuid_v7();
    const char *slug = arena_printf(p->arena, "keelson-prove-%s", uuid_text(p->arena, &u));
    struct tenant_key made;

    if (!tenant_org_create(p->owner_conn, p->arena, slug, "keelson prove: may be removed", &p->org, e))
        return false;
    p->org_id = uuid_text(p->arena, &p->org.id);
    return tenant_key_create(p->owner_conn, p->arena, &p->org, "prove", "*", 0, p->key, &made, e);
}

/* What refers to another row goes before it: the tables are tried until nothing is refused any more. */
static bool org_remove(struct place *p, struct err *e)
{
    const char *id = pg_quote_literal(p->arena, p->org_id);

    return pg_execf(p->owner_conn, e,
        "DO $do$ DECLARE t text; refused int; BEGIN"
        " FOR pass IN 1..20 LOOP refused := 0;"
        "  FOR t IN SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_class c"
        "   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute x ON x.attrelid = c.oid"
        "   WHERE n.nspname = 'keelson' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND x.attname = 'org_id' LOOP"
        "   BEGIN EXECUTE pg_catalog.format('DELETE FROM %%s WHERE org_id = %%L', t, %s);"
        "   EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN refused := refused + 1; END;"
        "  END LOOP; EXIT WHEN refused = 0;"
        " END LOOP;"
        " DELETE FROM keelson.organizations WHERE id = %s; END $do$", id, id);
}

bool place_open(struct arena *a, const struct conf *conf, struct place *out, struct err *e)
{
    *out = (struct place){ .arena = a, .migrate_dir = conf->migrate_dir };
    return (conf->database_url ? named(out, conf, e) : throwaway(out, conf, e)) && owner_open(out, e) && org_make(out, e);
}

bool place_close(struct place *p, struct err *e)
{
    bool ok = !p->org_id || org_remove(p, e) || err_context(e, "the organization %s was left on %s", p->org.slug, p->owner.shown);

    pg_close(p->owner_conn);
    cluster_close(&p->cluster);
    explicit_bzero(p->key, sizeof p->key);
    *p = (struct place){ 0 };
    return ok;
}

/* ---- the way there ---- */

static bool socket_address(const char *dir, const char *port, struct sockaddr_storage *out, socklen_t *n, struct err *e)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    size_t room = sizeof at.sun_path, used = strlen(dir) + strlen(port) + sizeof("/.s.PGSQL.");

    if (used > room)
        return fail(e, E_USAGE, "the socket's path is too long");
    snprintf(at.sun_path, room, "%s/.s.PGSQL.%s", dir, port);
    if (dir[0] == '@')
        at.sun_path[0] = '\0';              /* an abstract one */
    memcpy(out, &at, sizeof at);
    *n = (socklen_t)(dir[0] == '@' ? offsetof(struct sockaddr_un, sun_path) + used - 1 : sizeof at);
    return true;
}

bool place_address(const struct place *p, struct sockaddr_storage *out, socklen_t *n, struct err *e)
{
    const char *port = p->service.port ? p->service.port : PORT, *number = value_of(&p->service, "hostaddr");
    const char *host = number ? number : p->service.host;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    int rc;

    if (!host)
        return fail(e, E_USAGE, "the database URL names no host; a directory with the server's socket is one, too");
    if (host[0] == '/' || host[0] == '@')
        return socket_address(host, port, out, n, e);
    rc = getaddrinfo(host, port, &hints, &found);
    if (rc != 0)
        return fail(e, E_IO, "%s: %s", p->service.shown, gai_strerror(rc));
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *n = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

/* These are about the way, and the way is another one. */
static bool about_the_way(const char *key)
{
    static const char *const keys[] = { "host", "hostaddr", "port", "gssencmode", "krbsrvname", "target_session_attrs", "channel_binding",
                                        "requirepeer", "application_name" };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return strncmp(key, "ssl", 3) == 0;
}

static void value_quote(struct buf *b, const char *v)
{
    buf_char(b, '\'');
    for (; *v; v++) {
        if (*v == '\'' || *v == '\\')
            buf_char(b, '\\');
        buf_char(b, *v);
    }
    buf_char(b, '\'');
}

const char *place_url(const struct place *p, struct arena *a, int port)
{
    struct buf b = BUF(65536);
    const char *url;

    buf_printf(&b, "host='127.0.0.1' port='%d' sslmode='disable' gssencmode='disable'", port);
    for (size_t i = 0; p->service.keys[i]; i++)
        if (!about_the_way(p->service.keys[i])) {
            buf_printf(&b, " %s=", p->service.keys[i]);
            value_quote(&b, p->service.values[i]);
        }
    url = arena_strdup(a, buf_span(&b));
    explicit_bzero(b.p, b.cap);
    buf_free(&b);
    return url;
}

/* ---- looking ---- */

static int count(struct pg_conn *c, const struct stmt *s)
{
    struct err ignored = { 0 };
    struct rows r;
    int n;

    if (!pg_run(c, s, &r, &ignored))
        return -1;
    n = (int)rows_i64(&r, 0, 0);
    rows_free(&r);
    return n;
}

bool place_view_open(const struct place *p, struct place_view *out, struct err *e)
{
    struct pg_session service = { .role = PG_SERVICE, .application_name = "keelson prove" };
    usec until = clock_now() + CONNECT_LIMIT;

    *out = (struct place_view){ .place = p };
    return pg_open(&p->service, &service, until, &out->look, e) && pg_open(&p->service, &service, until, &out->end, e) &&
           pg_execf(out->look, e, "SELECT pg_catalog.set_config('keelson.org_id', '%s', false)", p->org_id);
}

void place_view_close(struct place_view *v)
{
    pg_close(v->look);
    pg_close(v->end);
    *v = (struct place_view){ 0 };
}

int place_count(struct place_view *v, const char *sql, const char *id, const char *nonce)
{
    struct stmt s = STMT(NULL, sql);
    struct arena a = ARENA;
    int found;

    stmt_uuid(&a, &s, &v->place->org.id);
    stmt_cstr(&a, &s, id);
    stmt_cstr(&a, &s, nonce);
    found = count(v->look, &s);
    arena_free(&a);
    return found;
}

int place_unsettled(struct place_view *v, const char *tag, const int32_t *live, size_t n)
{
    struct stmt s = STMT(NULL, "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usename = current_user"
                               " AND application_name LIKE '%' || $1::pg_catalog.text"
                               " AND (pid <> ALL ($2::pg_catalog.int4[]) OR (state <> 'idle' AND application_name NOT LIKE 'keelson control%'))");
    struct arena a = ARENA;
    int found;

    stmt_cstr(&a, &s, tag);
    stmt_int4_array(&a, &s, live, n);
    found = count(v->look, &s);
    arena_free(&a);
    return found;
}

void place_terminate(void *view, int pid)
{
    struct place_view *v = view;
    struct stmt s = STMT(NULL, "SELECT pg_catalog.pg_terminate_backend($1::pg_catalog.int4, 5000)::pg_catalog.int4");
    struct arena a = ARENA;

    stmt_int4(&a, &s, pid);
    count(v->end, &s);                      /* who has gone already is ended, too */
    arena_free(&a);
}

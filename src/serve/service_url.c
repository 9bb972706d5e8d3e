/*
 * Written so that a shell, a container's environment file and every driver read it alike: everything unusual is percent-encoded.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/service_url.h"

#include <string.h>

#include "base/attr.h"
#include "base/buf.h"

#define URL_MAX   ((size_t)16384)
#define ROLE      "keelson_api"
#define SUPAVISOR ".pooler.supabase.com"

static const char *value_of(const struct pg_target *t, const char *key)
{
    for (size_t i = 0; t->keys[i]; i++)
        if (strcmp(t->keys[i], key) == 0)
            return t->values[i];
    return NULL;
}

static void encoded(struct buf *b, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c);

        if (plain)
            buf_char(b, *text);
        else
            buf_printf(b, "%%%02X", c);
    }
}

/* keelson_api; behind Supabase's shared pooler keelson_api.PROJECT, as the owner is postgres.PROJECT. */
static const char *user(struct arena *a, const struct pg_target *owner)
{
    const char *dot = owner->user ? strchr(owner->user, '.') : NULL;

    if (dot && owner->host && span_ends(span_of(owner->host), SPAN(SUPAVISOR)))
        return arena_printf(a, ROLE "%s", dot);
    return ROLE;
}

/* A single host name or address fits before the slash; sockets and lists of hosts go into parameters. */
static bool in_authority(const char *host)
{
    return host && *host && !strpbrk(host, "/,@");
}

static void add_parameter(struct buf *b, char *separator, const char *key, const char *value)
{
    buf_char(b, *separator);
    buf_str(b, key);
    buf_char(b, '=');
    encoded(b, value);
    *separator = '&';
}

/* Who the owner is, and what was said before the question mark already. */
static bool left_out(const char *key, bool host_said)
{
    static const char *const owners[] = { "user", "password", "passfile", "dbname", "sslcert", "sslkey", "sslpassword", "sslcertmode", "service" };

    if (host_said && (strcmp(key, "host") == 0 || strcmp(key, "port") == 0))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(owners); i++)
        if (strcmp(key, owners[i]) == 0)
            return true;
    return strncmp(key, "scram_", 6) == 0;
}

const char *service_url_make(struct arena *a, const struct pg_target *owner, const char *password)
{
    const char *host = value_of(owner, "host"), *port = value_of(owner, "port");
    bool said = in_authority(host);
    struct buf b = BUF(URL_MAX);
    char separator = '?';
    const char *url;

    buf_str(&b, "postgresql://");
    encoded(&b, user(a, owner));
    buf_char(&b, ':');
    encoded(&b, password);
    buf_char(&b, '@');
    if (said)
        buf_printf(&b, strchr(host, ':') ? "[%s]" : "%s", host);
    if (said && port)
        buf_printf(&b, ":%s", port);
    buf_char(&b, '/');
    encoded(&b, owner->dbname ? owner->dbname : owner->user ? owner->user : "");
    for (size_t i = 0; owner->keys[i]; i++)
        if (!left_out(owner->keys[i], said))
            add_parameter(&b, &separator, owner->keys[i], owner->values[i]);
    url = arena_strdup(a, buf_span(&b));
    explicit_bzero(b.p, b.n);
    buf_free(&b);
    return url;
}

static bool same(const char *x, const char *y, const char *otherwise)
{
    return strcmp(x && *x ? x : otherwise, y && *y ? y : otherwise) == 0;
}

bool service_url_matches(struct arena *a, const struct pg_target *owner, const struct pg_target *service)
{
    const char *database = owner->dbname ? owner->dbname : owner->user;

    return same(value_of(owner, "host"), value_of(service, "host"), "") && same(value_of(owner, "port"), value_of(service, "port"), "5432") &&
           same(database, service->dbname, "") && same(user(a, owner), service->user, "");
}

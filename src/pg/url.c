/*
 * Database URLs through PQconninfoParse(), with our own words for what is wrong: libpq's messages quote the input, and the
 * input holds a password.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/url.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/span.h"

static const char *const schemes[] = { "postgresql", "postgres" };

/* "postgresql+asyncpg://..." becomes "postgresql://...": SQLAlchemy names its driver there. */
static const char *without_driver(struct arena *a, const char *url)
{
    const char *plus = strchr(url, '+'), *colon = strstr(url, "://");

    if (!colon || !plus || plus > colon)
        return url;
    return arena_printf(a, "%.*s%s", (int)(plus - url), url, colon);
}

static bool scheme_known(const char *url, struct err *e)
{
    const char *colon = strstr(url, "://");
    const char *blank = strpbrk(url, " '=");

    if (!colon || (blank && blank < colon))
        return true;                        /* key/value form */
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (span_is((struct span){ url, (size_t)(colon - url) }, schemes[i]))
            return true;
    return fail(e, E_USAGE, "the database URL begins with an unknown scheme; use postgresql://");
}

static bool is_secret(const PQconninfoOption *o)
{
    return strchr(o->dispchar, '*') || strcmp(o->keyword, "passfile") == 0 || strncmp(o->keyword, "scram_", 6) == 0;
}

static const char *first_of_list(struct arena *a, const char *list)
{
    return list ? arena_strdup(a, (struct span){ list, strcspn(list, ",") }) : NULL;
}

static bool name_is_local(const char *host)
{
    return !host || host[0] == '/' || host[0] == '@' || strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0;
}

static void target_set(struct arena *a, struct pg_target *t, const PQconninfoOption *o)
{
    if (is_secret(o)) {
        log_guard(span_of(arena_strdup(a, span_of(o->val))));
        t->has_password = t->has_password || strcmp(o->keyword, "password") == 0;
    }
    if (strcmp(o->keyword, "host") == 0)
        t->host = first_of_list(a, o->val);
    else if (strcmp(o->keyword, "port") == 0)
        t->port = first_of_list(a, o->val);
    else if (strcmp(o->keyword, "dbname") == 0)
        t->dbname = arena_strdup(a, span_of(o->val));
    else if (strcmp(o->keyword, "user") == 0)
        t->user = arena_strdup(a, span_of(o->val));
}

/* Elsewhere than on this machine certificates are checked unless the URL says otherwise; session.c asks for it. */
static bool is_verified(const struct pg_target *t)
{
    const char *mode = getenv("PGSSLMODE");

    for (size_t i = 0; t->keys[i]; i++)
        if (strcmp(t->keys[i], "sslmode") == 0)
            mode = t->values[i];
    return t->local || !mode || !*mode || strncmp(mode, "verify-", 7) == 0;
}

/* ---- several hosts ---- */

static const char *value_of(const struct pg_target *t, const char *key, const char *variable)
{
    for (size_t i = 0; t->keys[i]; i++)
        if (strcmp(t->keys[i], key) == 0)
            return t->values[i];
    return getenv(variable);
}

static int list_count(const char *list)
{
    int n = 1;

    for (; list && *list; list++)
        n += *list == ',';
    return n;
}

/* The i-th of a comma-separated list; of a list with one member, that one.  NULL: empty. */
static const char *list_part(struct arena *a, const char *list, int i)
{
    struct span rest = span_of(list ? list : ""), part = span_cut(&rest, ',');

    for (int k = list_count(list) == 1 ? 0 : i; k > 0; k--)
        part = span_cut(&rest, ',');
    return part.n > 0 ? arena_strdup(a, part) : NULL;
}

static const struct {
    const char   *text;
    enum pg_attrs attrs;
} attributes[] = {
    { "read-write", PG_READ_WRITE },
    { "primary",    PG_PRIMARY    },
    { "any",        PG_ANY        },
};

static bool attrs_parse(struct pg_target *t, struct err *e)
{
    const char *text = value_of(t, "target_session_attrs", "PGTARGETSESSIONATTRS");

    for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
        if (text && strcmp(text, attributes[i].text) == 0)
            t->attrs = attributes[i].attrs;
    if (!text || !*text || strcmp(text, attributes[t->attrs].text) == 0)
        return true;
    return fail(e, E_USAGE, "the database URL: target_session_attrs may be read-write (if not given), primary or any");
}

static bool hosts_fit(const struct pg_target *t, const char *names, const char *addresses, const char *ports, struct err *e)
{
    if (t->nhosts > PG_HOSTS)
        return fail(e, E_USAGE, "the database URL names %d hosts; at most %d are possible", t->nhosts, PG_HOSTS);
    if (names && *names && addresses && *addresses && list_count(addresses) != t->nhosts)
        return fail(e, E_USAGE, "the database URL names %d hosts and %d addresses (hostaddr)", t->nhosts, list_count(addresses));
    if (list_count(ports) != 1 && list_count(ports) != t->nhosts)
        return fail(e, E_USAGE, "the database URL names %d hosts and %d ports", t->nhosts, list_count(ports));
    return true;
}

static bool hosts_parse(struct arena *a, struct pg_target *t, struct err *e)
{
    const char *names = value_of(t, "host", "PGHOST"), *addresses = value_of(t, "hostaddr", "PGHOSTADDR"), *ports = value_of(t, "port", "PGPORT");

    t->nhosts = list_count(names && *names ? names : addresses);
    if (!hosts_fit(t, names, addresses, ports, e))
        return false;
    t->local = true;
    for (int i = 0; i < t->nhosts; i++) {
        struct pg_host *h = &t->hosts[i];

        *h = (struct pg_host){ list_part(a, names, i), list_part(a, addresses, i), list_part(a, ports, i), NULL };
        h->shown = arena_printf(a, "pg://%s:%s/%s", h->name ? h->name : h->address ? h->address : "", h->port ? h->port : "5432",
                                t->dbname ? t->dbname : "");
        t->local = t->local && name_is_local(h->name) && name_is_local(h->address);     /* what is not given says nothing */
    }
    t->shown = t->hosts[0].shown;
    return true;
}

static void target_fill(struct arena *a, struct pg_target *t, const PQconninfoOption *options)
{
    size_t n = 0, i = 0;

    for (const PQconninfoOption *o = options; o->keyword; o++)
        n += o->val != NULL;
    t->keys = arena_array(a, const char *, n + 1);
    t->values = arena_array(a, const char *, n + 1);
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        if (!o->val)
            continue;
        t->keys[i] = arena_strdup(a, span_of(o->keyword));
        t->values[i++] = arena_strdup(a, span_of(o->val));
        target_set(a, t, o);
    }
}

static bool is_ports(const char *text)
{
    return strspn(text, "0123456789") == strlen(text);
}

/* A raw '@' or '/' in a password ends up in a host, port or database, and those are shown. */
static bool host_fits(const struct pg_host *h)
{
    const char *name = h->name;

    if (name && name[0] != '@' && name[0] != '/' && strpbrk(name, "@/ "))
        return false;
    return (!h->address || !strpbrk(h->address, "@/ ")) && (!h->port || is_ports(h->port));
}

static bool parts_fit(const struct pg_target *t, struct err *e)
{
    bool fit = !t->dbname || !strchr(t->dbname, '@');

    for (int i = 0; i < t->nhosts; i++)
        fit = fit && host_fits(&t->hosts[i]);
    if (fit)
        return true;
    return fail(e, E_USAGE, "the database URL cannot be read: host, port or database hold what does not belong there; percent-encode special "
                            "characters of the password (%%40 for @, %%2F for /)");
}

bool pg_url_parse(struct arena *a, const char *url, struct pg_target *out, struct err *e)
{
    char *ignored = NULL;
    PQconninfoOption *options;

    *out = (struct pg_target){ 0 };
    if (!url || !*url)
        return fail(e, E_USAGE, "the database URL is empty");
    url = without_driver(a, url);
    if (!scheme_known(url, e))
        return false;
    options = PQconninfoParse(url, &ignored);
    if (!options && (!ignored || strcmp(ignored, "out of memory\n") == 0))
        err_die("out of memory: no room to read a database URL");
    PQfreemem(ignored);                     /* quotes the URL: never shown */
    if (!options)
        return fail(e, E_USAGE, "the database URL cannot be read; write postgresql://user:password@host:port/database and "
                                "percent-encode special characters of the password");
    target_fill(a, out, options);
    PQconninfoFree(options);
    if (!hosts_parse(a, out, e) || !parts_fit(out, e) || !attrs_parse(out, e))
        return false;
    out->verified = is_verified(out);
    return true;
}

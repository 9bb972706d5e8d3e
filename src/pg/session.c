/*
 * One table of settings, as startup options or, where a pooler would refuse those, as SQL.
 * search_path is empty so that no name can be shadowed; times are UTC and ISO; a vanished client ends its query within a second.
 * The password goes only to a server whose certificate was checked, unless the URL says otherwise or the server is on this machine.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"

#define INTERVALSTYLE "iso_8601"        /* nobody else's default, and the server reports it */
#define SYSTEM_CAS "/etc/ssl/certs/ca-certificates.crt"

/* Keepalives find a dead peer in about 20 s; tcp_user_timeout bounds what keepalives do not see: unanswered data. */
static const struct {
    const char *key, *value;
} ours[] = {
    { "client_encoding",          "UTF8"    },
    { "fallback_application_name", "keelson" },
    { "keepalives_idle",          "5"       },
    { "keepalives_interval",      "5"       },
    { "keepalives_count",         "3"       },
    { "tcp_user_timeout",         "15000"   },
};

static bool given(const struct pg_target *t, const char *key)
{
    for (size_t i = 0; t->keys[i]; i++)
        if (strcmp(t->keys[i], key) == 0)
            return true;
    return false;
}

/* An owner's session sits quietly between statements while it polls a lock; a service session never should. */
static const struct {
    const char *name, *value;
    bool        service_only;
} settings[] = {
    { "search_path",                         "",                   false },
    { "timezone",                            "UTC",                false },
    { "datestyle",                           "ISO",                false },
    { "intervalstyle",                       INTERVALSTYLE,        false },
    { "extra_float_digits",                  "1",                  false },
    { "bytea_output",                        "hex",                false },
    { "client_connection_check_interval",    "1s",                 false },
    { "plan_cache_mode",                     "force_generic_plan", true  },
    { "idle_in_transaction_session_timeout", "30s",                true  },
};

static bool applies(size_t i, const struct pg_session *s)
{
    return !settings[i].service_only || s->role == PG_SERVICE;
}

/* The last one of a name counts: ours, whatever was given. */
static const char *options_of(struct arena *a, const struct pg_session *s, const char *options)
{
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (applies(i, s))
            options = arena_printf(a, "%s -c %s=%s", options, settings[i].name, settings[i].value);
    return arena_printf(a, "%s -c statement_timeout=%lld -c lock_timeout=%lld", options,
                        (long long)(s->statement_timeout / USEC_MS), (long long)(s->lock_timeout / USEC_MS));
}

const char *session_sql(struct arena *a, const struct pg_session *s, bool local)
{
    const char *how = local ? "true" : "false", *sql = "SELECT ";

    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (applies(i, s))
            sql = arena_printf(a, "%spg_catalog.set_config('%s', '%s', %s), ", sql, settings[i].name, settings[i].value, how);
    return arena_printf(a, "%spg_catalog.set_config('statement_timeout', '%lld', %s), pg_catalog.set_config('lock_timeout', '%lld', %s)", sql,
                        (long long)(s->statement_timeout / USEC_MS), how, (long long)(s->lock_timeout / USEC_MS), how);
}

const char *session_entry_sql(struct arena *a, const struct pg_session *s)
{
    return arena_printf(a, "%s, " SESSION_ENTER, session_sql(a, s, true));
}

bool session_taken(const PGconn *pg)
{
    const char *style = PQparameterStatus(pg, "IntervalStyle");

    return style && strcmp(style, INTERVALSTYLE) == 0;
}

static bool environment_says(const char *name)
{
    const char *value = getenv(name);

    return value && *value;
}

/* libpq 15 knows no CAs but those of a file; the one of its own choosing is taken when it exists. */
static const char *ca_file(struct arena *a, const struct pg_target *t)
{
    const char *home = getenv("HOME");

    if (given(t, "sslrootcert") || environment_says("PGSSLROOTCERT") ||
        (home && access(arena_printf(a, "%s/.postgresql/root.crt", home), F_OK) == 0))
        return NULL;
    return access(SYSTEM_CAS, R_OK) == 0 ? SYSTEM_CAS : NULL;
}

static size_t add_tls(struct arena *a, const struct pg_target *t, const char **keys, const char **values)
{
    const char *cas;
    size_t n = 0;

    if (t->local || !t->verified)
        return 0;
    if (!given(t, "sslmode") && !environment_says("PGSSLMODE")) {
        keys[n] = "sslmode";
        values[n++] = "verify-full";
    }
    cas = ca_file(a, t);
    if (cas) {
        keys[n] = "sslrootcert";
        values[n++] = cas;
    }
    return n;
}

void session_params(struct arena *a, const struct pg_target *t, const struct pg_session *s, const char ***keys, const char ***values)
{
    const char *given_options = "";
    size_t n = 0, k = 0;

    while (t->keys[n])
        n++;
    *keys = arena_array(a, const char *, n + ARRAY_LEN(ours) + 5);
    *values = arena_array(a, const char *, n + ARRAY_LEN(ours) + 5);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(t->keys[i], "options") == 0) {
            given_options = t->values[i];
            continue;
        }
        (*keys)[k] = t->keys[i];
        (*values)[k++] = t->values[i];
    }
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        if (given(t, ours[i].key))
            continue;
        (*keys)[k] = ours[i].key;
        (*values)[k++] = ours[i].value;
    }
    k += add_tls(a, t, *keys + k, *values + k);
    if (s->application_name) {
        (*keys)[k] = "application_name";
        (*values)[k++] = s->application_name;
    }
    if (s->pooler == POOLER_NONE)
        given_options = options_of(a, s, given_options);
    if (*given_options) {
        (*keys)[k] = "options";
        (*values)[k] = given_options;
    }
}

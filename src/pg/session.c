/*
 * search_path is empty so that no name can be shadowed; times are UTC and ISO; a vanished client ends its query within a second.
 * The password goes only to a server whose certificate was checked, unless the URL says otherwise or the server is on this machine.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"

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

static const char *options_of(struct arena *a, const struct pg_session *s, const char *given_options)
{
    const char *plans = s->role == PG_SERVICE ? " -c plan_cache_mode=force_generic_plan" : "";
    /* An owner's session sits quietly between statements while it polls a lock; a service session never should. */
    const char *idle = s->role == PG_SERVICE ? " -c idle_in_transaction_session_timeout=30s" : "";

    return arena_printf(a, "%s%s-c search_path= -c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c extra_float_digits=1 -c bytea_output=hex"
                           " -c client_connection_check_interval=1s -c statement_timeout=%lld -c lock_timeout=%lld%s%s",
                        given_options, *given_options ? " " : "", (long long)(s->statement_timeout / USEC_MS), (long long)(s->lock_timeout / USEC_MS),
                        plans, idle);
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
    (*keys)[k] = "options";
    (*values)[k] = options_of(a, s, given_options);
}

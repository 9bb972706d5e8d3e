/*
 * search_path is empty so that no name can be shadowed; times are UTC and ISO; a vanished client ends its query within a second.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/session.h"

#include <string.h>

#include "base/attr.h"

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

void session_params(struct arena *a, const struct pg_target *t, const struct pg_session *s, const char ***keys, const char ***values)
{
    const char *given_options = "";
    size_t n = 0, k = 0;

    while (t->keys[n])
        n++;
    *keys = arena_array(a, const char *, n + ARRAY_LEN(ours) + 3);
    *values = arena_array(a, const char *, n + ARRAY_LEN(ours) + 3);
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
    if (s->application_name) {
        (*keys)[k] = "application_name";
        (*values)[k++] = s->application_name;
    }
    (*keys)[k] = "options";
    (*values)[k] = options_of(a, s, given_options);
}

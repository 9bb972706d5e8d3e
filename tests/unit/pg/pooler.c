/*
 * From signs to what lies in between, and what a pooler says of work that never reached the server.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "pg/pooler.h"

#include <cmocka.h>

static const struct {
    const char         *why;
    struct pooler_signs signs;
    enum pooler         want;
} cases[] = {
    { "nothing strange",                            { 0 },                                     POOLER_NONE        },
    { "PgBouncer in session mode",                  { .settings = true, .numbers = true },     POOLER_SESSION     },
    { "a proxy with numbers of its own",            { .numbers = true },                       POOLER_SESSION     },
    { "one backend for two sessions",               { .settings = true, .shared = true },      POOLER_TRANSACTION },
    { "two backends for one session",               { .numbers = true, .moved = true },        POOLER_TRANSACTION },
};

static void signs_tell_the_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(pooler_kind(&cases[i].signs), cases[i].want);
        assert_int_equal(strcmp(pooler_sign(&cases[i].signs), "none") == 0, cases[i].want == POOLER_NONE);
    }
    for (int p = POOLER_NONE; p < POOLERS; p++) {
        assert_non_null(pooler_name((enum pooler)p));
        assert_int_equal(*pooler_note((enum pooler)p) == '\0', p == POOLER_NONE);
    }
}

/* Messages as PgBouncer 1.18 gives them. */
static const struct { const char *message; bool unsent; } messages[] = {
    { "FATAL:  query_wait_timeout\n",                                                       true  },
    { "FATAL:  pgbouncer cannot connect to server\n",                                       true  },
    { "FATAL:  server login has been failing, try again later (server_login_retry)\n",      true  },
    { "FATAL:  server conn crashed?\n",                                                     false },
    { "FATAL:  terminating connection due to administrator command\n",                      false },
    { "ERROR:  relation \"x\" does not exist\n",                                            false },
};

static void messages_tell_whether_it_was_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(messages); i++)
        assert_int_equal(pooler_unsent(messages[i].message), messages[i].unsent);
}

static const char *value(const char **keys, const char **values, const char *key)
{
    for (size_t i = 0; keys[i]; i++)
        if (strcmp(keys[i], key) == 0)
            return values[i];
    return NULL;
}

/* The same settings, as options of the startup packet or as SQL: each in one place and not in the other. */
static void settings_are_options_or_sql(void **state)
{
    static const char *const names[] = { "search_path", "timezone", "datestyle", "intervalstyle", "plan_cache_mode", "statement_timeout", "lock_timeout" };
    struct arena a = ARENA;
    const char *none[] = { NULL }, **keys, **values, *sql;
    struct pg_target t = { .keys = none, .values = none };
    struct pg_session s = { .role = PG_SERVICE, .statement_timeout = 2 * USEC_S, .lock_timeout = USEC_S };

    (void)state;
    session_params(&a, &t, &s, &keys, &values);
    sql = session_entry_sql(&a, &s);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_non_null(strstr(value(keys, values, "options"), names[i]));
        assert_non_null(strstr(sql, names[i]));
    }
    assert_non_null(strstr(sql, "set_config('statement_timeout', '2000', true)"));
    assert_non_null(strstr(sql, "'keelson.org_id', $1"));
    assert_null(strstr(sql, "false"));
    s.pooler = POOLER_TRANSACTION;
    session_params(&a, &t, &s, &keys, &values);
    assert_null(value(keys, values, "options"));
    s.role = PG_OWNER;
    assert_null(strstr(session_sql(&a, &s, false), "plan_cache_mode"));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_tell_the_kind),
        cmocka_unit_test(messages_tell_whether_it_was_sent),
        cmocka_unit_test(settings_are_options_or_sql),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

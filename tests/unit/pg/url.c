/*
 * Which URLs are understood, what is shown of them, and that what is refused is refused without a word of it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

static const struct { const char *url, *shown, *user; bool local, password; } good[] = {
    { "postgresql://u:p@db.example:6543/app",            "pg://db.example:6543/app", "u",  false, true  },
    { "postgres://u@db.example/app",                     "pg://db.example:5432/app", "u",  false, false },
    { "postgresql+asyncpg://u:p@db.example/app",         "pg://db.example:5432/app", "u",  false, true  },
    { "postgresql+psycopg2://u:p@db.example/app",        "pg://db.example:5432/app", "u",  false, true  },
    { "postgresql://u:p%40ss%2Fw%3Ard@localhost/app",    "pg://localhost:5432/app",  "u",  true,  true  },
    { "postgresql://u:p@127.0.0.1/app?sslmode=disable",  "pg://127.0.0.1:5432/app",  "u",  true,  true  },
    { "postgresql://u:p@[::1]:5433/app",                 "pg://::1:5433/app",        "u",  true,  true  },
    { "postgresql://u:p@a:1,b:2/app",                    "pg://a:1/app",             "u",  false, true  },
    { "postgresql:///app?host=/run/postgresql",          "pg:///run/postgresql:5432/app", NULL, true, false },
    { "postgresql://db.example/app?user=u&password=p",   "pg://db.example:5432/app", "u",  false, true  },
    { "postgresql://u:p?q#r@db.example/app",             "pg://db.example:5432/app", "u",  false, true  },
    { "host=db.example dbname=app user=u password='p @/'", "pg://db.example:5432/app", "u", false, true },
    { "host=/run/postgresql dbname=app",                 "pg:///run/postgresql:5432/app", NULL, true, false },
    { "host=@abstract dbname=app",                       "pg://@abstract:5432/app",  NULL, true,  false },
    { "postgresql://u@h",                                "pg://h:5432/",             "u",  false, false },
};

static void good_ones_are_shown_without_user_and_password(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct pg_target t;
        struct err e = { 0 };

        if (!pg_url_parse(&a, good[i].url, &t, &e))
            fail_msg("%s: %s", good[i].url, e.message);
        assert_string_equal(t.shown, good[i].shown);
        assert_true(good[i].user ? t.user && strcmp(t.user, good[i].user) == 0 : !t.user);
        assert_true(t.local == good[i].local && t.has_password == good[i].password);
    }
    arena_free(&a);
}

static const struct { const char *url; bool verified; } checked[] = {
    { "postgresql://u:p@db.example/app",                     true  },
    { "postgresql://u:p@db.example/app?sslmode=verify-full", true  },
    { "postgresql://u:p@db.example/app?sslmode=verify-ca",   true  },
    { "postgresql://u:p@db.example/app?sslmode=require",     false },
    { "postgresql://u:p@db.example/app?sslmode=prefer",      false },
    { "postgresql://u:p@db.example/app?sslmode=disable",     false },
    { "postgresql://u:p@localhost/app?sslmode=disable",      true  },
    { "host=/run/postgresql dbname=app",                     true  },
};

static void what_is_not_checked_is_known(void **state)
{
    struct arena a = ARENA;

    (void)state;
    unsetenv("PGSSLMODE");
    for (size_t i = 0; i < ARRAY_LEN(checked); i++) {
        struct pg_target t;
        struct err e = { 0 };

        assert_true(pg_url_parse(&a, checked[i].url, &t, &e));
        if (t.verified != checked[i].verified)
            fail_msg("%s", checked[i].url);
    }
    arena_free(&a);
}

static const struct { const char *url; int n; const char *first, *last; bool local; enum pg_attrs attrs; } lists[] = {
    { "postgresql://u@a:1,b:2,c/d",                           3, "pg://a:1/d",      "pg://c:5432/d",      false, PG_READ_WRITE },
    { "postgresql://u@a,b/d?port=7",                          2, "pg://a:7/d",      "pg://b:7/d",         false, PG_READ_WRITE },
    { "host=a,b port=1,2 dbname=d",                           2, "pg://a:1/d",      "pg://b:2/d",         false, PG_READ_WRITE },
    { "host=localhost,/run/x dbname=d",                       2, "pg://localhost:5432/d", "pg:///run/x:5432/d", true, PG_READ_WRITE },
    { "host=localhost,b dbname=d",                            2, "pg://localhost:5432/d", "pg://b:5432/d", false, PG_READ_WRITE },
    { "hostaddr=192.0.2.1,192.0.2.2 dbname=d",                2, "pg://192.0.2.1:5432/d", "pg://192.0.2.2:5432/d", false, PG_READ_WRITE },
    { "host=localhost hostaddr=192.0.2.1 dbname=d",           1, "pg://localhost:5432/d", "pg://localhost:5432/d", false, PG_READ_WRITE },
    { "postgresql://a/d?target_session_attrs=any",            1, "pg://a:5432/d",   "pg://a:5432/d",      false, PG_ANY        },
    { "postgresql://a/d?target_session_attrs=primary",        1, "pg://a:5432/d",   "pg://a:5432/d",      false, PG_PRIMARY    },
    { "postgresql://a/d?target_session_attrs=read-write",     1, "pg://a:5432/d",   "pg://a:5432/d",      false, PG_READ_WRITE },
};

static void several_hosts_are_a_list(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct pg_target t;
        struct err e = { 0 };

        if (!pg_url_parse(&a, lists[i].url, &t, &e))
            fail_msg("%s: %s", lists[i].url, e.message);
        assert_int_equal(t.nhosts, lists[i].n);
        assert_string_equal(t.hosts[0].shown, lists[i].first);
        assert_string_equal(t.hosts[t.nhosts - 1].shown, lists[i].last);
        if (t.local != lists[i].local || t.attrs != lists[i].attrs)
            fail_msg("%s", lists[i].url);
    }
    arena_free(&a);
}

#define SECRET "Kanari3nv0gel"

static const char *const bad[] = {
    "", SECRET "://h/d", "mysql://u:" SECRET "@h/d", "mysql+pymysql://u:" SECRET "@h/d", " postgresql://u:" SECRET "@h/d", "\"postgresql://u:" SECRET "@h/d\"",
    "'postgresql://u:" SECRET "@h/d'", "postgresql://u:" SECRET "%zz@h/d", "postgresql://u:" SECRET "%@h/d", "postgresql://u:" SECRET "@[::1/d",
    "postgresql://u:p@" SECRET "@h/d", "postgresql://u:" SECRET "@p@h/d", "postgresql://u:p/" SECRET "@h/d", "postgresql://u:" SECRET "/p@h/d",
    "postgresql://u:" SECRET, "postgresql://u:x@h:" SECRET "/d", "postgresql://h/d?password=" SECRET "&nonsense=1", "postgresql://h/d?" SECRET,
    "host=h password='" SECRET, "host=h password=" SECRET " x", "password=" SECRET " nonsense=1", "host=h port=" SECRET,
    "dbname=postgresql://u:" SECRET "@h/d", "host=u:" SECRET "@h", "postgresql:/u:" SECRET "@h/d", SECRET,
    "postgresql://u:p@a," SECRET "@h/d", "postgresql://u:p@a:1,b:" SECRET "/d", "host=a,b,c port=1,2 user=" SECRET, "host=a,b hostaddr=192.0.2.1 user=" SECRET,
    "host=a user=" SECRET " target_session_attrs=standby", "host=a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a user=" SECRET,
};

static void bad_ones_are_refused_without_a_word_of_them(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct pg_target t;
        struct err e = { 0 };

        if (pg_url_parse(&a, bad[i], &t, &e))
            fail_msg("%s: taken for %s", bad[i], t.shown);
        assert_int_equal(e.kind, E_USAGE);
        assert_null(strstr(e.message, SECRET));
        assert_null(strstr(e.message, "nonsense"));
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_are_shown_without_user_and_password), cmocka_unit_test(bad_ones_are_refused_without_a_word_of_them),
        cmocka_unit_test(several_hosts_are_a_list), cmocka_unit_test(what_is_not_checked_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

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

#define SECRET "Kanari3nv0gel"

static const char *const bad[] = {
    "", SECRET "://h/d", "mysql://u:" SECRET "@h/d", "mysql+pymysql://u:" SECRET "@h/d", " postgresql://u:" SECRET "@h/d", "\"postgresql://u:" SECRET "@h/d\"",
    "'postgresql://u:" SECRET "@h/d'", "postgresql://u:" SECRET "%zz@h/d", "postgresql://u:" SECRET "%@h/d", "postgresql://u:" SECRET "@[::1/d",
    "postgresql://u:p@" SECRET "@h/d", "postgresql://u:" SECRET "@p@h/d", "postgresql://u:p/" SECRET "@h/d", "postgresql://u:" SECRET "/p@h/d",
    "postgresql://u:" SECRET, "postgresql://u:x@h:" SECRET "/d", "postgresql://h/d?password=" SECRET "&nonsense=1", "postgresql://h/d?" SECRET,
    "host=h password='" SECRET, "host=h password=" SECRET " x", "password=" SECRET " nonsense=1", "host=h port=" SECRET,
    "dbname=postgresql://u:" SECRET "@h/d", "host=u:" SECRET "@h", "postgresql:/u:" SECRET "@h/d", SECRET,
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
        cmocka_unit_test(what_is_not_checked_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * From the owner's URL to the service's: same server, same care about TLS, nothing of the owner's identity.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/service_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

static const struct { const char *why, *owner, *want; } cases[] = {
    { "as usual",
      "postgresql://me:secret@db.example:6543/app", "postgresql://keelson_api:PW@db.example:6543/app" },
    { "no port stays no port",
      "postgresql://me:secret@db.example/app", "postgresql://keelson_api:PW@db.example/app" },
    { "sslmode and CA are kept",
      "postgresql://me:secret@db.example/app?sslmode=verify-full&sslrootcert=/etc/ca.pem",
      "postgresql://keelson_api:PW@db.example/app?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem" },
    { "the owner's certificate is not",
      "postgresql://me@db.example/app?sslmode=verify-ca&sslcert=me.crt&sslkey=me.key&sslpassword=x",
      "postgresql://keelson_api:PW@db.example/app?sslmode=verify-ca" },
    { "key and value form",
      "host=db.example port=6543 dbname=app user=me password='se cret' sslmode=require",
      "postgresql://keelson_api:PW@db.example:6543/app?sslmode=require" },
    { "a socket",
      "host=/run/postgresql dbname=app user=me", "postgresql://keelson_api:PW@/app?host=%2Frun%2Fpostgresql" },
    { "several hosts",
      "postgresql://me:secret@a:1,b:2/app?target_session_attrs=read-write",
      "postgresql://keelson_api:PW@/app?host=a%2Cb&port=1%2C2&target_session_attrs=read-write" },
    { "an IPv6 address",
      "postgresql://me:secret@[2001:db8::1]:5433/app", "postgresql://keelson_api:PW@[2001:db8::1]:5433/app" },
    { "database named after the user",
      "postgresql://me:secret@db.example", "postgresql://keelson_api:PW@db.example/me" },
    { "a database with a blank",
      "host=h dbname='my app' user=me", "postgresql://keelson_api:PW@h/my%20app" },
    { "Neon's endpoint option is kept",
      "postgresql://me:s@h/app?options=endpoint%3Dep-cool", "postgresql://keelson_api:PW@h/app?options=endpoint%3Dep-cool" },
    { "Supabase's shared pooler wants the project",
      "postgresql://postgres.abcdef:s@aws-0-eu-central-1.pooler.supabase.com:5432/postgres",
      "postgresql://keelson_api.abcdef:PW@aws-0-eu-central-1.pooler.supabase.com:5432/postgres" },
    { "elsewhere a dot means nothing",
      "postgresql://some.body:s@db.example/app", "postgresql://keelson_api:PW@db.example/app" },
};

static void owner_becomes_service(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pg_target owner, service;
        struct err e = { 0 };
        const char *got;

        assert_true(pg_url_parse(&a, cases[i].owner, &owner, &e));
        got = service_url_make(&a, &owner, "PW");
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].why, got);
        assert_null(strstr(got, "secret"));
        /* What was made is recognised, and can be read again. */
        assert_true(pg_url_parse(&a, got, &service, &e));
        if (!service_url_matches(&a, &owner, &service))
            fail_msg("%s: not recognised", cases[i].why);
        assert_false(service_url_matches(&a, &owner, &owner));
    }
    arena_free(&a);
}

static const struct { const char *why, *service; bool want; } others[] = {
    { "the same",               "postgresql://keelson_api:x@h:5432/app",            true  },
    { "another password",       "postgresql://keelson_api:y@h/app?sslmode=require", true  },
    { "another host",           "postgresql://keelson_api:x@h2/app",                false },
    { "another port",           "postgresql://keelson_api:x@h:5433/app",            false },
    { "another database",       "postgresql://keelson_api:x@h/app2",                false },
    { "another role",           "postgresql://me:x@h/app",                          false },
    { "no role",                "postgresql://h/app",                               false },
};

static void others_are_told_apart(void **state)
{
    struct arena a = ARENA;
    struct pg_target owner, service;
    struct err e = { 0 };

    (void)state;
    assert_true(pg_url_parse(&a, "postgresql://me:s@h/app", &owner, &e));
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_true(pg_url_parse(&a, others[i].service, &service, &e));
        if (service_url_matches(&a, &owner, &service) != others[i].want)
            fail_msg("%s", others[i].why);
    }
    arena_free(&a);
}

static void passwords_are_encoded(void **state)
{
    struct arena a = ARENA;
    struct pg_target owner, service;
    struct err e = { 0 };
    const char *password = NULL;

    (void)state;
    assert_true(pg_url_parse(&a, "postgresql://me:s@h/app", &owner, &e));
    assert_true(pg_url_parse(&a, service_url_make(&a, &owner, "p@ss/w?rd#%&\"'$`\xC3\xBC"), &service, &e));
    for (size_t i = 0; service.keys[i]; i++)
        if (strcmp(service.keys[i], "password") == 0)
            password = service.values[i];
    assert_string_equal(password, "p@ss/w?rd#%&\"'$`\xC3\xBC");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owner_becomes_service), cmocka_unit_test(others_are_told_apart), cmocka_unit_test(passwords_are_encoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Paths and queries: decoded once, refused when they could mean two things.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

static const struct { const char *why; struct span in; const char *want; enum err_kind kind; } paths[] = {
    { "root",                     SPAN("/"),                       "",              E_NONE      },
    { "segments",                 SPAN("/v1/candidates/7"),        "v1|candidates|7", E_NONE    },
    { "trailing slash",           SPAN("/docs/"),                  "docs|+",        E_NONE      },
    { "escapes",                  SPAN("/a%20b/%c3%A4"),           "a b|\xc3\xa4",  E_NONE      },
    { "decoded only once",        SPAN("/%2541"),                  "%41",           E_NONE      },
    { "plus is a plus",           SPAN("/a+b"),                    "a+b",           E_NONE      },
    { "dots in a name",           SPAN("/.../a..b/.c"),            "...|a..b|.c",   E_NONE      },
    { "most segments",            SPAN("/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g"), "1|2|3|4|5|6|7|8|9|a|b|c|d|e|f|g", E_NONE },
    { "one segment more",         SPAN("/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h"), NULL, E_NOT_FOUND },
    { "asterisk",                 SPAN("*"),                       NULL,            E_MALFORMED },
    { "nothing",                  SPAN(""),                        NULL,            E_MALFORMED },
    { "encoded NUL",              SPAN("/a%00"),                   NULL,            E_MALFORMED },
    { "encoded slash",            SPAN("/a%2fb"),                  NULL,            E_MALFORMED },
    { "encoded slash, upper",     SPAN("/a%2Fb"),                  NULL,            E_MALFORMED },
    { "empty segment",            SPAN("/a//b"),                   NULL,            E_MALFORMED },
    { "two slashes",              SPAN("//"),                      NULL,            E_MALFORMED },
    { "two trailing slashes",     SPAN("/a//"),                    NULL,            E_MALFORMED },
    { "dot",                      SPAN("/a/./b"),                  NULL,            E_MALFORMED },
    { "dot dot",                  SPAN("/a/../b"),                 NULL,            E_MALFORMED },
    { "dot dot at the end",       SPAN("/a/.."),                   NULL,            E_MALFORMED },
    { "dot dot encoded",          SPAN("/a/%2e%2E/b"),             NULL,            E_MALFORMED },
    { "dot half encoded",         SPAN("/a/.%2e"),                 NULL,            E_MALFORMED },
    { "escape cut short",         SPAN("/a%"),                     NULL,            E_MALFORMED },
    { "escape cut by one",        SPAN("/a%4"),                    NULL,            E_MALFORMED },
    { "escape not hexadecimal",   SPAN("/a%zz"),                   NULL,            E_MALFORMED },
    { "escape with a sign",       SPAN("/a%+1"),                   NULL,            E_MALFORMED },
    { "overlong slash",           SPAN("/a%c0%af"),                NULL,            E_MALFORMED },
    { "lone continuation",        SPAN("/%80"),                    NULL,            E_MALFORMED },
    { "encoded surrogate",        SPAN("/%ed%a0%80"),              NULL,            E_MALFORMED },
    { "character split by slash", SPAN("/%c3/%a4"),                NULL,            E_MALFORMED },
};

static const struct { const char *why; struct span in; const char *want; enum err_kind kind; } queries[] = {
    { "none",                     { NULL, 0 },                     "",              E_NONE      },
    { "empty",                    SPAN(""),                        "",              E_NONE      },
    { "pairs",                    SPAN("a=1&b=2"),                 "[a]1[b]2",      E_NONE      },
    { "the same name twice",      SPAN("a=1&a=2"),                 "[a]1[a]2",      E_NONE      },
    { "plus is a blank",          SPAN("q=a+b%2B+"),               "[q]a b+ ",      E_NONE      },
    { "escapes in a name",        SPAN("%61%20=1"),                "[a ]1",         E_NONE      },
    { "no value",                 SPAN("a&b="),                    "[a][b]",        E_NONE      },
    { "only the first '=' cuts",  SPAN("a=b=c"),                   "[a]b=c",        E_NONE      },
    { "escaped separators",       SPAN("a%3Db=c%26d"),             "[a=b]c&d",      E_NONE      },
    { "empty pieces",             SPAN("&&a=1&&"),                 "[a]1",          E_NONE      },
    { "raw JSON",                 SPAN("m=cs.{\"a\":[1]}"),        "[m]cs.{\"a\":[1]}", E_NONE  },
    { "UTF-8",                    SPAN("q=%E2%82%AC"),             "[q]\xe2\x82\xac", E_NONE    },
    { "no name",                  SPAN("=1"),                      NULL,            E_PARAMETER },
    { "escape cut short",         SPAN("a=%4"),                    NULL,            E_PARAMETER },
    { "escape not hexadecimal",   SPAN("a=%g0"),                   NULL,            E_PARAMETER },
    { "bad escape in a name",     SPAN("%=1"),                     NULL,            E_PARAMETER },
    { "NUL",                      SPAN("a=%00"),                   NULL,            E_PARAMETER },
    { "invalid UTF-8",            SPAN("a=%ff"),                   NULL,            E_PARAMETER },
    { "overlong",                 SPAN("a=%c0%80"),                NULL,            E_PARAMETER },
};

static void test_paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct arena a = ARENA;
        struct buf got = BUF(1024);
        struct http_path p;
        struct err e = { 0 };
        bool ok = http_parse_path(&a, paths[i].in, &p, &e);

        if (e.kind != paths[i].kind || ok != (paths[i].want != NULL))
            fail_msg("%s: %s", paths[i].why, err_info(e.kind)->name);
        for (size_t k = 0; ok && k < p.n; k++)
            buf_printf(&got, "%s%.*s", k ? "|" : "", SPAN_ARG(p.seg[k]));
        if (ok && p.trailing_slash)
            buf_str(&got, "|+");
        if (ok && strcmp(buf_cstr(&got), paths[i].want) != 0)
            fail_msg("%s: \"%s\"", paths[i].why, buf_cstr(&got));
        buf_free(&got);
        arena_free(&a);
    }
}

static void test_queries(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        struct arena a = ARENA;
        struct buf got = BUF(1024);
        struct http_param *params;
        struct err e = { 0 };
        size_t n;
        bool ok = http_parse_query(&a, queries[i].in, &params, &n, &e);

        if (e.kind != queries[i].kind || ok != (queries[i].want != NULL))
            fail_msg("%s: %s", queries[i].why, err_info(e.kind)->name);
        for (size_t k = 0; ok && k < n; k++)
            buf_printf(&got, "[%.*s]%.*s", SPAN_ARG(params[k].name), SPAN_ARG(params[k].value));
        if (ok && strcmp(buf_cstr(&got), queries[i].want) != 0)
            fail_msg("%s: \"%s\"", queries[i].why, buf_cstr(&got));
        buf_free(&got);
        arena_free(&a);
    }
}

static void test_number_of_parameters(void **state)
{
    (void)state;
    for (int count = 100; count <= 101; count++) {
        struct arena a = ARENA;
        struct buf q = BUF(4096);
        struct http_param *params;
        struct err e = { 0 };
        size_t n;

        for (int i = 0; i < count; i++)
            buf_printf(&q, "&p%d=1", i);
        assert_int_equal(http_parse_query(&a, buf_span(&q), &params, &n, &e), count == 100);
        assert_int_equal(e.kind, count == 100 ? E_NONE : E_PARAMETER);
        buf_free(&q);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_number_of_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

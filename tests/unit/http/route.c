/*
 * Which row a path means, what it captures, and what an answer of 405 lists.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct row {                        /* as a caller's: the pattern comes first, the rest is theirs */
    struct route_pattern at;
    const char *name;
};

static const struct row rows[] = {
    { { HTTP_GET,               "/"                             }, "root"     },
    { { HTTP_GET,               "/docs/"                        }, "docs"     },
    { { HTTP_GET,               "/v1/search"                    }, "search"   },
    { { HTTP_GET,               "/v1/sessions/{id}/messages"    }, "window"   },
    { { HTTP_POST,              "/v1/sessions/{id}/messages"    }, "append"   },
    { { HTTP_PATCH,             "/v1/sessions/{id}/messages/{seq}" }, "extend" },
    { { HTTP_GET,               "/v1/{r}"                       }, "list"     },
    { { HTTP_POST,              "/v1/{r}"                       }, "create"   },
    { { HTTP_GET | HTTP_PATCH | HTTP_DELETE, "/v1/{r}/{id}"     }, "one"      },
    { { HTTP_POST,              "/v1/{r}/{id}/restore"          }, "restore"  },
};

static const struct { const char *why, *path; enum http_method m; const char *want, *captures, *allowed; enum err_kind kind; } cases[] = {
    { "root",                           "/",                        HTTP_GET,    "root",    "",             NULL, E_NONE },
    { "trailing slash of a pattern",    "/docs/",                   HTTP_GET,    "docs",    "",             NULL, E_NONE },
    { "trailing slash missing",         "/docs",                    HTTP_GET,    NULL,      "",             NULL, E_NOT_FOUND },
    { "trailing slash too much",        "/v1/search/",              HTTP_GET,    NULL,      "",             NULL, E_NOT_FOUND },
    { "literal before capture",         "/v1/search",               HTTP_GET,    "search",  "",             NULL, E_NONE },
    { "a literal path has its own methods", "/v1/search",           HTTP_POST,   NULL,      "",             "GET, HEAD", E_METHOD },
    { "capture",                        "/v1/candidates",           HTTP_GET,    "list",    "candidates",   NULL, E_NONE },
    { "HEAD goes with GET",             "/v1/candidates",           HTTP_HEAD,   "list",    "candidates",   NULL, E_NONE },
    { "another row by method",          "/v1/candidates",           HTTP_POST,   "create",  "candidates",   NULL, E_NONE },
    { "two captures",                   "/v1/candidates/7",         HTTP_PATCH,  "one",     "candidates,7", NULL, E_NONE },
    { "captures beside literals",       "/v1/sessions/7/messages/9", HTTP_PATCH, "extend",  "7,9",          NULL, E_NONE },
    { "the same pattern twice",         "/v1/sessions/7/messages",  HTTP_POST,   "append",  "7",            NULL, E_NONE },
    { "literal behind captures",        "/v1/candidates/7/restore", HTTP_POST,   "restore", "candidates,7", NULL, E_NONE },
    { "methods of all rows",            "/v1/candidates",           HTTP_DELETE, NULL,      "",             "GET, HEAD, POST", E_METHOD },
    { "methods of one row",             "/v1/candidates/7",         HTTP_PUT,    NULL,      "",             "GET, HEAD, PATCH, DELETE", E_METHOD },
    { "no GET, no HEAD",                "/v1/candidates/7/restore", HTTP_HEAD,   NULL,      "",             "POST", E_METHOD },
    { "too short",                      "/v1",                      HTTP_GET,    NULL,      "",             NULL, E_NOT_FOUND },
    { "too long",                       "/v1/a/b/c/d",              HTTP_GET,    NULL,      "",             NULL, E_NOT_FOUND },
    { "prefix of a literal",            "/v1/sessions/7/message",   HTTP_GET,    NULL,      "",             NULL, E_NOT_FOUND },
    { "case counts",                    "/V1/candidates",           HTTP_GET,    NULL,      "",             NULL, E_NOT_FOUND },
    { "elsewhere",                      "/etc/passwd",              HTTP_GET,    NULL,      "",             NULL, E_NOT_FOUND },
};

static void check(size_t i, struct arena *a)
{
    struct http_path p;
    struct route_match m;
    struct err e = { 0 };
    unsigned allowed;
    char text[128] = "";
    size_t n = 0;

    assert_true(http_parse_path(a, span_of(cases[i].path), &p, &e));
    if (route_find(rows, ARRAY_LEN(rows), sizeof(rows[0]), cases[i].m, &p, &m, &allowed, &e) != (cases[i].want != NULL))
        fail_msg("%s: %s", cases[i].why, err_info(e.kind)->name);
    assert_int_equal(e.kind, cases[i].kind);
    if (cases[i].allowed) {
        route_methods(allowed, text, sizeof(text));
        assert_string_equal(text, cases[i].allowed);
    }
    if (!cases[i].want)
        return;
    if (strcmp(rows[m.row].name, cases[i].want) != 0)
        fail_msg("%s: %s", cases[i].why, rows[m.row].name);
    for (size_t k = 0; k < m.ncaptures; k++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s", k ? "," : "", SPAN_ARG(m.capture[k]));
    assert_string_equal(text, cases[i].captures);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a = ARENA;

        check(i, &a);
        arena_free(&a);
    }
}

static void test_methods_fit(void **state)
{
    char all[64], small[8];

    (void)state;
    route_methods(~0u, all, sizeof(all));
    assert_string_equal(all, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    route_methods(~0u, small, sizeof(small));
    assert_int_equal(strlen(small), sizeof(small) - 1);
    route_methods(0, all, sizeof(all));
    assert_string_equal(all, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_methods_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

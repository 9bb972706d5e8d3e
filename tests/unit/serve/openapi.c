/*
 * Each row of the route table is described, by facts that agree with the row; and what is written is the document's JSON.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/openapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "serve/openapi_parts.h"

static void every_route_is_described(void **state)
{
    (void)state;
    for (size_t i = 0; i < nroutes; i++) {
        const struct route *r = &routes[i];
        const struct openapi_operation *op = openapi_operation(r);

        if (!op)
            fail_msg("%s: add what its handler reads and answers to openapi_operations.c", r->at.pattern);
        else if (!op->answers[0].status)
            fail_msg("%s: what does it answer when all is well?", r->at.pattern);
    }
}

/* The body that is read and the body that is described are one. */
static void bodies_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < nroutes; i++) {
        const struct openapi_operation *op = openapi_operation(&routes[i]);
        bool described = op && op->body != OPENAPI_NO_BODY, patch = op && (op->body == OPENAPI_PATCH || op->body == OPENAPI_MEMORY_PATCH);

        if (described != (routes[i].body != BODY_NONE) || patch != (routes[i].body == BODY_PATCH) ||
            (op && op->body == OPENAPI_FILE) != (routes[i].body == BODY_FILE))
            fail_msg("%s %s: another body is described than is read", routes[i].id, routes[i].at.pattern);
    }
}

static void ids_are_there_and_no_two_rows_clash(void **state)
{
    (void)state;
    for (size_t i = 0; i < nroutes; i++) {
        assert_true(routes[i].id[0] && routes[i].doc[0]);
        for (size_t k = 0; k < i; k++)
            if (strcmp(routes[i].id, routes[k].id) == 0)
                fail_msg("%s is the id of two rows", routes[i].id);
    }
}

static void names_are_made_for_types(void **state)
{
    static const struct { const char *in, *want; } cases[] = {
        { "candidate", "Candidate" }, { "time_entries", "TimeEntries" }, { "a-b c", "ABC" }, { "x2_y", "X2Y" }, { "", "" },
    };
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(openapi_camel(&a, cases[i].in), cases[i].want);
    arena_free(&a);
}

static void quotes_are_spelled_for_reading(void **state)
{
    struct buf b = BUF(1000);
    struct json_out o = JSON_OUT(&b);

    (void)state;
    json_open(&o, '{');
    json_key(&o, "a");
    openapi_json(&o, "{'x':[");
    json_int(&o, 1);
    json_int(&o, 2);
    openapi_append(&o, "]}");
    openapi_json(&o, "'b':'c'");
    openapi_member(&o, "d", NULL);
    openapi_member(&o, "e", "f");
    json_close(&o, '}');
    assert_string_equal(buf_cstr(&b), "{\"a\":{\"x\":[1,2]},\"b\":\"c\",\"e\":\"f\"}");
    buf_free(&b);
}

/* Without any resource there still is a document that parses. */
static void an_empty_catalog_has_a_document(void **state)
{
    struct catalog catalog = { 0 };
    struct model m = { .catalog = &catalog };
    struct arena a = ARENA;
    struct json *doc;
    struct err e = { 0 };

    (void)state;
    for (int keys = 0; keys < 2; keys++) {
        struct span text = openapi_make(&a, &m, keys, "1.2.3");
        const struct json *security;

        if (!json_parse(&a, text, &doc, &e))
            fail_msg("%s", e.message);
        assert_true(json_find(json_find(doc, "paths"), "/health") != NULL);
        assert_true(json_find(json_find(doc, "paths"), "/v1/sessions/{id}/messages") == NULL);
        security = json_find(doc, "security");
        assert_int_equal(security->count, keys);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_described),       cmocka_unit_test(bodies_agree),
        cmocka_unit_test(ids_are_there_and_no_two_rows_clash), cmocka_unit_test(names_are_made_for_types),
        cmocka_unit_test(quotes_are_spelled_for_reading), cmocka_unit_test(an_empty_catalog_has_a_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

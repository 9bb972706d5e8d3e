/*
 * What answers look like: problem documents member by member, headers that are added, headers that are not let through.
 */
// SPDX-License-Identifier: Apache-2.0
#include "edge.h"

#include "base/json.h"

#define H "Host: x\r\n"

static void test_problem_body(void **state)
{
    static const struct err stale = { .kind = E_STALE, .message = "candidate is at version 8, If-Match was 7", .extra = "\"current_version\":8" };
    struct buf out = BUF(4096);

    (void)state;
    http_problem_body(&out, &stale, SPAN("/v1/candidates/1"), SPAN("r1"));
    assert_string_equal(buf_cstr(&out),
        "{\"type\":\"/problems/stale-version\",\"title\":\"Resource changed\",\"status\":412,\"code\":\"stale-version\","
        "\"detail\":\"candidate is at version 8, If-Match was 7\",\"instance\":\"/v1/candidates/1\",\"request_id\":\"r1\","
        "\"retryable\":false,\"current_version\":8}");
    buf_free(&out);
}

static void test_every_kind_is_valid_json(void **state)
{
    (void)state;
    for (int kind = E_NONE; kind < ERR_KIND_COUNT; kind++) {
        struct arena a = ARENA;
        struct buf out = BUF(4096);
        struct err e = { .kind = (enum err_kind)kind, .message = "a \"quoted\" \\ detail\n" }, problem = { 0 };
        const struct err_info *info = err_info(kind == E_NONE ? E_INTERNAL : e.kind);
        struct json *doc;
        int64_t status;

        http_problem_body(&out, &e, SPAN_NONE, SPAN("r1"));
        if (!json_parse(&a, buf_span(&out), &doc, &problem))
            fail_msg("%s: %s", info->name, problem.message);
        assert_true(json_i64(json_find(doc, "status"), &status) && status == info->http);
        assert_true(span_is(json_text(&a, json_find(doc, "code")), info->slug));
        assert_null(json_find(doc, "instance"));
        assert_null(json_find(doc, "errors"));
        assert_int_equal(info->http != 500, span_is(json_text(&a, json_find(doc, "detail")), e.message));
        buf_free(&out);
        arena_free(&a);
    }
}

/* Many faults, long ones, cut characters: still a document. */
static void test_faults(void **state)
{
    struct arena a = ARENA;
    struct buf out = BUF(1 << 20), pointer = BUF(1 << 20);
    struct err e = { 0 };
    struct json *doc;

    (void)state;
    for (int i = 0; i < 500000; i++)
        buf_str(&pointer, "\xc3\xa4");
    fault_add(&e, &a, buf_cstr(&pointer), "type", "is %s", "wrong");
    for (int i = 0; i < 20000; i++)
        fault_add(&e, &a, json_pointer_at(&a, "", (size_t)i), "required", "is missing");
    http_problem_body(&out, &e, SPAN("/"), SPAN("r"));
    assert_false(out.full);
    assert_true(json_parse(&a, buf_span(&out), &doc, &e));
    assert_true(json_find(doc, "errors")->count > 1000);
    assert_true(span_is(json_text(&a, json_find(json_at(json_find(doc, "errors"), 1), "pointer")), "/0"));
    buf_free(&out);
    buf_free(&pointer);
    arena_free(&a);
}

static struct client *ask(struct edge *t, const char *request)
{
    struct client *c = client_open(t);

    client_send(t, c, span_of(request));
    edge_until(t, client_has(c, "\r\n\r\n"));
    return c;
}

static void test_answers(void **state)
{
    static const struct { const char *why, *request, *expect[4], *absent[3]; } cases[] = {
        { "a whole problem", "GET /problem HTTP/1.1\r\n" H "Request-Id: r\r\n\r\n",
          { "HTTP/1.1 503 Service Unavailable\r\n", "Content-Type: application/problem+json\r\n", "Retry-After: 2\r\n",
            "\"retryable\":true,\"current_version\":8,\"errors\":[{\"pointer\":\"/email\",\"code\":\"format.email\",\"message\":\"is not an email address\"},"
            "{\"pointer\":\"\",\"code\":\"required\",\"message\":\"is \\\"empty\\\"\"}]}" }, { "Connection:" } },
        { "its own headers", "GET /problem HTTP/1.1\r\n" H "\r\n", { "Allow: GET\r\n" }, { NULL } },
        { "own Cache-Control", "GET /own HTTP/1.1\r\n" H "\r\n", { "Cache-Control: max-age=60\r\n", "ETag: \"v1\"\r\n", "Content-Length: 4\r\n" }, { "no-store", "999" } },
        { "forged header", "GET /forged HTTP/1.1\r\n" H "\r\n", { "HTTP/1.1 500 ", "\"code\":\"internal\"" }, { "X-Forged", "X-Name" } },
        { "answer over the limit", "GET /over HTTP/1.1\r\n" H "\r\n", { "HTTP/1.1 500 " }, { "200 OK" } },
        { "what is wrong inside", "GET /inside HTTP/1.1\r\n" H "\r\n", { "HTTP/1.1 500 ", "its log has the reason" }, { "secret" } },
        { "304", "GET /unchanged HTTP/1.1\r\n" H "\r\n", { "HTTP/1.1 304 Not Modified\r\n" }, { "Content-Length" } },
        { "204", "GET /empty HTTP/1.1\r\n" H "\r\n", { "HTTP/1.1 204 No Content\r\n" }, { "Content-Length" } },
        { "HEAD of a problem", "HEAD /problem HTTP/1.1\r\n" H "\r\n", { "HTTP/1.1 503 ", "Content-Length: 3" }, { "{\"type\"" } },
    };
    struct edge t;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client *c = ask(&t, cases[i].request);

        for (size_t k = 0; k < 4 && cases[i].expect[k]; k++)
            if (!client_has(c, cases[i].expect[k]))
                fail_msg("%s: no \"%s\" in\n%s", cases[i].why, cases[i].expect[k], buf_cstr(&c->in));
        for (size_t k = 0; k < 3 && cases[i].absent[k]; k++)
            if (client_has(c, cases[i].absent[k]))
                fail_msg("%s: \"%s\" in\n%s", cases[i].why, cases[i].absent[k], buf_cstr(&c->in));
        assert_false(c->ended);         /* none of these ends the connection */
        client_close(c);
    }
    edge_clear(&t);
}

static void test_retry_after(void **state)
{
    static const struct { int64_t ms; const char *want; } cases[] = {
        { 1, "Retry-After: 1\r\n" }, { 999, "Retry-After: 1\r\n" }, { 1000, "Retry-After: 1\r\n" }, { 1001, "Retry-After: 2\r\n" },
        { 60000, "Retry-After: 60\r\n" },
    };
    struct edge t;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = { .kind = E_RATE, .retry_after_ms = cases[i].ms };
        struct client *c = client_open(&t);

        t.held = NULL;
        client_send(&t, c, SPAN("GET /hold HTTP/1.1\r\n" H "\r\n"));
        edge_until(&t, t.held);
        http_problem(t.held, &e, NULL, 0);
        edge_until(&t, client_has(c, cases[i].want));
        client_close(c);
    }
    edge_clear(&t);
}

static void test_every_status_has_a_reason(void **state)
{
    (void)state;
    for (int kind = E_NONE; kind < ERR_KIND_COUNT; kind++)
        assert_string_not_equal(http_reason(err_info((enum err_kind)kind)->http), "Unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problem_body),
        cmocka_unit_test(test_every_kind_is_valid_json),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_every_status_has_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

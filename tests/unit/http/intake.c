/*
 * From bytes to exchanges over real sockets: keep-alive, pipelines, bodies, refusals, deadlines, splits.
 */
// SPDX-License-Identifier: Apache-2.0
#include "edge.h"

#define H "Host: x\r\n"
#define NOT "!"                     /* in front of a text that must not be there */

static const struct {
    const char *why;
    struct span send;
    bool        closes;
    const char *expect[6];          /* in this order */
} talks[] = {
    { "a request", SPAN("GET /a?b HTTP/1.1\r\n" H "\r\n"), false,
      { "HTTP/1.1 200 OK\r\n", "Content-Length: 2\r\n", "\r\n\r\n/a", NOT "Connection:" } },
    { "what every answer has", SPAN("GET / HTTP/1.1\r\n" H "\r\n"), false,
      { "\r\nDate: ", " GMT\r\n", "Cache-Control: no-store\r\n", "Request-Id: ", "X-Content-Type-Options: nosniff\r\n", "\r\n\r\n/" } },
    { "two after another", SPAN("GET /a HTTP/1.1\r\n" H "\r\nGET /b HTTP/1.1\r\n" H "\r\n"), false,
      { "\r\n\r\n/a", "HTTP/1.1 200", "\r\n\r\n/b" } },
    { "a pipeline with bodies", SPAN("POST /a HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nonePOST /b HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                                     "2\r\ntw\r\n1\r\no\r\n0\r\nT: x\r\n\r\nGET /three HTTP/1.1\r\n" H "\r\n"), false,
      { "\r\n\r\none", "HTTP/1.1 200", "\r\n\r\ntwo", "HTTP/1.1 200", "\r\n\r\n/three" } },
    { "an empty line between requests", SPAN("GET /a HTTP/1.1\r\n" H "\r\n\r\nGET /b HTTP/1.1\r\n" H "\r\n"), false,
      { "\r\n\r\n/a", "\r\n\r\n/b" } },
    { "asked to close", SPAN("GET /a HTTP/1.1\r\n" H "Connection: close\r\n\r\n"), true,
      { "200 OK", "Connection: close\r\n", "\r\n\r\n/a" } },
    { "nothing is served after a close", SPAN("GET /a HTTP/1.1\r\n" H "Connection: close\r\n\r\nGET /b HTTP/1.1\r\n" H "\r\n"), true,
      { "\r\n\r\n/a", NOT "/b" } },
    { "HTTP/1.0", SPAN("GET /a HTTP/1.0\r\n\r\n"), true, { "HTTP/1.1 200 OK", "Connection: close\r\n", "\r\n\r\n/a" } },
    { "HTTP/1.0 kept alive", SPAN("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), false, { "Connection: keep-alive\r\n", "\r\n\r\n/a" } },
    { "HEAD", SPAN("HEAD /abc HTTP/1.1\r\n" H "\r\nGET /next HTTP/1.1\r\n" H "\r\n"), false,
      { "Content-Length: 4\r\n", "\r\n\r\nHTTP/1.1 200 OK", "\r\n\r\n/next" } },
    { "OPTIONS of everything", SPAN("OPTIONS * HTTP/1.1\r\n" H "\r\n"), false, { "204 No Content", "Allow: GET, ", NOT "Content-Length" } },
    { "its identifier comes back", SPAN("GET / HTTP/1.1\r\n" H "Request-Id: my-1.A_z\r\n\r\n"), false, { "Request-Id: my-1.A_z\r\n" } },
    { "but not any", SPAN("GET / HTTP/1.1\r\n" H "Request-Id: a b\r\n\r\n"), false, { "Request-Id: 0", NOT "a b" } },
    { "an empty body by length", SPAN("POST /e HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"), false, { "\r\n\r\n/e" } },
    { "an empty body by chunks", SPAN("POST /e HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), false, { "\r\n\r\n/e" } },
    /* refusals: one sentence in a problem document, then the end */
    { "bare LF", SPAN("GET / HTTP/1.1\n" H "\n"), true,
      { "HTTP/1.1 400 Bad Request\r\n", "application/problem+json", "Connection: close", "\"code\":\"malformed-request\"", "must end in CRLF" } },
    { "what it was about is named", SPAN("GET /v1/x HTTP/1.1\r\n" H "Request-Id: r7\r\nbad\r\n\r\n"), true,
      { "400 ", "Request-Id: r7", "\"instance\":\"/v1/x\",\"request_id\":\"r7\",\"retryable\":false}" } },
    { "length and chunks", SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n" H "\r\n"), true,
      { "400 ", NOT "smuggled", NOT "HTTP/1.1 200" } },
    { "a bad chunk", SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0x5\r\n"), true, { "400 ", "hexadecimal" } },
    { "bad after good", SPAN("GET /a HTTP/1.1\r\n" H "\r\nGET /b\r\n\r\n"), true, { "200 ", "\r\n\r\n/a", "HTTP/1.1 400 " } },
    { "TLS on a plain port", SPAN("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), true, { "400 " } },
    { "unknown method", SPAN("BREW / HTTP/1.1\r\n" H "\r\n"), true, { "501 Not Implemented", "BREW" } },
    { "version", SPAN("GET / HTTP/2.0\r\n\r\n"), true, { "505 " } },
    { "expectation", SPAN("GET / HTTP/1.1\r\n" H "Expect: x\r\n\r\n"), true, { "417 " } },
    { "announced too large", SPAN("POST /small HTTP/1.1\r\n" H "Content-Length: 11\r\n\r\n"), true, { "413 Content Too Large", "larger than 10 bytes" } },
    { "just not too large", SPAN("POST /small HTTP/1.1\r\n" H "Content-Length: 10\r\n\r\n0123456789"), false, { "200 ", "0123456789" } },
    { "chunks too large", SPAN("POST /small HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n"), true, { "413 " } },
    { "chunks just not too large", SPAN("POST /small HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"), false,
      { "200 ", "0123456789" } },
    { "absurd length", SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 999999999999999999\r\n\r\n"), true, { "413 " } },
    { "refused by its head", SPAN("POST /refused HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"), true, { "HTTP/1.1 415 ", NOT "100 Continue" } },
    { "too large to continue", SPAN("POST /small HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 50\r\n\r\n"), true, { "HTTP/1.1 413 ", NOT "100 Continue" } },
    { "body sent without waiting", SPAN("POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"), false, { "HTTP/1.1 200 ", "hello", NOT "100 Continue" } },
};

/* Which of the texts is the first not found in its place; NULL: all are. */
static const char *missing(struct client *c, const char *const *expect)
{
    const char *at = buf_cstr(&c->in);

    for (size_t i = 0; i < 6 && expect[i]; i++) {
        const char *found;

        if (*expect[i] == *NOT) {
            if (client_has(c, expect[i] + 1))
                return expect[i];
            continue;
        }
        found = strstr(at, expect[i]);
        if (!found)
            return expect[i];
        at = found + 1;
    }
    return NULL;
}

static void talk(struct edge *t, size_t i)
{
    struct client *c = client_open(t);
    deadline give_up = clock_now() + PATIENCE;

    client_send(t, c, talks[i].send);
    while (clock_now() < give_up && (missing(c, talks[i].expect) || talks[i].closes != c->ended))
        edge_run(t, USEC_MS);
    if (!talks[i].closes)
        edge_run(t, USEC_MS);
    if (missing(c, talks[i].expect) || talks[i].closes != c->ended)
        fail_msg("%s: no \"%s\"%s in\n%s", talks[i].why, missing(c, talks[i].expect), c->ended ? ", closed," : "", buf_cstr(&c->in));
    client_close(c);
}

static void test_talks(void **state)
{
    struct edge t;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    for (size_t i = 0; i < ARRAY_LEN(talks); i++)
        talk(&t, i);
    edge_until(&t, edge_counters(&t)->connections == 0);
    assert_int_equal(edge_counters(&t)->inflight, 0);
    assert_int_equal(edge_counters(&t)->rejects_malformed, 9);
    assert_int_equal(edge_counters(&t)->rejects_too_large, 4);
    edge_clear(&t);
}

/* The answers without their dates and identifiers. */
static void answers(struct edge *t, struct span first, struct span second, struct buf *out)
{
    struct client *c = client_open(t);

    client_send(t, c, first);
    if (second.n)
        edge_run(t, 0);
    client_send(t, c, second);
    edge_until(t, c->ended);
    for (char *line = strtok((char *)buf_cstr(&c->in), "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, "Date:", 5) != 0 && strncmp(line, "Request-Id:", 11) != 0)
            buf_printf(out, "%s\n", line);
    client_close(c);
}

static void test_every_split_gives_the_same(void **state)
{
    static const struct span all = SPAN("POST /a HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\none"
                                        "POST /b HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n2\r\ntw\r\n1\r\no\r\n0\r\n\r\n"
                                        "GET /c HTTP/1.1\r\n" H "Connection: close\r\n\r\n");
    struct buf whole = BUF(65536);
    struct edge t;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    answers(&t, all, SPAN_NONE, &whole);
    for (size_t n = 1; n < all.n; n++) {
        struct buf split = BUF(65536);

        answers(&t, (struct span){ all.p, n }, span_drop(all, n), &split);
        assert_string_equal(buf_cstr(&split), buf_cstr(&whole));
        buf_free(&split);
    }
    buf_free(&whole);
    edge_clear(&t);
}

static void test_continue_is_sent_when_waited_for(void **state)
{
    struct edge t;
    struct client *c;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    c = client_open(&t);
    client_send(&t, c, SPAN("POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
    edge_until(&t, client_has(c, "HTTP/1.1 100 Continue\r\n\r\n"));
    assert_false(client_has(c, "200"));
    client_send(&t, c, SPAN("hello"));
    edge_until(&t, client_has(c, "\r\n\r\nhello"));
    client_close(c);
    edge_clear(&t);
}

/* Larger than what is read at once, by length and by chunks, and back again. */
static void test_large_bodies(void **state)
{
    enum { SIZE = 3 << 20, CHUNK = 70000 };
    struct buf sent = BUF(8 << 20), expect = BUF(8 << 20);
    struct edge t;
    struct client *c;

    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        buf_char(&expect, (char)('a' + i % 26));
    buf_printf(&sent, "POST / HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n", SIZE);
    buf_add(&sent, buf_span(&expect));
    buf_str(&sent, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < SIZE; at += CHUNK) {
        size_t n = SIZE - at < CHUNK ? SIZE - at : CHUNK;

        buf_printf(&sent, "%zx\r\n%.*s\r\n", n, (int)n, expect.p + at);
    }
    buf_str(&sent, "0\r\n\r\nGET /end HTTP/1.1\r\n" H "Connection: close\r\n\r\n");
    edge_init(&t);
    edge_open(&t);
    c = client_open(&t);
    client_send(&t, c, buf_span(&sent));
    edge_until(&t, c->ended);
    assert_true(c->in.n > 2 * SIZE);
    assert_memory_equal(strstr(buf_cstr(&c->in), "\r\n\r\n") + 4, expect.p, SIZE);
    assert_true(client_has(c, "\r\n\r\n/end"));
    assert_memory_equal(strstr(strstr(buf_cstr(&c->in), "\r\n\r\n") + 4 + SIZE, "\r\n\r\n") + 4, expect.p, SIZE);
    client_close(c);
    buf_free(&sent);
    buf_free(&expect);
    edge_clear(&t);
}

/* ---- deadlines ---- */

static void test_head_that_does_not_come(void **state)
{
    struct edge t;
    struct client *c;
    usec began = clock_now();

    (void)state;
    edge_init(&t);
    t.conf.header_timeout = 100 * USEC_MS;
    edge_open(&t);
    c = client_open(&t);
    while (!c->ended && clock_now() < began + PATIENCE) {       /* a byte now and then does not help */
        client_send(&t, c, SPAN("G"));
        edge_run(&t, 10 * USEC_MS);
    }
    assert_true(client_has(c, "HTTP/1.1 408 Request Timeout\r\n"));
    assert_true(client_has(c, "\"retryable\":true"));
    assert_true(clock_now() - began >= 100 * USEC_MS && clock_now() - began < PATIENCE);
    assert_int_equal(edge_counters(&t)->rejects_headers_timeout, 1);
    client_close(c);
    edge_clear(&t);
}

static void test_body_that_stops(void **state)
{
    struct edge t;
    struct client *c;

    (void)state;
    edge_init(&t);
    t.conf.body_timeout = 100 * USEC_MS;
    edge_open(&t);
    c = client_open(&t);
    client_send(&t, c, SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 100000\r\n\r\nhello"));
    edge_until(&t, c->ended);
    assert_true(client_has(c, "HTTP/1.1 408 "));
    assert_int_equal(edge_counters(&t)->rejects_body_timeout, 1);
    client_close(c);
    edge_clear(&t);
}

static void test_body_that_trickles(void **state)
{
    struct edge t;
    struct client *c;
    usec began = clock_now();

    (void)state;
    edge_init(&t);
    t.conf.body_timeout = 200 * USEC_MS;
    edge_open(&t);
    c = client_open(&t);
    client_send(&t, c, SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 100000\r\n\r\n"));
    while (!c->ended && clock_now() < began + PATIENCE) {
        client_send(&t, c, SPAN("x"));
        edge_run(&t, 20 * USEC_MS);
    }
    assert_true(client_has(c, "HTTP/1.1 408 "));
    assert_true(clock_now() - began >= 200 * USEC_MS && clock_now() - began < PATIENCE);
    client_close(c);
    edge_clear(&t);
}

static void test_idle_connections_end_silently(void **state)
{
    struct edge t;
    struct client *fresh, *used;

    (void)state;
    edge_init(&t);
    t.conf.idle_timeout = 100 * USEC_MS;
    edge_open(&t);
    fresh = client_open(&t);
    used = client_open(&t);
    client_send(&t, used, SPAN("GET /a HTTP/1.1\r\n" H "\r\n"));
    edge_until(&t, fresh->ended && used->ended);
    assert_int_equal(fresh->in.n, 0);
    assert_false(client_has(used, "408"));
    client_close(fresh);
    client_close(used);
    edge_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_talks),
        cmocka_unit_test(test_every_split_gives_the_same),
        cmocka_unit_test(test_continue_is_sent_when_waited_for),
        cmocka_unit_test(test_large_bodies),
        cmocka_unit_test(test_head_that_does_not_come),
        cmocka_unit_test(test_body_that_stops),
        cmocka_unit_test(test_body_that_trickles),
        cmocka_unit_test(test_idle_connections_end_silently),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

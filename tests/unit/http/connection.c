/*
 * Life and end of connections: while the handler works, when the client goes, when nobody reads, when the server drains.
 */
// SPDX-License-Identifier: Apache-2.0
#include "edge.h"

#include <time.h>

#define H    "Host: x\r\n"
#define HOLD "GET /hold HTTP/1.1\r\n" H "\r\n"

static void hold(struct edge *t, struct client **c, struct span request)
{
    edge_init(t);
    edge_open(t);
    *c = client_open(t);
    client_send(t, *c, request);
    edge_until(t, t->held);
    assert_int_equal(edge_counters(t)->inflight, 1);
}

static void test_pipeline_waits_for_its_turn(void **state)
{
    struct edge t;
    struct client *c;

    (void)state;
    hold(&t, &c, SPAN(HOLD "GET /second HTTP/1.1\r\n" H "\r\n"));
    client_send(&t, c, SPAN("GET /third HTTP/1.1\r\n" H "\r\n"));
    edge_run(&t, 5 * USEC_MS);
    assert_int_equal(c->in.n, 0);
    assert_int_equal(edge_counters(&t)->requests, 1);
    http_reply(t.held, 200, NULL, 0, SPAN("first"));
    edge_until(&t, client_has(c, "\r\n\r\n/third"));
    assert_true(strstr(buf_cstr(&c->in), "first") < strstr(buf_cstr(&c->in), "/second"));
    assert_int_equal(t.gone, 0);
    client_close(c);
    edge_clear(&t);
}

/* What is read ahead is bounded: the rest stays in the kernel, and all of it is served in the end. */
static void test_long_pipeline(void **state)
{
    enum { COUNT = 3000 };
    struct buf many = BUF(1 << 20);
    struct edge t;
    struct client *c;

    (void)state;
    for (int i = 0; i < COUNT; i++)
        buf_printf(&many, "GET /n%d HTTP/1.1\r\n" H "\r\n", i);
    hold(&t, &c, SPAN(HOLD));
    client_send(&t, c, buf_span(&many));
    edge_run(&t, 5 * USEC_MS);
    assert_true(edge_counters(&t)->bytes_in < 32768);
    http_reply(t.held, 200, NULL, 0, SPAN("first"));
    edge_until(&t, client_has(c, "\r\n\r\n/n2999"));
    assert_int_equal(edge_counters(&t)->requests, COUNT + 1);
    client_close(c);
    buf_free(&many);
    edge_clear(&t);
}

static void test_client_goes_while_the_handler_works(void **state)
{
    struct edge t;
    struct client *c;

    (void)state;
    hold(&t, &c, SPAN(HOLD));
    client_close(c);
    edge_until(&t, t.gone == 1);
    edge_run(&t, 5 * USEC_MS);
    assert_int_equal(t.gone, 1);
    assert_true(t.held->gone);
    assert_int_equal(edge_counters(&t)->connections, 1);        /* the exchange is still the handler's */
    http_reply(t.held, 200, NULL, 0, SPAN("nobody reads this"));
    edge_until(&t, edge_counters(&t)->connections == 0);
    assert_int_equal(edge_counters(&t)->inflight, 0);
    edge_clear(&t);
}

static void test_client_resets_while_the_handler_works(void **state)
{
    struct linger now = { .l_onoff = 1 };
    struct edge t;
    struct client *c;

    (void)state;
    hold(&t, &c, SPAN(HOLD));
    setsockopt(c->watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    client_close(c);
    edge_until(&t, t.gone == 1);
    http_reply(t.held, 200, NULL, 0, SPAN("nobody reads this"));
    edge_until(&t, edge_counters(&t)->connections == 0);
    assert_int_equal(t.gone, 1);
    edge_clear(&t);
}

/* It has no more to say, but still listens. */
static void test_half_closed_client_gets_its_answer(void **state)
{
    struct edge t;
    struct client *c;
    clock_t began;

    (void)state;
    hold(&t, &c, SPAN(HOLD));
    shutdown(c->watch.fd, SHUT_WR);
    edge_until(&t, t.gone == 1);
    began = clock();
    edge_run(&t, 200 * USEC_MS);
    assert_true(clock() - began < CLOCKS_PER_SEC / 100);         /* the end of its bytes is noticed once, not all the time */
    http_reply(t.held, 200, NULL, 0, SPAN("answer"));
    edge_until(&t, c->ended);
    assert_true(client_has(c, "\r\n\r\nanswer"));
    client_close(c);
    edge_clear(&t);
}

static void test_client_goes_in_the_middle_of_a_request(void **state)
{
    static const struct span starts[] = {
        SPAN(""), SPAN("GET / HT"), SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 9\r\n\r\nhalf"),
    };
    struct edge t;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        struct client *c = client_open(&t);

        client_send(&t, c, starts[i]);
        edge_until(&t, edge_counters(&t)->connections == 1);
        client_close(c);
        edge_until(&t, edge_counters(&t)->connections == 0);
    }
    assert_int_equal(edge_counters(&t)->requests, 0);
    assert_int_equal(t.gone, 0);
    edge_clear(&t);
}

/* ---- writing ---- */

static void test_answer_larger_than_the_socket_takes(void **state)
{
    struct edge t;
    struct client *c;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    c = client_open(&t);
    client_send(&t, c, SPAN("GET /big HTTP/1.1\r\n" H "\r\nGET /after HTTP/1.1\r\n" H "\r\n"));
    edge_until(&t, c->in.n > BIG && client_has(c, "b.HTTP/1.1 200 OK\r\n") && client_has(c, "\r\n\r\n/after"));
    client_close(c);
    edge_clear(&t);
}

static void test_nobody_reads(void **state)
{
    struct edge t;
    struct client *c;

    (void)state;
    edge_init(&t);
    t.conf.write_timeout = 100 * USEC_MS;
    edge_open(&t);
    c = client_open(&t);
    loop_unwatch(&c->watch);
    client_send(&t, c, SPAN("GET /big HTTP/1.1\r\n" H "\r\n"));
    edge_until(&t, edge_counters(&t)->write_stalls == 1);
    edge_until(&t, edge_counters(&t)->connections == 0);
    client_close(c);
    edge_clear(&t);
}

/* The client sees why although it was still sending: no reset overtakes the answer. */
static void test_refusal_reaches_a_client_that_sends(void **state)
{
    struct buf body = BUF(8 << 20);
    struct edge t;
    struct client *c;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    c = client_open(&t);
    loop_unwatch(&c->watch);            /* reads only after it has sent everything */
    client_send(&t, c, SPAN("POST /small HTTP/1.1\r\n" H "Content-Length: 4000000\r\n\r\n"));
    memset(buf_reserve(&body, 4000000), 'x', 4000000);
    body.n = 4000000;
    assert_true(client_send(&t, c, buf_span(&body)));
    loop_watch(t.loop, &c->watch, LOOP_READ);
    edge_until(&t, c->ended);
    assert_true(client_has(c, "HTTP/1.1 413 "));
    client_close(c);
    buf_free(&body);
    edge_until(&t, edge_counters(&t)->connections == 0);
    edge_clear(&t);
}

/* ---- draining and closing ---- */

static void drained(void *user)
{
    ((struct edge *)user)->drained = true;
}

static void test_drain(void **state)
{
    struct edge t;
    struct client *idle, *busy;

    (void)state;
    hold(&t, &busy, SPAN(HOLD));
    idle = client_open(&t);
    client_send(&t, idle, SPAN("GET /a HTTP/1.1\r\n" H "\r\n"));
    edge_until(&t, client_has(idle, "/a"));
    http_drain(t.server, drained, &t);
    edge_until(&t, idle->ended);
    edge_run(&t, 5 * USEC_MS);
    assert_false(t.drained);
    assert_false(client_has(idle, "Connection: close"));
    http_reply(t.held, 200, NULL, 0, SPAN("answer"));
    edge_until(&t, busy->ended);
    assert_true(client_has(busy, "Connection: close\r\n"));
    assert_true(client_has(busy, "\r\n\r\nanswer"));
    client_close(idle);
    client_close(busy);
    edge_until(&t, t.drained);
    edge_clear(&t);
}

static void test_drain_of_nothing(void **state)
{
    struct edge t;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    http_drain(t.server, drained, &t);
    assert_false(t.drained);            /* only from the loop */
    edge_until(&t, t.drained);
    edge_clear(&t);
}

/* In the queue of the kernel when draining began: it is told, not reset. */
static void test_drain_answers_who_waits(void **state)
{
    struct edge t;
    struct client *waiting, *started;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    started = client_open(&t);
    client_send(&t, started, SPAN("GET /sta"));
    edge_until(&t, edge_counters(&t)->bytes_in == 8);
    waiting = client_open(&t);
    assert_int_equal(send(waiting->watch.fd, HOLD, sizeof(HOLD) - 1, 0), sizeof(HOLD) - 1);
    http_drain(t.server, drained, &t);
    edge_until(&t, waiting->ended);
    assert_true(client_has(waiting, "HTTP/1.1 503 ") && client_has(waiting, "\"code\":\"draining\""));
    assert_true(client_has(waiting, "Retry-After: 1\r\n"));
    assert_int_equal(edge_counters(&t)->rejects_draining, 1);
    client_send(&t, started, SPAN("rted HTTP/1.1\r\n" H "\r\n"));
    edge_until(&t, started->ended);
    assert_true(client_has(started, "200 OK") && client_has(started, "Connection: close") && client_has(started, "/started"));
    client_close(waiting);
    client_close(started);
    edge_until(&t, t.drained);
    edge_clear(&t);
}

/* The head of this answer said nothing of an end. */
static void test_drain_in_the_middle_of_an_answer(void **state)
{
    struct edge t;
    struct client *c;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    c = client_open(&t);
    client_send(&t, c, SPAN("GET /big HTTP/1.1\r\n" H "\r\n"));
    edge_until(&t, c->in.n > 0);
    assert_true(c->in.n < BIG);
    http_drain(t.server, drained, &t);
    edge_until(&t, c->ended);
    assert_true(c->in.n > BIG);
    client_close(c);
    edge_until(&t, t.drained);
    edge_clear(&t);
}

static void test_exchange_outlives_the_server(void **state)
{
    struct edge t;
    struct client *c;
    struct err e = { .kind = E_BUSY };

    (void)state;
    for (int problem = 0; problem < 2; problem++) {
        hold(&t, &c, SPAN("POST /hold HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"));
        http_close(t.server);
        assert_true(t.held->gone);
        assert_true(span_is(t.held->body, "body"));
        if (problem)
            http_problem(t.held, &e, NULL, 0);
        else
            http_reply(t.held, 200, NULL, 0, SPAN("x"));
        t.server = NULL;
        client_close(c);
        edge_clear(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipeline_waits_for_its_turn),
        cmocka_unit_test(test_long_pipeline),
        cmocka_unit_test(test_client_goes_while_the_handler_works),
        cmocka_unit_test(test_client_resets_while_the_handler_works),
        cmocka_unit_test(test_half_closed_client_gets_its_answer),
        cmocka_unit_test(test_client_goes_in_the_middle_of_a_request),
        cmocka_unit_test(test_answer_larger_than_the_socket_takes),
        cmocka_unit_test(test_nobody_reads),
        cmocka_unit_test(test_refusal_reaches_a_client_that_sends),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_drain_of_nothing),
        cmocka_unit_test(test_drain_answers_who_waits),
        cmocka_unit_test(test_drain_in_the_middle_of_an_answer),
        cmocka_unit_test(test_exchange_outlives_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

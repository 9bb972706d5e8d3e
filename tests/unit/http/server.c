/*
 * Listening and accepting: addresses, too many clients, no descriptors left.
 */
// SPDX-License-Identifier: Apache-2.0
#include "edge.h"

#include <sys/resource.h>
#include <sys/stat.h>

#define H "Host: x\r\n"

static void test_addresses(void **state)
{
    static const struct { const char *why, *listen, *bound; enum err_kind kind; } cases[] = {
        { "IPv4, any port",     "127.0.0.1:0",              "127.0.0.1:", E_NONE  },
        { "a name",             "localhost:0",              "",           E_NONE  },
        { "no port",            "127.0.0.1",                NULL,         E_USAGE },
        { "no host",            ":8080",                    NULL,         E_USAGE },
        { "empty port",         "127.0.0.1:",               NULL,         E_USAGE },
        { "IPv6 without brackets", "::1:8080",              NULL,         E_USAGE },
        { "bracket not closed", "[::1:8080",                NULL,         E_USAGE },
        { "port is a word",     "127.0.0.1:http-alt",       NULL,         E_IO    },
        { "not our address",    "192.0.2.1:0",              NULL,         E_IO    },
        { "folder missing",     "unix:/nonexistent/socket", NULL,         E_IO    },
        { "path too long",      "unix:/tmp/0123456789012345678901234567890123456789012345678901234567890123456789"
                                "0123456789012345678901234567890123456789", NULL, E_USAGE },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct edge t;
        struct err e = { 0 };
        bool ok;

        edge_init(&t);
        t.conf.listen = cases[i].listen;
        assert_true(loop_open(&t.loop, &e));
        ok = http_open(t.loop, &t.conf, &t.server, &e);
        if (ok != (cases[i].bound != NULL) || e.kind != cases[i].kind)
            fail_msg("%s: %s %s", cases[i].why, err_info(e.kind)->name, e.message);
        if (ok)
            assert_true(span_starts(span_of(http_address(t.server)), span_of(cases[i].bound)));
        else
            assert_non_null(strstr(e.message, cases[i].listen));
        edge_clear(&t);
    }
}

static void test_address_in_use(void **state)
{
    struct edge t;
    struct http_server *second;
    struct err e = { 0 };

    (void)state;
    edge_init(&t);
    edge_open(&t);
    t.conf.listen = http_address(t.server);
    assert_false(http_open(t.loop, &t.conf, &second, &e));
    assert_int_equal(e.kind, E_IO);
    assert_non_null(strstr(e.message, t.conf.listen));
    assert_non_null(strstr(e.message, "in use"));
    edge_clear(&t);
}

static void test_unix_socket(void **state)
{
    char dir[] = "/tmp/keelson-edge-XXXXXX", listen_on[64];
    struct http_server *second;
    struct err e = { 0 };
    struct edge t;
    struct client *c;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(listen_on, sizeof(listen_on), "unix:%s/s", dir);
    edge_init(&t);
    t.conf.listen = listen_on;
    assert_int_equal(mknod(listen_on + 5, S_IFSOCK | 0600, 0), 0);      /* left behind by somebody */
    edge_open(&t);
    assert_string_equal(http_address(t.server), listen_on);
    c = client_open(&t);
    client_send(&t, c, SPAN("GET /a HTTP/1.1\r\n" H "\r\n"));
    edge_until(&t, client_has(c, "\r\n\r\n/a"));
    assert_false(http_open(t.loop, &t.conf, &second, &e));
    assert_int_equal(e.kind, E_IO);
    client_close(c);
    edge_clear(&t);
    assert_int_equal(access(listen_on + 5, F_OK), -1);
    rmdir(dir);
}

static bool seen_loopback;

static void note_peer(void *user, struct exchange *x)
{
    (void)user;
    seen_loopback = x->loopback && span_is(x->peer, "127.0.0.1");
    http_reply(x, 204, NULL, 0, SPAN_NONE);
}

static void test_peer(void **state)
{
    struct edge t;
    struct client *c;

    (void)state;
    edge_init(&t);
    t.conf.on_request = note_peer;
    edge_open(&t);
    c = client_open(&t);
    client_send(&t, c, SPAN("GET / HTTP/1.1\r\n" H "\r\n"));
    edge_until(&t, client_has(c, "204"));
    assert_true(seen_loopback);
    client_close(c);
    edge_clear(&t);
}

static void test_too_many_connections(void **state)
{
    struct edge t;
    struct client *first, *second, *third;

    (void)state;
    edge_init(&t);
    t.conf.connections = 2;
    edge_open(&t);
    first = client_open(&t);
    second = client_open(&t);
    edge_until(&t, edge_counters(&t)->connections == 2);
    third = client_open(&t);
    edge_until(&t, third->ended);
    assert_true(client_has(third, "HTTP/1.1 503 Service Unavailable\r\n") && client_has(third, "Retry-After: 1\r\n"));
    assert_true(client_has(third, "\"code\":\"overloaded\"") && client_has(third, "Connection: close\r\n"));
    assert_int_equal(edge_counters(&t)->rejects_overload, 1);
    client_close(third);
    client_close(first);
    edge_until(&t, edge_counters(&t)->connections == 1);
    third = client_open(&t);
    client_send(&t, third, SPAN("GET /a HTTP/1.1\r\n" H "\r\n"));
    edge_until(&t, client_has(third, "\r\n\r\n/a"));
    client_close(third);
    client_close(second);
    edge_clear(&t);
}

/* Far more than are even refused properly: they are cut, with an answer. */
static void test_flood(void **state)
{
    enum { FLOOD = 200 };
    struct client *flood[FLOOD];
    struct edge t;
    int answered = 0;

    (void)state;
    edge_init(&t);
    t.conf.connections = 1;
    edge_open(&t);
    for (int i = 0; i < FLOOD; i++)
        flood[i] = client_open(&t);
    edge_until(&t, edge_counters(&t)->accepted == FLOOD);
    edge_run(&t, 5 * USEC_MS);
    assert_true(edge_counters(&t)->connections <= 1 + 64);
    for (int i = 0; i < FLOOD; i++) {
        answered += client_has(flood[i], "HTTP/1.1 503 ");
        client_close(flood[i]);
    }
    assert_int_equal(answered, FLOOD - 1);
    edge_until(&t, edge_counters(&t)->connections == 0);
    edge_clear(&t);
}

static void test_no_descriptors(void **state)
{
    struct rlimit was, low;
    struct edge t;
    struct client *c, *next;
    int highest;

    (void)state;
    edge_init(&t);
    edge_open(&t);
    c = client_open(&t);                /* waits to be accepted */
    next = client_open(&t);
    highest = dup(0);
    close(highest);
    getrlimit(RLIMIT_NOFILE, &was);
    low = (struct rlimit){ .rlim_cur = (rlim_t)highest, .rlim_max = was.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    edge_until(&t, c->ended && next->ended);
    assert_true(client_has(c, "HTTP/1.1 503 ") && client_has(next, "HTTP/1.1 503 "));
    assert_int_equal(edge_counters(&t)->rejects_overload, 2);
    setrlimit(RLIMIT_NOFILE, &was);
    client_close(c);
    client_close(next);
    c = client_open(&t);
    client_send(&t, c, SPAN("GET /a HTTP/1.1\r\n" H "\r\n"));
    edge_until(&t, client_has(c, "\r\n\r\n/a"));
    client_close(c);
    edge_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_address_in_use),
        cmocka_unit_test(test_unix_socket),
        cmocka_unit_test(test_peer),
        cmocka_unit_test(test_too_many_connections),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_no_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A server with a small handler and clients on the same loop, for the tests of the edge: nothing runs beside the test, so
 * what it sees is what happened.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_TESTS_UNIT_HTTP_EDGE_H
#define KEELSON_TESTS_UNIT_HTTP_EDGE_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "base/log.h"
#include "http/reply.h"

#include <cmocka.h>                 /* last: its fail() is a macro, ours is written (fail)() below */

#define PATIENCE   (5 * USEC_S)     /* nothing here takes so long unless it is broken */
#define BODY_LIMIT (4 << 20)
#define BIG        (8 << 20)        /* more than socket buffers hold */

struct edge {
    struct loop        *loop;
    struct http_server *server;
    struct http_config  conf;
    struct timer        tick;
    struct exchange    *held;       /* the last request for /hold, to be answered by the test */
    int                 gone;       /* calls of on_gone */
    bool                drained;
};

struct client {
    struct watch watch;
    struct buf   in;
    bool         ended;             /* the server has closed */
};

/* ---- the handler ---- */

static bool edge_on_head(void *user, const struct http_head *h, size_t *body_max, struct err *e)
{
    (void)user;
    *body_max = span_is(h->path, "/small") ? 10 : BODY_LIMIT;
    if (span_is(h->path, "/refused"))
        return (fail)(e, E_MEDIA_TYPE, "not this one");
    return true;
}

static void edge_problem(struct exchange *x)
{
    static const struct http_header allow = { "Allow", SPAN("GET") };
    struct err e = { .extra = "\"current_version\":8", .retry_after_ms = 1200 };

    fault_add(&e, x->arena, "/email", "format.email", "is not an email address");
    fault_add(&e, x->arena, "", "required", "is \"empty\"");
    (fail)(&e, E_BUSY, "try again");
    http_problem(x, &e, &allow, 1);
}

static void edge_big(struct exchange *x)
{
    char *big = malloc(BIG);

    memset(big, 'b', BIG);
    big[BIG - 1] = '.';
    http_reply(x, 200, NULL, 0, (struct span){ big, BIG });
    free(big);
}

static void edge_on_request(void *user, struct exchange *x)
{
    static const struct http_header forged = { "X-Name", SPAN("a\r\nX-Forged: b") };
    static const struct http_header own[] = {
        { "Cache-Control", SPAN("max-age=60") }, { "Content-Length", SPAN("999") }, { "ETag", SPAN("\"v1\"") },
    };
    static const struct err inside = { .kind = E_INTERNAL, .message = "secret detail" };
    struct edge *t = user;

    if (span_is(x->head->path, "/hold"))
        t->held = x;
    else if (span_is(x->head->path, "/big"))
        edge_big(x);
    else if (span_is(x->head->path, "/over"))
        http_reply(x, 200, NULL, 0, (struct span){ NULL, t->conf.output_max + 1 });
    else if (span_is(x->head->path, "/forged"))
        http_reply(x, 200, &forged, 1, SPAN("body"));
    else if (span_is(x->head->path, "/own"))
        http_reply(x, 200, own, ARRAY_LEN(own), SPAN("body"));
    else if (span_is(x->head->path, "/unchanged"))
        http_reply(x, 304, NULL, 0, SPAN_NONE);
    else if (span_is(x->head->path, "/empty"))
        http_reply(x, 204, NULL, 0, SPAN_NONE);
    else if (span_is(x->head->path, "/problem"))
        edge_problem(x);
    else if (span_is(x->head->path, "/inside"))
        http_problem(x, &inside, NULL, 0);
    else
        http_reply(x, 200, NULL, 0, x->body.n ? x->body : x->head->path);
}

static void edge_on_gone(void *user, struct exchange *x)
{
    struct edge *t = user;

    assert_true(x->gone);
    t->gone++;
}

/* ---- time ---- */

static void edge_tick(struct timer *t)
{
    loop_stop(CONTAINER(t, struct edge, tick)->loop);
}

static inline void edge_run(struct edge *t, usec how_long)
{
    loop_timer(t->loop, &t->tick, clock_now() + how_long);
    loop_run(t->loop);
}

/* Let the loop run until the condition holds. */
#define edge_until(t, condition) \
    do { \
        deadline give_up = clock_now() + PATIENCE; \
        while (!(condition) && clock_now() < give_up) \
            edge_run((t), USEC_MS); \
        if (!(condition)) \
            fail_msg("waited in vain for: %s", #condition); \
    } while (0)

/* ---- the server ---- */

static inline void edge_open(struct edge *t)
{
    struct err e = { 0 };

    if (!t->loop && !loop_open(&t->loop, &e))
        fail_msg("%s", e.message);
    if (!http_open(t->loop, &t->conf, &t->server, &e))
        fail_msg("%s", e.message);
    t->tick.fire = edge_tick;
}

static inline void edge_init(struct edge *t)
{
    *t = (struct edge){ 0 };
    t->conf = (struct http_config){
        .listen = "127.0.0.1:0", .connections = 1000, .header_timeout = 10 * USEC_S, .body_timeout = 10 * USEC_S,
        .idle_timeout = 60 * USEC_S, .write_timeout = 10 * USEC_S, .output_max = BIG, .user = t,
        .on_head = edge_on_head, .on_request = edge_on_request, .on_gone = edge_on_gone,
    };
    log_setup(LOG_ERROR + 1, LOG_LOGFMT);
}

static inline void edge_clear(struct edge *t)
{
    http_close(t->server);
    loop_untimer(&t->tick);
    loop_close(t->loop);
}

static inline const struct http_counters *edge_counters(const struct edge *t)
{
    return http_counters(t->server);
}

/* ---- clients ---- */

static void client_ready(struct watch *w, int events)
{
    struct client *c = CONTAINER(w, struct client, watch);
    char *room = buf_reserve(&c->in, 65536);
    ssize_t n = read(w->fd, room, 65536);

    (void)events;
    if (n > 0) {
        c->in.n += (size_t)n;
    } else if (n == 0 || errno != EAGAIN) {
        c->ended = true;
        loop_unwatch(w);
    }
}

static int client_connect(const char *address)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    bool local = strncmp(address, "unix:", 5) == 0;
    int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    if (local) {
        snprintf(un.sun_path, sizeof(un.sun_path), "%s", address + 5);
        assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
    } else {
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        in.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
        assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static inline struct client *client_open(struct edge *t)
{
    struct client *c = calloc(1, sizeof(*c));

    c->in = BUF(64 << 20);
    c->watch = (struct watch){ .fd = client_connect(http_address(t->server)), .ready = client_ready };
    loop_watch(t->loop, &c->watch, LOOP_READ);
    return c;
}

static inline void client_close(struct client *c)
{
    loop_unwatch(&c->watch);
    close(c->watch.fd);
    buf_free(&c->in);
    free(c);
}

static inline bool client_has(struct client *c, const char *text)
{
    return strstr(buf_cstr(&c->in), text) != NULL;
}

/* All of it, while the loop runs whenever the socket is full; false: the server has closed before that. */
static inline bool client_send(struct edge *t, struct client *c, struct span s)
{
    while (s.n && !c->ended) {
        ssize_t n = send(c->watch.fd, s.p, s.n, MSG_NOSIGNAL);

        if (n < 0 && errno != EAGAIN)
            break;
        if (n > 0)
            s = span_drop(s, (size_t)n);
        edge_run(t, n > 0 ? 0 : USEC_MS);
    }
    return s.n == 0;
}

#endif

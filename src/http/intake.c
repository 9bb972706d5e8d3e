/*
 * From bytes to an exchange: reads head and body under limits and deadlines and hands the request over, or refuses it.
 *
 * A small body stays where it arrived, behind the head; a larger one is read straight into a buffer that grows with
 * what has come, never with what was announced.  While the handler works only what is left of in[] is read ahead.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/intake.h"

#include "http/connection.h"
#include "http/reply.h"

#define BODY_RATE      1024         /* bytes per second, once body_timeout has passed */
#define BODY_STEP      (256 << 10)  /* most that is read at once */
#define REQUEST_ID_MAX 128

/* ---- the exchange ---- */

static bool request_id_valid(struct span id)
{
    if (id.n == 0 || id.n > REQUEST_ID_MAX)
        return false;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i], letter = (char)(c | 0x20);

        if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

static void exchange_init(struct connection *c)
{
    struct work *w = c->work;
    struct exchange *x = &w->x;
    struct span id = http_field(&w->head, "Request-Id", NULL);

    if (!request_id_valid(id)) {
        struct uuid u = uuid_v7();

        uuid_format(&u, w->id);
        id = (struct span){ w->id, UUID_TEXT };
    }
    *x = (struct exchange){
        .arena = &w->arena, .head = &w->head, .body = SPAN_NONE, .request_id = id,
        .peer = span_of(c->peer), .loopback = c->loopback, .arrived = loop_now(c->server->loop),
    };
}

static void count_reject(struct http_counters *n, enum err_kind kind, bool body)
{
    switch (kind) {
    case E_SLOW_CLIENT:
        *(body ? &n->rejects_body_timeout : &n->rejects_headers_timeout) += 1;
        break;
    case E_TOO_LARGE:
    case E_URI:
    case E_HEADERS:
        n->rejects_too_large++;
        break;
    case E_DRAINING:
        n->rejects_draining++;
        break;
    case E_MALFORMED:
    case E_HTTP_VERSION:
    case E_EXPECT:
    case E_NOT_IMPLEMENTED:
        n->rejects_malformed++;
        break;
    default:
        break;                      /* on_head's own reasons are the caller's to count */
    }
}

/* The last answer on this connection, and it is ours. */
static void refuse(struct connection *c, const struct err *e)
{
    count_reject(&c->server->counters, e->kind, c->state == CONN_BODY);
    c->close = c->unread = true;
    c->work->behind = c->work->n;
    connection_become(c, CONN_HANDLER);
    connection_deadline(c, 0);
    exchange_init(c);
    http_problem(&c->work->x, e, NULL, 0);
}

/* "OPTIONS *" asks what the server can do as a whole, which is this. */
static void answer_asterisk(struct exchange *x)
{
    static const struct http_header allow = { "Allow", SPAN("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") };

    http_reply(x, 204, &allow, 1, SPAN_NONE);
}

static bool is_asterisk(const struct work *w)
{
    return span_is(w->head.path, "*");
}

static void hand_over(struct connection *c, struct span body)
{
    struct http_server *s = c->server;
    struct work *w = c->work;

    connection_become(c, CONN_HANDLER);
    connection_deadline(c, 0);
    exchange_init(c);
    w->x.body = body;
    s->counters.requests++;
    if (is_asterisk(w))
        answer_asterisk(&w->x);
    else
        s->conf.on_request(s->conf.user, &w->x);
}

/* ---- bodies ---- */

static bool body_fits_behind_head(const struct work *w)
{
    return w->head_len + w->head.length <= WORK_IN_SIZE;
}

static enum http_result take_length(struct work *w, struct span *body)
{
    size_t have = w->n - w->head_len;

    if (body_fits_behind_head(w)) {
        *body = (struct span){ w->in + w->head_len, (size_t)w->head.length };
        w->behind = w->head_len + (size_t)w->head.length;
        return have >= w->head.length ? HTTP_OK : HTTP_MORE;
    }
    buf_add(&w->body, (struct span){ w->in + w->head_len, have });      /* what came with the head */
    w->n = w->behind = w->head_len;
    *body = buf_span(&w->body);
    return w->body.n == w->head.length ? HTTP_OK : HTTP_MORE;
}

/* Everything behind the head is consumed, except what follows the end of the body. */
static enum http_result take_chunks(struct work *w, struct span *body, struct err *e)
{
    size_t at = w->head_len;
    enum http_result r = HTTP_MORE;

    while (r == HTTP_MORE && at < w->n) {
        struct span data;
        size_t used;

        r = http_parse_chunks(&w->chunks, (struct span){ w->in + at, w->n - at }, &data, &used, e);
        at += used;
        if (r != HTTP_BAD && data.n + w->chunks.left > w->body.max - w->body.n) {
            fail(e, E_TOO_LARGE, "the body is larger than %zu bytes", w->body_max);
            return HTTP_BAD;
        }
        buf_add(&w->body, data);
    }
    memmove(w->in + w->head_len, w->in + at, w->n - at);
    w->n -= at - w->head_len;
    w->behind = w->head_len;
    *body = buf_span(&w->body);
    return r;
}

/* A pause may be so long, and the whole must not be slower than BODY_RATE. */
static void body_deadline(struct connection *c)
{
    const struct work *w = c->work;
    usec now = loop_now(c->server->loop), patience = c->server->conf.body_timeout;
    uint64_t received = w->body.n ? w->body.n : w->n - w->head_len;
    usec by_rate = c->began + patience + (usec)(received * USEC_S / BODY_RATE);

    connection_deadline(c, now + patience < by_rate ? now + patience : by_rate);
}

static void advance_body(struct connection *c)
{
    struct err e = { 0 };
    struct span body;
    enum http_result r = c->work->head.chunked ? take_chunks(c->work, &body, &e) : take_length(c->work, &body);

    if (r == HTTP_BAD)
        refuse(c, &e);
    else if (r == HTTP_MORE)
        body_deadline(c);
    else
        hand_over(c, body);
}

static void begin_body(struct connection *c)
{
    static const struct span go_on = SPAN("HTTP/1.1 100 Continue\r\n\r\n");
    struct work *w = c->work;

    connection_become(c, CONN_BODY);
    c->began = loop_now(c->server->loop);
    w->chunks = (struct http_chunks){ 0 };
    w->body = BUF(w->head.chunked ? w->body_max : (size_t)w->head.length);
    if (w->head.expect_continue && w->n == w->head_len && !connection_interim(c, go_on)) {
        connection_close(c);
        return;
    }
    advance_body(c);
}

/* ---- heads ---- */

static bool head_allowed(struct connection *c, struct err *e)
{
    struct http_server *s = c->server;
    struct work *w = c->work;

    w->body_max = 0;
    if (c->too_late) {
        e->retry_after_ms = 1000;
        return fail(e, E_DRAINING, "this server is shutting down");
    }
    if (!w->head.method)
        return fail(e, E_NOT_IMPLEMENTED, "the method %.*s is not known", SPAN_ARG(w->head.method_text));
    if (!is_asterisk(w) && !s->conf.on_head(s->conf.user, &w->head, &w->body_max, e))
        return false;
    if (w->head.length > w->body_max)
        return fail(e, E_TOO_LARGE, "the body is larger than %zu bytes", w->body_max);
    return true;
}

/* The parser keeps no state, so it is only asked when a line has ended: a trickle of bytes costs nothing. */
static bool worth_parsing(struct work *w)
{
    bool worth = w->searched == 0 || memchr(w->in + w->searched, '\n', w->n - w->searched) || w->n >= HTTP_HEAD_MAX;

    w->searched = w->n;
    return worth;
}

void intake_advance(struct connection *c)
{
    struct http_server *s = c->server;
    struct work *w = c->work;
    struct err e = { 0 };
    enum http_result r = HTTP_MORE;

    if (worth_parsing(w))
        r = http_parse_head((struct span){ w->in, w->n }, &w->head, &w->head_len, &e);
    if (r == HTTP_MORE) {
        connection_deadline(c, c->began + s->conf.header_timeout);
        return;
    }
    c->close = !w->head.keep_alive;
    w->behind = w->head_len;
    if (r == HTTP_BAD || !head_allowed(c, &e))
        refuse(c, &e);
    else if (w->head.chunked || w->head.length > 0)
        begin_body(c);
    else
        hand_over(c, SPAN_NONE);
}

void intake_late(struct connection *c)
{
    struct err e = { 0 };

    fail(&e, E_SLOW_CLIENT, "the %s did not arrive in time", c->state == CONN_BODY ? "body" : "head of the request");
    refuse(c, &e);
}

/* ---- reading ---- */

/* A large body of known length goes straight to its buffer. */
static bool read_large(struct connection *c, ssize_t *got)
{
    struct work *w = c->work;
    size_t left = (size_t)w->head.length - w->body.n;
    size_t step = left < BODY_STEP ? left : BODY_STEP;

    *got = connection_receive(c, buf_reserve(&w->body, step), step);
    if (*got > 0)
        w->body.n += (size_t)*got;
    return *got > 0;
}

static bool read_some(struct connection *c, ssize_t *got)
{
    struct work *w = c->work;

    if (c->state == CONN_BODY && !w->head.chunked && !body_fits_behind_head(w))
        return read_large(c, got);
    *got = connection_receive(c, w->in + w->n, WORK_IN_SIZE - w->n);
    if (*got > 0)
        w->n += (size_t)*got;
    return *got > 0;
}

void intake_read(struct connection *c)
{
    ssize_t got;

    if (c->state == CONN_IDLE)
        c->work = work_acquire(c->server, c);
    if (!read_some(c, &got)) {
        if (got < 0) {
            connection_close(c);
        } else if (c->state == CONN_IDLE) {
            work_release(c->server, c->work);
            c->work = NULL;
        }
        return;
    }
    if (c->state == CONN_BODY) {
        advance_body(c);
        return;
    }
    if (c->state == CONN_IDLE) {
        connection_become(c, CONN_HEAD);
        c->began = loop_now(c->server->loop);
        c->too_late = c->server->draining;
    }
    intake_advance(c);
}

void intake_ahead(struct connection *c)
{
    struct http_server *s = c->server;
    struct work *w = c->work;
    ssize_t got = w->n < WORK_IN_SIZE ? connection_receive(c, w->in + w->n, WORK_IN_SIZE - w->n) : 0;

    if (got > 0)
        w->n += (size_t)got;
    if (got < 0 || w->n == WORK_IN_SIZE)
        loop_watch(s->loop, &c->watch, 0);      /* level-triggered: it would report the same again and again */
    if (got >= 0 || c->eof)
        return;
    c->eof = w->x.gone = true;
    if (s->conf.on_gone)
        s->conf.on_gone(s->conf.user, &w->x);
}

/*
 * The life of a connection: states, deadline, events, writing, closing.  Requests are made in intake.c.
 *
 * Two system calls serve a request on a connection that is kept alive: one to read it, one to write the answer.  What
 * is watched changes only when a buffer is full; the timer only when a deadline comes closer.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/connection.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "http/intake.h"

#define LINGER_TIME       (5 * USEC_S)  /* for the client to read why it was refused */
#define LINGER_TIME_DRAIN (1 * USEC_S)

#define TO(state) (1u << CONN_##state)

static const unsigned successors[] = {
    [CONN_IDLE]    = TO(HEAD) | TO(LINGER) | TO(CLOSED),
    [CONN_HEAD]    = TO(BODY) | TO(HANDLER) | TO(CLOSED),
    [CONN_BODY]    = TO(HANDLER) | TO(CLOSED),
    [CONN_HANDLER] = TO(IDLE) | TO(HEAD) | TO(WRITING) | TO(LINGER) | TO(CLOSED),
    [CONN_WRITING] = TO(IDLE) | TO(HEAD) | TO(LINGER) | TO(CLOSED),
    [CONN_LINGER]  = TO(CLOSED),
    [CONN_CLOSED]  = 0,
};

void connection_become(struct connection *c, enum conn_state to)
{
    assert(successors[c->state] & 1u << to);
    if (c->state == CONN_HANDLER)
        c->server->counters.inflight--;
    if (to == CONN_HANDLER)
        c->server->counters.inflight++;
    c->state = to;
}

void connection_deadline(struct connection *c, deadline until)
{
    c->until = until;
    if (until && (!c->timer.heap || c->timer.at > until))
        loop_timer(c->server->loop, &c->timer, until);
}

/* ---- the end ---- */

static void leave_all(struct connection *c)
{
    struct http_server *s = c->server;

    if (c->prev)
        c->prev->next = c->next;
    else
        s->all = c->next;
    if (c->next)
        c->next->prev = c->prev;
    s->counters.connections--;
}

static void let_go(struct connection *c)
{
    leave_all(c);
    loop_untimer(&c->timer);
    loop_unwatch(&c->watch);
    close(c->watch.fd);
    buf_free(&c->out);
}

void connection_close(struct connection *c)
{
    struct http_server *s = c->server;

    if (c->work)
        work_release(s, c->work);
    c->work = NULL;
    let_go(c);
    connection_become(c, CONN_CLOSED);
    c->next = s->dead;
    s->dead = c;
    loop_defer(s->loop, &s->turn);
}

void connection_abandon(struct connection *c)
{
    struct work *w = c->work;

    if (c->state == CONN_HANDLER) {
        w->c = NULL;
        w->x.gone = true;
    } else if (w) {
        work_release(c->server, w);
    }
    let_go(c);
    free(c);
}

/* Closing at once would make the kernel answer unread bytes with a reset, which can destroy our answer on its way. */
void connection_linger(struct connection *c)
{
    struct http_server *s = c->server;

    if (c->work)
        work_release(s, c->work);
    c->work = NULL;
    buf_free(&c->out);
    connection_become(c, CONN_LINGER);
    shutdown(c->watch.fd, SHUT_WR);
    loop_watch(s->loop, &c->watch, LOOP_READ);
    connection_deadline(c, loop_now(s->loop) + (s->draining ? LINGER_TIME_DRAIN : LINGER_TIME));
}

static void drop_input(struct connection *c)
{
    char sink[16384];

    if (connection_receive(c, sink, sizeof(sink)) < 0)
        connection_close(c);
}

/* ---- the answer ---- */

/* Bytes behind the request are the start of the next one; it has its turn after what else happened in this one. */
static void next_in_line(struct connection *c, size_t rest)
{
    struct http_server *s = c->server;
    struct work *w = c->work;

    memmove(w->in, w->in + w->behind, rest);
    work_reset(w);
    w->n = rest;
    w->searched = 0;
    connection_become(c, CONN_HEAD);
    c->began = loop_now(s->loop);
    if (c->queued)
        return;
    c->queued = true;
    c->next_ready = NULL;
    *s->ready_end = c;
    s->ready_end = &c->next_ready;
    loop_defer(s->loop, &s->turn);
}

static void become_idle(struct connection *c)
{
    struct http_server *s = c->server;

    work_release(s, c->work);
    c->work = NULL;
    connection_become(c, CONN_IDLE);
    connection_deadline(c, loop_now(s->loop) + s->conf.idle_timeout);
}

/* The answer is out: what now? */
static void answered(struct connection *c)
{
    struct work *w = c->work;
    size_t rest = w->n - w->behind;

    c->close |= c->server->draining;
    if (c->broken || (c->eof && rest == 0)) {
        connection_close(c);
    } else if (c->close) {
        /* A client that asked for the end knows that it has sent everything. */
        if (c->unread || rest > 0 || w->head.keep_alive)
            connection_linger(c);
        else
            connection_close(c);
    } else {
        buf_free(&c->out);
        loop_watch(c->server->loop, &c->watch, LOOP_READ);
        if (rest == 0)
            become_idle(c);
        else
            next_in_line(c, rest);
    }
}

/* How much of it the socket took; -1: the client is not there any more. */
static ssize_t transmit(struct connection *c, struct iovec *iov, size_t n)
{
    struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
    ssize_t sent;

    do
        sent = sendmsg(c->watch.fd, &m, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    c->server->counters.bytes_out += (uint64_t)sent;
    return sent;
}

static void keep_rest(struct connection *c, struct span head, struct span body, size_t sent)
{
    size_t of_head = sent < head.n ? sent : head.n;

    c->out = BUF(head.n + body.n);
    buf_add(&c->out, span_drop(head, of_head));
    buf_add(&c->out, span_drop(body, sent - of_head));
    c->sent = 0;
    connection_become(c, CONN_WRITING);
    loop_watch(c->server->loop, &c->watch, LOOP_WRITE);
    connection_deadline(c, loop_now(c->server->loop) + c->server->conf.write_timeout);
}

void connection_send(struct connection *c, struct span head, struct span body)
{
    struct iovec iov[2] = { { (void *)head.p, head.n }, { (void *)body.p, body.n } };
    ssize_t sent = c->broken ? -1 : transmit(c, iov, body.n ? 2 : 1);

    c->broken = sent < 0;
    if (sent >= 0 && (size_t)sent < head.n + body.n)
        keep_rest(c, head, body, (size_t)sent);
    else
        answered(c);
}

static void send_rest(struct connection *c)
{
    struct iovec iov = { c->out.p + c->sent, c->out.n - c->sent };
    ssize_t sent = transmit(c, &iov, 1);

    c->broken = sent < 0;
    if (sent > 0) {
        c->sent += (size_t)sent;
        connection_deadline(c, loop_now(c->server->loop) + c->server->conf.write_timeout);
    }
    if (c->broken || c->sent == c->out.n)
        answered(c);
}

bool connection_interim(struct connection *c, struct span line)
{
    struct iovec iov = { (void *)line.p, line.n };

    return transmit(c, &iov, 1) == (ssize_t)line.n;
}

/* ---- events ---- */

ssize_t connection_receive(struct connection *c, char *p, size_t n)
{
    ssize_t got;

    do
        got = recv(c->watch.fd, p, n, 0);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        c->server->counters.bytes_in += (uint64_t)got;
        return got;
    }
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
}

/* Reset, or closed both ways.  The exchange of a handler stays until it is answered. */
static void hang_up(struct connection *c)
{
    struct http_server *s = c->server;

    if (c->state != CONN_HANDLER) {
        connection_close(c);
        return;
    }
    c->broken = true;
    loop_unwatch(&c->watch);
    if (c->work->x.gone)
        return;
    c->work->x.gone = true;
    if (s->conf.on_gone)
        s->conf.on_gone(s->conf.user, &c->work->x);
}

static void ready(struct watch *watch, int events)
{
    struct connection *c = CONTAINER(watch, struct connection, watch);

    if (events & LOOP_HANGUP) {
        hang_up(c);
        return;
    }
    switch (c->state) {
    case CONN_IDLE:
    case CONN_HEAD:
    case CONN_BODY:
        intake_read(c);
        break;
    case CONN_HANDLER:
        intake_ahead(c);
        break;
    case CONN_WRITING:
        send_rest(c);
        break;
    case CONN_LINGER:
        drop_input(c);
        break;
    case CONN_CLOSED:
        break;
    }
}

static void late(struct connection *c)
{
    switch (c->state) {
    case CONN_HEAD:
    case CONN_BODY:
        intake_late(c);
        break;
    case CONN_WRITING:
        c->server->counters.write_stalls++;
        connection_close(c);
        break;
    case CONN_IDLE:
    case CONN_LINGER:
        connection_close(c);
        break;
    case CONN_HANDLER:
    case CONN_CLOSED:
        break;
    }
}

static void fire(struct timer *t)
{
    struct connection *c = CONTAINER(t, struct connection, timer);

    if (c->until && c->until <= loop_now(c->server->loop))
        late(c);
    else if (c->until)
        loop_timer(c->server->loop, t, c->until);
}

struct connection *connection_open(struct http_server *s, int fd, const char *peer, bool loopback)
{
    struct connection *c = calloc(1, sizeof(*c));

    if (!c)
        err_die("out of memory: no room for a connection");
    c->server = s;
    c->watch = (struct watch){ .fd = fd, .ready = ready };
    c->timer.fire = fire;
    c->loopback = loopback;
    memcpy(c->peer, peer, strnlen(peer, sizeof(c->peer) - 1));
    c->next = s->all;
    if (s->all)
        s->all->prev = c;
    s->all = c;
    s->counters.connections++;
    loop_watch(s->loop, &c->watch, LOOP_READ);
    connection_deadline(c, loop_now(s->loop) + s->conf.idle_timeout);
    return c;
}

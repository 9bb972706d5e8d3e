/*
 * Two sockets and what lies between them.  A client's batch waits for its end, since only then is it known whose it is; a direction
 * that is held keeps reading, so that an end is noticed, up to a limit.  The end of one side reaches the other after its last bytes.
 */
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prove/proxy_parts.h"

#define BUFFER_MOST (WIRE_MESSAGE_MOST + (size_t)1024 * 1024)
#define READ_STEP   ((size_t)64 * 1024)

/* ---- sockets ---- */

static void end_close(struct proxy_end *x, bool reset)
{
    struct linger now = { .l_onoff = 1 };

    loop_unwatch(&x->watch);
    if (x->watch.fd < 0)
        return;
    if (reset)
        setsockopt(x->watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(x->watch.fd);
    x->watch.fd = -1;
}

void proxy_pair_close(struct proxy_pair *c, bool reset)
{
    struct proxy *p = c->proxy;
    int busy = c->tap.ours;

    loop_untimer(&c->timer);
    proxy_gate_backend(p, c->pid, false);
    for (int i = 0; i < WIRE_SIDES; i++) {
        busy += c->hold[i] != HOLD_NONE;
        end_close(&c->ends[i], reset);
        buf_free(&c->ends[i].in);
        buf_free(&c->ends[i].out);
    }
    *(c->prev ? &c->prev->next : &p->pairs) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    free(c);
    if (busy)
        proxy_gate_busy(p, -busy);
}

static void watch(struct proxy_end *x)
{
    bool writes = x->connecting || x->out.n > 0;
    bool reads = !x->eof && !x->connecting && !x->pair->ending && x->in.n < BUFFER_MOST;

    if (x->watch.fd < 0)
        return;
    if ((x->eof && x->deaf) || (x->eof && x->told && !writes))
        loop_unwatch(&x->watch);                /* nothing but its hangup is left to be heard, again and again */
    else
        loop_watch(x->pair->proxy->loop, &x->watch, (reads ? LOOP_READ : 0) | (writes ? LOOP_WRITE : 0));
}

static void write_out(struct proxy_end *x)
{
    ssize_t n;

    if (x->connecting || x->watch.fd < 0)
        return;
    if (x->deaf)
        buf_clear(&x->out);
    while (x->out.n > 0) {
        n = send(x->watch.fd, x->out.p, x->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0) {
            x->deaf = true;                     /* what it has said is still to be passed on */
            buf_clear(&x->out);
            return;
        }
        buf_consume(&x->out, (size_t)n);
    }
}

static void read_in(struct proxy_end *x)
{
    char *room;
    ssize_t n;

    while (!x->eof && x->in.n < BUFFER_MOST && (room = buf_reserve(&x->in, READ_STEP))) {
        n = recv(x->watch.fd, room, READ_STEP, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n > 0) {
            x->in.n += (size_t)n;
            continue;
        }
        x->eof = true;                          /* a reset, too: what came before it counts */
        x->deaf = x->deaf || n < 0;
    }
}

/* ---- one message ---- */

static void startup_seen(struct proxy *p, const struct wire_message *m)
{
    struct span name = wire_startup_value(m, "application_name"), word = SPAN_NONE;

    if (!span_starts(name, SPAN("keelson lane ")))
        return;
    word = span_drop(name, sizeof("keelson lane ") - 1);
    if (word.n == 0 || word.n >= PROXY_TAG)
        return;
    pthread_mutex_lock(&p->lock);
    memcpy(p->tag, word.p, word.n);
    p->tag[word.n] = '\0';
    pthread_mutex_unlock(&p->lock);
}

/* False: nothing more of this side goes for now. */
static bool obey(struct proxy_end *x, const struct wire_message *m, enum proxy_verdict v)
{
    struct proxy_pair *c = x->pair;

    x->asked = v == GATE_HOLD;
    c->ending = c->ending || v == GATE_END || v == GATE_RESET;
    c->reset = c->reset || v == GATE_RESET;
    if (v != GATE_PASS)
        return false;
    buf_add(&c->ends[!x->side].out, m->bytes);
    buf_consume(&x->in, m->bytes.n);
    return true;
}

static enum proxy_verdict ask(struct proxy_end *x, const struct wire_message *m)
{
    return x->asked || !x->pair->tap.ours ? GATE_PASS : proxy_gate(x->pair, x->side, m);
}

/* ---- the client's side ---- */

/* Look further for the end of a batch. */
static bool batch_find(struct proxy_end *x, struct wire_message *m)
{
    enum wire_result r;

    while ((r = wire_next(&x->wire, span_drop(buf_span(&x->in), x->seen), m)) == WIRE_MESSAGE) {
        x->seen += m->bytes.n;
        x->syncs += m->kind == WIRE_TYPED && m->type == 'S';
        if (tap_batch_ends(m))
            return true;
    }
    x->pair->ending = x->pair->ending || r == WIRE_BROKEN;
    return false;
}

/* Before a session there is nothing to be told apart. */
static void preamble(struct proxy_end *x, const struct wire_message *m)
{
    if (m->kind == WIRE_ENCRYPTION)
        buf_char(&x->out, 'N');
    else
        buf_add(&x->pair->ends[WIRE_SERVER].out, m->bytes);
    startup_seen(x->pair->proxy, m);
    x->seen -= m->bytes.n;
    buf_consume(&x->in, m->bytes.n);
}

/* A batch is whole: whose is it? */
static void batch_begin(struct proxy_end *x)
{
    struct proxy_pair *c = x->pair;
    bool before = c->tap.ours;

    if (tap_batch(&c->tap, (struct span){ x->in.p, x->seen }, x->syncs, span_of(c->proxy->config.marker)) && !before)
        proxy_gate_conversation(c->proxy);
    x->syncs = 0;
    x->passing = true;
}

static bool batch_pass(struct proxy_end *x)
{
    struct wire again = { .side = WIRE_CLIENT, .started = true };
    struct wire_message m;

    while (x->seen > 0 && wire_next(&again, buf_span(&x->in), &m) == WIRE_MESSAGE) {
        if (!obey(x, &m, ask(x, &m)))
            return false;
        x->seen -= m.bytes.n;
    }
    x->passing = false;
    return true;
}

static void client_move(struct proxy_end *x)
{
    struct wire_message m;

    if (x->pair->hold[WIRE_CLIENT] != HOLD_NONE || x->pair->ending || (x->passing && !batch_pass(x)))
        return;
    while (batch_find(x, &m)) {
        if (m.kind != WIRE_TYPED) {
            preamble(x, &m);
            continue;
        }
        batch_begin(x);
        if (!batch_pass(x))
            return;
    }
}

/* ---- the server's side ---- */

static void server_move(struct proxy_end *x)
{
    struct proxy_pair *c = x->pair;
    struct wire_message m;
    enum wire_result r = WIRE_MORE;

    while (c->hold[WIRE_SERVER] == HOLD_NONE && !c->ending && (r = wire_next(&x->wire, buf_span(&x->in), &m)) == WIRE_MESSAGE) {
        int pid = wire_backend_pid(&m);
        bool was = c->tap.ours;
        enum proxy_verdict v;

        if (pid != 0)
            proxy_gate_backend(c->proxy, c->pid = pid, true);
        v = ask(x, &m);
        if (v == GATE_PASS && was && tap_answer(&c->tap, &m) && !c->tap.ours)
            proxy_gate_busy(c->proxy, -1);
        if (!obey(x, &m, v))
            return;
    }
    c->ending = c->ending || r == WIRE_BROKEN;
}

/* ---- both ---- */

/* Its last bytes are with the other side: so is then its end.  A beginning of a message goes as it is. */
static void pass_end(struct proxy_pair *c, enum wire_side from)
{
    struct proxy_end *x = &c->ends[from], *to = &c->ends[!from];

    if (!x->eof || c->hold[from] != HOLD_NONE || to->told || to->connecting)
        return;
    buf_add(&to->out, buf_span(&x->in));
    buf_clear(&x->in);
    write_out(to);
    if (to->out.n > 0)
        return;
    to->told = true;
    shutdown(to->watch.fd, SHUT_WR);
    c->ending = c->ending || from == WIRE_SERVER;       /* a backend that has gone hears nothing */
}

static bool over(const struct proxy_pair *c)
{
    bool held = c->hold[WIRE_CLIENT] != HOLD_NONE || c->hold[WIRE_SERVER] != HOLD_NONE;
    bool written = c->ends[WIRE_CLIENT].out.n == 0 && c->ends[WIRE_SERVER].out.n == 0;

    return c->reset || (written && (c->ending || (!held && c->ends[WIRE_CLIENT].eof && c->ends[WIRE_SERVER].eof)));
}

static void move(struct proxy_pair *c)
{
    client_move(&c->ends[WIRE_CLIENT]);
    server_move(&c->ends[WIRE_SERVER]);
    for (int i = 0; i < WIRE_SIDES; i++)
        write_out(&c->ends[i]);
    for (int i = 0; i < WIRE_SIDES && !c->ending; i++)
        pass_end(c, (enum wire_side)i);
    if (over(c)) {
        proxy_pair_close(c, c->reset);
        return;
    }
    for (int i = 0; i < WIRE_SIDES; i++)
        watch(&c->ends[i]);
}

static void connected(struct proxy_end *x)
{
    int error = 0;
    socklen_t n = sizeof error;

    x->connecting = false;
    if (getsockopt(x->watch.fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error != 0)
        x->deaf = x->eof = x->pair->ending = true;
}

static void ready(struct watch *w, int events)
{
    struct proxy_end *x = CONTAINER(w, struct proxy_end, watch);

    if (x->connecting)
        connected(x);
    if (events & (LOOP_READ | LOOP_HANGUP))
        read_in(x);
    if (events & LOOP_HANGUP)
        x->eof = x->deaf = true;
    move(x->pair);
}

static void unhold(struct proxy_pair *c, enum proxy_hold which)
{
    bool any = false;

    for (int i = 0; i < WIRE_SIDES; i++)
        if (c->hold[i] == which) {
            c->hold[i] = HOLD_NONE;
            proxy_gate_busy(c->proxy, -1);
            any = true;
        }
    if (any)
        move(c);
}

void proxy_pair_lift(struct proxy_pair *c)
{
    unhold(c, HOLD_STALL);
}

static void delayed(struct timer *t)
{
    unhold(CONTAINER(t, struct proxy_pair, timer), HOLD_DELAY);
}

/* ---- a new one ---- */

static void end_init(struct proxy_pair *c, enum wire_side side, int fd)
{
    int on = 1;

    c->ends[side] = (struct proxy_end){
        .pair = c, .side = side, .wire = { .side = side }, .in = BUF(BUFFER_MOST + READ_STEP), .out = BUF(BUFFER_MOST),
        .watch = { .fd = fd, .ready = ready }, .connecting = side == WIRE_SERVER,
    };
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);      /* refused by a unix socket, which has no delay */
}

void proxy_pair_accept(struct proxy *p, int fd)
{
    const struct proxy_config *o = &p->config;
    int server = socket(o->server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct proxy_pair *c = calloc(1, sizeof *c);

    if (!c)
        err_die("out of memory");
    c->proxy = p;
    c->timer.fire = delayed;
    c->next = p->pairs;
    if (c->next)
        c->next->prev = c;
    p->pairs = c;
    end_init(c, WIRE_CLIENT, fd);
    end_init(c, WIRE_SERVER, server);
    if (server < 0 || (connect(server, (const struct sockaddr *)&o->server, o->server_n) != 0 && errno != EINPROGRESS)) {
        proxy_pair_close(c, true);
        return;
    }
    watch(&c->ends[WIRE_CLIENT]);
    watch(&c->ends[WIRE_SERVER]);
}

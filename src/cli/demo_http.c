/*
 * Connections poll for their part of the work until all of it is done.  A request that may be repeated without harm is repeated
 * when the service said that it is busy, or said nothing at all.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/uuid.h"

#define CONNECTIONS_MAX 32
#define REQUEST_MAX     ((size_t)32 * 1024 * 1024)
#define READ_STEP       ((size_t)64 * 1024)
#define PAUSE_LEAST     (100 * USEC_MS)
#define PAUSE_MOST      (4 * USEC_S)
#define ANSWER_LIMIT    (60 * USEC_S)          /* without a byte; a lost service must not hold us for ever */

struct link {
    int                  fd;            /* -1: not connected */
    struct demo_request *request;       /* NULL: idle */
    char                 key[UUID_TEXT + 1];    /* Idempotency-Key, the same for every attempt */
    struct buf           out;
    size_t               sent;
    struct buf           in;
    usec                 began;         /* first attempt */
    usec                 moved;         /* last byte either way */
    usec                 not_before;    /* the next attempt, 0: under way */
    usec                 pause;
};

struct demo_http {
    struct sockaddr_storage address;
    socklen_t    address_n;
    char         host[256], port[16];
    char        *authorization;         /* a whole line, "" without a key */
    usec         patience;
    bool         reached;               /* once; before that, who does not answer is not there */
    struct link  links[CONNECTIONS_MAX];
    int          nlinks;
};

/* ---- where ---- */

static bool url_parse(struct demo_http *h, const char *url, struct err *e)
{
    struct span rest = span_of(url), port;

    if (!span_starts(rest, SPAN("http://")))
        return fail(e, E_USAGE, "--url: only http://HOST:PORT is understood");
    rest = span_drop(rest, 7);
    while (rest.n > 0 && rest.p[rest.n - 1] == '/')
        rest.n--;
    port = rest;
    if (rest.n > 0 && rest.p[0] == '[') {
        rest = span_cut(&port, ']');
        rest = span_drop(rest, 1);
        port = port.n > 0 && port.p[0] == ':' ? span_drop(port, 1) : SPAN_NONE;
    } else {
        rest = span_cut(&port, ':');
    }
    if (port.n == 0)
        port = SPAN("80");
    if (rest.n == 0 || rest.n >= sizeof h->host || port.n >= sizeof h->port || memchr(port.p, '/', port.n))
        return fail(e, E_USAGE, "--url: only http://HOST:PORT is understood");
    memcpy(h->host, rest.p, rest.n);
    memcpy(h->port, port.p, port.n);
    return true;
}

static bool resolve(struct demo_http *h, struct err *e)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    int rc = getaddrinfo(h->host, h->port, &hints, &found);

    if (rc != 0)
        return fail(e, E_IO, "%s: %s", h->host, gai_strerror(rc));
    memcpy(&h->address, found->ai_addr, found->ai_addrlen);
    h->address_n = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

bool demo_http_open(const char *url, const char *api_key, int connections, usec patience, struct demo_http **out, struct err *e)
{
    struct demo_http *h = calloc(1, sizeof *h);
    struct buf b = BUF(4096);

    if (!h)
        err_die("out of memory");
    h->patience = patience;
    h->nlinks = connections < CONNECTIONS_MAX ? connections : CONNECTIONS_MAX;
    for (int i = 0; i < h->nlinks; i++)
        h->links[i] = (struct link){ .fd = -1, .out = BUF(REQUEST_MAX), .in = BUF(DEMO_HTTP_ANSWER) };
    if (api_key && *api_key)
        buf_printf(&b, "Authorization: Bearer %s\r\n", api_key);
    h->authorization = strdup(b.n > 0 ? buf_cstr(&b) : "");
    buf_free(&b);
    if (!h->authorization)
        err_die("out of memory");
    *out = h;
    if (url_parse(h, url, e) && resolve(h, e))
        return true;
    demo_http_close(h);
    *out = NULL;
    return false;
}

static void disconnect(struct link *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

void demo_http_close(struct demo_http *h)
{
    if (!h)
        return;
    for (int i = 0; i < h->nlinks; i++) {
        disconnect(&h->links[i]);
        buf_free(&h->links[i].out);
        buf_free(&h->links[i].in);
    }
    explicit_bzero(h->authorization, strlen(h->authorization));
    free(h->authorization);
    free(h);
}

/* ---- one attempt ---- */

static bool connect_link(struct demo_http *h, struct link *l, struct err *e)
{
    int on = 1;

    l->fd = socket(h->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&h->address, h->address_n) != 0) {
        fail(e, E_IO, "http://%s:%s: %m", h->host, h->port);
        disconnect(l);
        return false;
    }
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return true;
}

static void request_write(struct demo_http *h, struct link *l)
{
    const struct demo_request *r = l->request;

    buf_clear(&l->out);
    buf_clear(&l->in);
    l->sent = 0;
    buf_printf(&l->out, "%s %s HTTP/1.1\r\nHost: %s%s%s:%s\r\n", r->method, r->path, strchr(h->host, ':') ? "[" : "", h->host,
               strchr(h->host, ':') ? "]" : "", h->port);
    buf_str(&l->out, h->authorization);
    if (r->once)
        buf_printf(&l->out, "Idempotency-Key: %s\r\n", l->key);
    if (r->headers)
        buf_str(&l->out, r->headers);
    if (r->body.n > 0)
        buf_printf(&l->out, "Content-Type: %s\r\nContent-Length: %zu\r\n", r->type ? r->type : "application/json", r->body.n);
    buf_str(&l->out, "\r\n");
    buf_add(&l->out, r->body);
}

/* ---- answers ---- */

struct answer { int status; size_t head, body; int64_t retry_after_ms; bool close; };

static void field_take(struct span line, struct answer *a)
{
    struct span value = line, name = span_cut(&value, ':');
    uint64_t n;

    value = span_trim(value);
    if (span_ieq(name, SPAN("Content-Length")) && span_u64(value, &n))
        a->body = n;
    else if (span_ieq(name, SPAN("Retry-After")) && span_u64(value, &n) && n < 3600)
        a->retry_after_ms = (int64_t)n * 1000;
    else if (span_ieq(name, SPAN("Connection")))
        a->close = span_ieq(value, SPAN("close"));
}

/* 1: whole, 0: not yet, -1: not HTTP as this service speaks it. */
static int answer_parse(struct span in, struct answer *a)
{
    const char *end = in.n ? memmem(in.p, in.n, "\r\n\r\n", 4) : NULL;
    struct span head;

    *a = (struct answer){ 0 };
    if (!end)
        return in.n > READ_STEP ? -1 : 0;
    a->head = (size_t)(end - in.p) + 4;
    head = (struct span){ in.p, a->head - 4 };
    if (head.n < 12 || !span_starts(head, SPAN("HTTP/1.")))
        return -1;
    a->status = (head.p[9] - '0') * 100 + (head.p[10] - '0') * 10 + (head.p[11] - '0');
    while (head.n > 0) {
        struct span line = span_cut(&head, '\n');

        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        field_take(line, a);
    }
    return in.n - a->head >= a->body ? 1 : 0;
}

static enum err_kind kind_of(int status)
{
    static const struct { int status; enum err_kind kind; } kinds[] = {
        { 400, E_JSON }, { 401, E_UNAUTHENTICATED }, { 403, E_FORBIDDEN }, { 404, E_NOT_FOUND }, { 409, E_CONFLICT }, { 412, E_STALE }, { 413, E_TOO_LARGE },
        { 422, E_INPUT }, { 428, E_PRECONDITION }, { 429, E_RATE }, { 503, E_BUSY }, { 504, E_TIMEOUT }, { 507, E_STORAGE },
    };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].status == status)
            return kinds[i].kind;
    return E_INTERNAL;
}

/* What the problem document says, with its first fault. */
static bool refused(const struct demo_request *r, const struct answer *a, struct span body, struct err *e)
{
    struct arena arena = ARENA;
    struct err ignored = { 0 };
    struct json *doc = NULL;
    const struct json *detail = NULL, *faults = NULL;
    enum err_kind kind = kind_of(a->status);
    bool again = false;

    if (json_parse(&arena, body, &doc, &ignored)) {
        detail = json_find(doc, "detail");
        faults = json_find(doc, "errors");
        again = json_find(doc, "retryable") && json_bool(json_find(doc, "retryable"), &again) && again;
    }
    fail(e, again && kind != E_RATE ? E_BUSY : kind, "%s %s: %d %.*s %.*s", r->method, r->path, a->status,
         SPAN_ARG(detail && detail->type == JSON_STRING ? json_text(&arena, detail) : SPAN("")),
         SPAN_ARG(faults && faults->first ? faults->first->raw : SPAN("")));
    e->retry_after_ms = a->retry_after_ms;
    arena_free(&arena);
    return false;
}

/* ---- until all are done ---- */

static bool passes(const struct err *e)
{
    return e->kind == E_BUSY || e->kind == E_RATE || e->kind == E_IO || e->kind == E_TIMEOUT;
}

/* Again after a pause, or not: *e stays and ends the run. */
static bool later(struct demo_http *h, struct link *l, struct err *e)
{
    usec now = clock_now(), wait = e->retry_after_ms * USEC_MS > l->pause ? e->retry_after_ms * USEC_MS : l->pause;

    if (!passes(e) || now + wait - l->began > h->patience)
        return false;
    l->not_before = now + wait;
    l->pause = l->pause * 2 < PAUSE_MOST ? l->pause * 2 : PAUSE_MOST;
    err_clear(e);
    return true;
}

static bool lost(struct demo_http *h, struct link *l, const char *how, struct err *e)
{
    disconnect(l);
    fail(e, E_IO, "http://%s:%s: %s", h->host, h->port, how);
    return later(h, l, e);
}

static void assign(struct link *l, struct demo_request *r)
{
    struct uuid key = uuid_v7();

    uuid_format(&key, l->key);
    l->key[UUID_TEXT] = '\0';
    l->request = r;
    l->began = clock_now();
    l->not_before = l->began;
    l->pause = PAUSE_LEAST;
    r->status = 0;
    r->answer = BUF(DEMO_HTTP_ANSWER);
}

/* An idle connection that the service has closed meanwhile. */
static bool stale(const struct link *l)
{
    char c;

    return l->fd >= 0 && recv(l->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static bool begin(struct demo_http *h, struct link *l, struct err *e)
{
    if (l->not_before == 0 || clock_now() < l->not_before)
        return true;
    if (stale(l))
        disconnect(l);
    if (l->fd < 0 && !connect_link(h, l, e))
        return h->reached && later(h, l, e);
    h->reached = true;
    request_write(h, l);
    if (l->out.full)
        return fail(e, E_TOO_LARGE, "%s %s: the request is larger than %zu bytes", l->request->method, l->request->path, l->out.max);
    l->not_before = 0;
    l->moved = clock_now();
    return true;
}

static bool finish(struct demo_http *h, struct link *l, const struct answer *a, struct err *e)
{
    struct demo_request *r = l->request;
    struct span body = { l->in.p + a->head, a->body };

    if (a->close)
        disconnect(l);
    if (a->status < 200 || a->status > 299) {
        refused(r, a, body, e);
        return later(h, l, e);
    }
    r->status = a->status;
    if (r->keep)
        buf_add(&r->answer, body);
    l->request = NULL;
    return true;
}

static bool receive(struct demo_http *h, struct link *l, struct err *e)
{
    char *room = buf_reserve(&l->in, READ_STEP);
    ssize_t n = room ? recv(l->fd, room, READ_STEP, MSG_DONTWAIT) : -1;
    struct answer a;

    if (!room)
        return fail(e, E_TOO_LARGE, "%s %s: the answer is larger than %zu bytes", l->request->method, l->request->path, l->in.max);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0)
        return lost(h, l, n < 0 ? strerror(errno) : "the connection was closed", e);
    l->in.n += (size_t)n;
    l->moved = clock_now();
    switch (answer_parse(buf_span(&l->in), &a)) {
    case 1:
        return finish(h, l, &a, e);
    case 0:
        return true;
    default:
        return fail(e, E_MALFORMED, "http://%s:%s does not answer like Keelson", h->host, h->port);
    }
}

static bool move(struct demo_http *h, struct link *l, short events, struct err *e)
{
    ssize_t n;

    if (clock_now() - l->moved > ANSWER_LIMIT)
        return lost(h, l, "no answer", e);
    if (events & POLLOUT && l->sent < l->out.n) {
        n = send(l->fd, l->out.p + l->sent, l->out.n - l->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return lost(h, l, strerror(errno), e);
        if (n > 0) {
            l->sent += (size_t)n;
            l->moved = clock_now();
        }
    }
    return events & (POLLIN | POLLHUP | POLLERR) ? receive(h, l, e) : true;
}

/* Wait for any of them, at most a second. */
static bool turn(struct demo_http *h, struct err *e)
{
    struct pollfd p[CONNECTIONS_MAX];
    usec now = clock_now(), wait = USEC_S;

    for (int i = 0; i < h->nlinks; i++) {
        const struct link *l = &h->links[i];
        bool under_way = l->request && l->not_before == 0;

        p[i] = (struct pollfd){ .fd = under_way ? l->fd : -1, .events = (short)(POLLIN | (l->sent < l->out.n ? POLLOUT : 0)) };
        if (l->request && !under_way && l->not_before - now < wait)
            wait = l->not_before > now ? l->not_before - now : 0;
    }
    if (poll(p, (nfds_t)h->nlinks, (int)(wait / USEC_MS) + 1) < 0 && errno != EINTR)
        return fail(e, E_IO, "poll: %m");
    for (int i = 0; i < h->nlinks; i++)
        if (p[i].fd >= 0 && !move(h, &h->links[i], p[i].revents, e))
            return false;
    return true;
}

/* A failed run leaves requests half done: their connections are of no further use. */
static void forget(struct demo_http *h)
{
    for (int i = 0; i < h->nlinks; i++)
        if (h->links[i].request) {
            disconnect(&h->links[i]);
            h->links[i].request = NULL;
        }
}

bool demo_http_run(struct demo_http *h, struct demo_request *r, size_t n, const volatile bool *stop, struct err *e)
{
    size_t next = 0;
    bool ok = true, open = n > 0;

    while (ok && open) {
        open = false;
        for (int i = 0; i < h->nlinks && ok; i++) {
            struct link *l = &h->links[i];

            if (!l->request && next < n)
                assign(l, &r[next++]);
            if (l->request) {
                open = true;
                ok = begin(h, l, e);
            }
        }
        if (ok && open)
            ok = turn(h, e);
        if (ok && stop && *stop)
            ok = fail(e, E_IO, "stopped");
    }
    if (!ok)
        forget(h);
    return ok;
}

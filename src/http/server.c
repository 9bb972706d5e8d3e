/*
 * The listening side: addresses, accepting, limits, the end of a turn, draining, closing.
 *
 * Whoever cannot be served, for want of connections or descriptors, is told so and not left waiting.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "http/connection.h"
#include "http/intake.h"
#include "http/reply.h"

#define BACKLOG       1024
#define ACCEPT_BURST  64            /* per turn, so that those who are in are served too */
#define REFUSED_SPARE 64            /* connections over the limit that are refused properly, not just cut */
#define PAUSE         (100 * USEC_MS)

/* ---- addresses ---- */

/* "host:port", "[v6]:port"; *host and *port are cut out of `text`. */
static bool split_address(char *text, const char **host, const char **port)
{
    char *colon = strrchr(text, ':');
    size_t n;

    if (!colon || colon == text || !colon[1])
        return false;
    *colon = '\0';
    *port = colon + 1;
    n = strlen(text);
    if (text[0] == '[') {
        if (text[n - 1] != ']')
            return false;
        text[n - 1] = '\0';
        text++;
    } else if (strchr(text, ':')) {
        return false;
    }
    *host = text;
    return true;
}

/* A port nobody listens on may still be held by connections of a process that is gone. */
static int bind_inet(const struct addrinfo *ai)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1, problem;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));      /* accepted sockets inherit it */
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    problem = errno;
    close(fd);
    errno = problem;
    return -1;
}

static void name_inet(struct http_server *s)
{
    struct sockaddr_storage addr = { 0 };
    socklen_t len = sizeof(addr);
    char host[INET6_ADDRSTRLEN], port[8];
    int numeric = NI_NUMERICHOST | NI_NUMERICSERV;

    if (getsockname(s->listen.fd, (struct sockaddr *)&addr, &len) < 0
        || getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port, sizeof(port), numeric) != 0)
        return;
    snprintf(s->address, sizeof(s->address), addr.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static bool listen_inet(struct http_server *s, const char *where, struct err *e)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *list = NULL;
    char text[256];
    const char *host, *port;
    int rc;

    if ((size_t)snprintf(text, sizeof(text), "%s", where) >= sizeof(text) || !split_address(text, &host, &port))
        return fail(e, E_USAGE, "listen on %s: not an address like 127.0.0.1:8080, [::1]:8080 or unix:/path", where);
    rc = getaddrinfo(host, port, &hints, &list);
    if (rc != 0)
        return fail(e, E_IO, "listen on %s: %s", where, rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
    s->listen.fd = bind_inet(list);
    if (s->listen.fd < 0)
        fail(e, E_IO, "listen on %s: %m", where);
    else
        name_inet(s);
    freeaddrinfo(list);
    return s->listen.fd >= 0;
}

/* A socket file outlives its server; only one that nobody answers at is removed. */
static bool remove_stale(const struct sockaddr_un *addr, struct err *e)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool stale;

    if (fd < 0)
        return fail(e, E_IO, "socket: %m");
    stale = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 && errno == ECONNREFUSED;
    close(fd);
    if (!stale)
        return fail(e, E_IO, "listen on unix:%s: another process listens there", addr->sun_path);
    unlink(addr->sun_path);
    return true;
}

static bool listen_unix(struct http_server *s, const char *path, struct err *e)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(addr.sun_path))
        return fail(e, E_USAGE, "listen on unix:%s: the path is longer than %zu bytes", path, sizeof(addr.sun_path) - 1);
    memcpy(addr.sun_path, path, strlen(path));
    s->listen.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->listen.fd < 0)
        return fail(e, E_IO, "socket: %m");
    if (access(path, F_OK) == 0 && !remove_stale(&addr, e))
        return false;
    if (bind(s->listen.fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        return fail(e, E_IO, "listen on unix:%s: %m", path);
    snprintf(s->address, sizeof(s->address), "unix:%s", path);
    s->unlink = s->address + strlen("unix:");
    return listen(s->listen.fd, BACKLOG) == 0 || fail(e, E_IO, "listen on unix:%s: %m", path);
}

/* ---- accepting ---- */

static bool is_loopback(const struct sockaddr_storage *addr)
{
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)addr)->sin6_addr;

    switch (addr->ss_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        return ntohl(((const struct sockaddr_in *)addr)->sin_addr.s_addr) >> 24 == 127;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
    default:
        return false;
    }
}

static void peer_name(const struct sockaddr_storage *addr, char out[INET6_ADDRSTRLEN])
{
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)addr)->sin6_addr;

    strcpy(out, "unix");
    if (addr->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)addr)->sin_addr, out, INET6_ADDRSTRLEN);
    else if (addr->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
        inet_ntop(AF_INET, v6->s6_addr + 12, out, INET6_ADDRSTRLEN);
    else if (addr->ss_family == AF_INET6)
        inet_ntop(AF_INET6, v6, out, INET6_ADDRSTRLEN);
}

/* Say so and cut the connection.  What the client has sent is read first, or a reset would overtake the answer. */
static void refuse_and_cut(struct http_server *s, int fd)
{
    struct span answer = reply_overloaded(s);
    char sink[4096];

    s->counters.rejects_overload++;
    if (send(fd, answer.p, answer.n, MSG_NOSIGNAL) > 0) {
        shutdown(fd, SHUT_WR);
        while (recv(fd, sink, sizeof(sink), 0) > 0)
            ;
    }
    close(fd);
}

static void refuse_properly(struct http_server *s, struct connection *c)
{
    struct span answer = reply_overloaded(s);

    s->counters.rejects_overload++;
    if (connection_interim(c, answer))
        connection_linger(c);
    else
        connection_close(c);
}

static void take_in(struct http_server *s, int fd, const struct sockaddr_storage *addr)
{
    size_t limit = s->conf.connections;
    char peer[INET6_ADDRSTRLEN];
    struct connection *c;

    if (s->counters.connections >= limit + REFUSED_SPARE) {
        refuse_and_cut(s, fd);
        return;
    }
    peer_name(addr, peer);
    c = connection_open(s, fd, peer, is_loopback(addr));
    if (s->counters.connections > limit)
        refuse_properly(s, c);
}

static void resume(struct timer *t)
{
    struct http_server *s = CONTAINER(t, struct http_server, pause);

    if (s->listen.fd >= 0)
        loop_watch(s->loop, &s->listen, LOOP_READ);
}

/* The descriptor held back lets us take the client in for as long as saying no takes.  Without it we would be told of the
   waiting client again and again: pause instead. */
static void out_of_descriptors(struct http_server *s)
{
    int fd = -1;

    if (s->reserve >= 0) {
        close(s->reserve);
        fd = accept4(s->listen.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            refuse_and_cut(s, fd);
    }
    s->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return;
    log_event(LOG_WARN, "http_accept_paused", "reason=%s", "no descriptors");
    loop_watch(s->loop, &s->listen, 0);
    loop_timer(s->loop, &s->pause, loop_now(s->loop) + PAUSE);
}

/* False: nobody waits any more, or nobody else can be let in now. */
static bool accept_one(struct http_server *s)
{
    struct sockaddr_storage addr = { 0 };
    socklen_t len = sizeof(addr);
    int fd = accept4(s->listen.fd, (struct sockaddr *)&addr, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        s->counters.accepted++;
        take_in(s, fd, &addr);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        out_of_descriptors(s);
        return false;
    }
    return errno == EINTR || errno == ECONNABORTED;
}

static void accept_ready(struct watch *w, int events)
{
    struct http_server *s = CONTAINER(w, struct http_server, listen);

    (void)events;
    for (int i = 0; i < ACCEPT_BURST && accept_one(s); i++)
        ;
}

/* ---- the end of a turn ---- */

static void serve_pipelined(struct http_server *s)
{
    while (s->ready) {
        struct connection *c = s->ready;

        s->ready = c->next_ready;
        if (!s->ready)
            s->ready_end = &s->ready;
        c->queued = false;
        if (c->state == CONN_HEAD)
            intake_advance(c);
    }
}

static void bury(struct http_server *s)
{
    while (s->dead) {
        struct connection *c = s->dead;

        s->dead = c->next;
        free(c);
    }
}

/* Last of all `drained` is called: it may close the server. */
static void end_turn(struct deferred *d)
{
    struct http_server *s = CONTAINER(d, struct http_server, turn);
    void (*drained)(void *user) = s->drained;

    serve_pipelined(s);
    bury(s);
    if (!s->draining || s->all || !drained)
        return;
    s->drained = NULL;
    drained(s->drained_user);
}

/* ---- open, drain, close ---- */

static void stop_listening(struct http_server *s)
{
    loop_untimer(&s->pause);
    loop_unwatch(&s->listen);
    if (s->listen.fd >= 0)
        close(s->listen.fd);
    s->listen.fd = -1;
    if (s->unlink)
        unlink(s->unlink);
    s->unlink = NULL;
}

bool http_open(struct loop *l, const struct http_config *conf, struct http_server **out, struct err *e)
{
    struct http_server *s = calloc(1, sizeof(*s));
    bool ok;

    if (!s)
        err_die("out of memory: no room for a server");
    s->loop = l;
    s->conf = *conf;
    s->listen = (struct watch){ .fd = -1, .ready = accept_ready };
    s->pause.fire = resume;
    s->turn.run = end_turn;
    s->ready_end = &s->ready;
    s->head = BUF(64 << 10);
    s->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ok = strncmp(conf->listen, "unix:", 5) == 0 ? listen_unix(s, conf->listen + 5, e) : listen_inet(s, conf->listen, e);
    if (!ok) {
        http_close(s);
        return false;
    }
    loop_watch(l, &s->listen, LOOP_READ);
    *out = s;
    return true;
}

const char *http_address(const struct http_server *s)
{
    return s->address;
}

/* Who has connected before the end gets an answer, if only a refusal; only silence is closed. */
void http_drain(struct http_server *s, void (*done)(void *user), void *user)
{
    struct connection *next;

    s->drained = done;
    s->drained_user = user;
    if (s->draining)
        return;
    s->draining = true;
    while (accept_one(s))
        ;
    stop_listening(s);
    for (struct connection *c = s->all; c; c = next) {
        next = c->next;
        if (c->state == CONN_IDLE)
            intake_read(c);
        if (c->state == CONN_IDLE)
            connection_close(c);
        else if (c->state == CONN_LINGER)
            connection_deadline(c, loop_now(s->loop) + USEC_S);
    }
    loop_defer(s->loop, &s->turn);
}

void http_close(struct http_server *s)
{
    if (!s)
        return;
    stop_listening(s);
    if (s->reserve >= 0)
        close(s->reserve);
    while (s->all)
        connection_abandon(s->all);
    bury(s);
    while (s->spare) {
        struct work *w = s->spare;

        s->spare = w->next;
        work_release(NULL, w);
    }
    loop_undefer(s->loop, &s->turn);
    buf_free(&s->head);
    free(s);
}

const struct http_counters *http_counters(const struct http_server *s)
{
    return &s->counters;
}

/*
 * The connection is asked to close after the answer, so that its end shows whether there was exactly one.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

#define ANSWER_MOST  ((size_t)4 * 1024 * 1024)
#define REQUEST_MOST ((size_t)64 * 1024)

static bool dial(const struct client *c, int *fd, struct err *e)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)c->port) };

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd >= 0 && connect(*fd, (struct sockaddr *)&at, sizeof at) == 0)
        return true;
    return fail(e, E_IO, "the service does not take a connection: %m");
}

static void request_write(const struct client *c, const struct client_request *r, struct buf *b)
{
    buf_printf(b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\nAuthorization: Bearer %s\r\n", r->method, r->path, c->port, c->key);
    if (r->if_match)
        buf_printf(b, "If-Match: %s\r\n", r->if_match);
    if (r->idempotency_key)
        buf_printf(b, "Idempotency-Key: %s\r\n", r->idempotency_key);
    if (r->body)
        buf_printf(b, "Content-Type: %s\r\nContent-Length: %zu\r\n", r->type ? r->type : "application/json", strlen(r->body));
    buf_printf(b, "\r\n%s", r->body ? r->body : "");
}

/* A service that closes without reading answers with what it has said until then. */
static void say(int fd, struct span text)
{
    while (text.n > 0) {
        ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return;
        text = span_drop(text, n > 0 ? (size_t)n : 0);
    }
}

/* False: there was no end in time. */
static bool hear(int fd, deadline until, struct buf *b)
{
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        usec left = until - clock_now();
        char *room = buf_reserve(b, 16384);
        ssize_t n;

        if (left <= 0 || !room)
            return false;
        if (poll(&p, 1, (int)(left / USEC_MS) + 1) <= 0)
            continue;
        n = recv(fd, room, 16384, 0);
        if (n <= 0)
            return true;
        b->n += (size_t)n;
    }
}

bool client_run(const struct client *c, const struct client_request *r, struct arena *a, struct answer *out, struct err *e)
{
    struct buf b = BUF(REQUEST_MOST), in = BUF(ANSWER_MOST);
    int fd = -1;
    bool ok = dial(c, &fd, e);

    if (ok) {
        request_write(c, r, &b);
        say(fd, buf_span(&b));
        ok = hear(fd, clock_now() + c->patience, &in);
        answer_parse(a, arena_span(a, buf_span(&in)), out);
        if (!ok)
            out->shape = ANSWER_SILENT;
        ok = true;
    }
    if (fd >= 0)
        close(fd);
    explicit_bzero(b.p, b.cap);
    buf_free(&b);
    buf_free(&in);
    return ok;
}

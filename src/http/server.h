/*
 * The HTTP edge: listens, reads whole requests under limits and deadlines, writes answers, keeps connections
 * alive, pipelines (one exchange at a time per connection, in order), drains.  It does not know what a resource is.
 *
 * Every violation is answered as application/problem+json and the connection closed.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_HTTP_SERVER_H
#define KEELSON_HTTP_SERVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/span.h"
#include "http/parse.h"

/*
 * One request and its answer.  Owned by the server; valid from on_request until http_reply() returns.
 * Each exchange is answered exactly once, also when the client has gone (the answer is then dropped; a client that only
 * ended its sending side still gets it) and even after http_close().
 */
struct exchange {
    struct arena     *arena;        /* dies after the answer is written */
    struct http_head *head;
    struct span       body;         /* whole, chunks joined */
    struct span       request_id;   /* the caller's if valid ([A-Za-z0-9._-]{1,128}), else a new UUIDv7 */
    struct span       peer;         /* address as text */
    bool              loopback;     /* the peer is on this machine */
    bool              gone;         /* the client has disconnected; work for it may be dropped */
    usec              arrived;      /* when the whole request was here */
    void             *user;         /* the handler's; NULL at first */
};

struct http_header { const char *name; struct span value; };

struct http_config {
    const char *listen;             /* "127.0.0.1:8080", "[::1]:0" (port 0: any), or "unix:/path" */
    size_t      connections;
    usec        header_timeout, body_timeout, idle_timeout, write_timeout;
    size_t      output_max;         /* largest answer */
    void       *user;
    /* Head complete (method known, path still encoded): how many body bytes are allowed?  May refuse (false, *e): answered
       and closed.  Called before "100 Continue" is sent. */
    bool (*on_head)(void *user, const struct http_head *h, size_t *body_max, struct err *e);
    void (*on_request)(void *user, struct exchange *x);
    void (*on_gone)(void *user, struct exchange *x);      /* x->gone was just set; still to be answered */
};

struct http_counters {
    uint64_t accepted, requests, bytes_in, bytes_out;
    uint64_t rejects_headers_timeout, rejects_body_timeout, rejects_too_large, rejects_malformed, rejects_overload,
             rejects_draining, write_stalls;
    size_t   connections, inflight;
};

struct http_server;

/* E_IO says which address and why.  */
MUST_CHECK bool http_open(struct loop *l, const struct http_config *c, struct http_server **out, struct err *e);
const char *http_address(const struct http_server *s);    /* as bound: "127.0.0.1:41873" */

/* Stop accepting, let exchanges finish, close idle connections; `done` is called, from the loop, when none is left, and may
   close the server.  Requests that begin after this get 503 draining. */
void http_drain(struct http_server *s, void (*done)(void *user), void *user);
/* At once; not from within on_head, on_request or on_gone.  NULL is fine. */
void http_close(struct http_server *s);
const struct http_counters *http_counters(const struct http_server *s);

#endif

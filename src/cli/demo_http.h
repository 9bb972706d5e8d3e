/*
 * A small HTTP client for this program's own interface: several connections that stay open, each with one request at a time, and
 * patience with a service that is busy.
 *
 * Blocking; one thread.  Only http://HOST:PORT.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DEMO_HTTP_H
#define KEELSON_CLI_DEMO_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#define DEMO_HTTP_ANSWER ((size_t)16 * 1024 * 1024)

struct demo_http;

struct demo_request {
    const char *method;
    const char *path;                   /* with query */
    const char *type;                   /* of the body; NULL: application/json */
    struct span body;
    const char *headers;                /* whole lines with CRLF; NULL: none */
    bool        once;                   /* repeating it would do it twice: gets an Idempotency-Key */
    bool        keep;                   /* the answer is wanted */
    /* the answer */
    int         status;
    struct buf  answer;                 /* of whoever asked, to be freed; empty unless `keep` or the status is an error */
};

/* `patience`: for how long a request is repeated while the service is away, busy or limits; 0: not at all.
   E_USAGE: not a URL of that form. */
MUST_CHECK bool demo_http_open(const char *url, const char *api_key, int connections, usec patience, struct demo_http **out, struct err *e);
void demo_http_close(struct demo_http *h);          /* NULL is fine */

/* All of them, in no order.  False when one did not end with 2xx, *e says which and why: E_BUSY or E_RATE when patience ran out
   (retry_after_ms as the service said), E_IO when it is away, else what its problem document means.  Others may have been done.
   Ends early with E_IO when *stop becomes true; may be NULL. */
MUST_CHECK bool demo_http_run(struct demo_http *h, struct demo_request *r, size_t n, const volatile bool *stop, struct err *e);

#endif

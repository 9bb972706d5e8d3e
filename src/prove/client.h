/*
 * One HTTP request on a connection of its own, and everything that comes back until it ends.  Blocking.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_CLIENT_H
#define KEELSON_PROVE_CLIENT_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "prove/answer.h"

struct client {
    int         port;           /* of 127.0.0.1 */
    const char *key;            /* API key; never printed */
    usec        patience;       /* for the whole answer */
};

struct client_request {
    const char *method, *path;
    const char *type;           /* of the body; NULL: application/json */
    const char *body;           /* NULL: none */
    const char *if_match, *idempotency_key;     /* NULL: none */
};

/* Whatever the service does is an answer; its views live in `a`.  E_IO: it takes no connections. */
MUST_CHECK bool client_run(const struct client *c, const struct client_request *r, struct arena *a, struct answer *out, struct err *e);

#endif

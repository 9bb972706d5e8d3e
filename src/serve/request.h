/*
 * One request under way, and what the files that serve it are to each other.  Nobody else includes this.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_REQUEST_H
#define KEELSON_SERVE_REQUEST_H

#include "base/attr.h"
#include "serve/routes.h"
#include "serve/serve.h"

struct request {                        /* in the exchange's arena */
    struct call          call;
    struct service      *service;
    struct exchange     *x;
    const struct route  *route;         /* NULL: none matched */
    struct principal     who;
    struct task          task;          /* one at a time: the key's, then the statements' */
    struct keyring_ask   ask;
    struct span          token;
    struct buf           out;
    usec                 asked;         /* when the statements were submitted */
    bool                 waiting;
    unsigned             allowed;       /* methods of the path, for 405 */
};

/* serve.c.  After serve_render() and serve_refuse() the request may be gone. */
void serve_authenticated(struct request *r);
MUST_CHECK bool serve_plan(struct request *r, struct err *e);
void serve_render(struct request *r, const struct rows *rows, int n);
void serve_refuse(struct request *r, const struct err *why);

#endif

/*
 * The room one exchange needs, inside http/ only.  Idle connections have none, so they are small; what is given back is
 * kept for the next request, so that serving one allocates nothing.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_HTTP_WORK_H
#define KEELSON_HTTP_WORK_H

#include "base/uuid.h"
#include "http/server.h"

#define WORK_IN_SIZE (HTTP_HEAD_MAX + 4096)     /* a head, a small body, what was pipelined behind */

struct connection;

struct work {
    struct exchange    x;
    struct connection *c;           /* NULL: the server was closed while the handler was at work */
    struct work       *next;        /* in server->spare */
    struct arena       arena;
    struct http_head   head;        /* views in[] */
    size_t             n;           /* bytes in in[] */
    size_t             searched;    /* of them, without a line end that has not been parsed */
    size_t             head_len;
    size_t             behind;      /* where in in[] the next request starts */
    size_t             body_max;
    struct http_chunks chunks;
    struct buf         body;        /* a body that is chunked or does not fit in in[] */
    char               id[UUID_TEXT];
    char               in[WORK_IN_SIZE];
};

struct work *work_acquire(struct http_server *s, struct connection *c);
/* For the next request on the same connection: memory of the last one is forgotten, in[] is left as it is. */
void work_reset(struct work *w);
void work_release(struct http_server *s, struct work *w);       /* s NULL: there is no server any more */

#endif

/*
 * Where the messages of PostgreSQL's protocol (version 3) begin and end, in both directions.  Pure: bytes in, messages out.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_WIRE_H
#define KEELSON_PROVE_WIRE_H

#include <stdbool.h>

#include "base/span.h"

enum wire_side { WIRE_CLIENT, WIRE_SERVER };        /* who sends */
#define WIRE_SIDES 2

enum wire_kind {
    WIRE_STARTUP,               /* the client's first */
    WIRE_ENCRYPTION,            /* SSLRequest, GSSENCRequest: answered with one byte, then the client begins again */
    WIRE_CANCEL,                /* instead of a start; nothing follows */
    WIRE_TYPED,                 /* everything else: a letter, a length, a body */
};

struct wire {
    enum wire_side side;
    bool           started;     /* (clients) the startup packet is over */
};

struct wire_message {
    enum wire_kind kind;
    char           type;        /* of WIRE_TYPED */
    struct span    bytes;       /* all of it */
    struct span    body;        /* after letter and length */
};

#define WIRE_STARTUP_MOST 10000                         /* as the server has it */
#define WIRE_MESSAGE_MOST ((size_t)64 * 1024 * 1024)    /* of what Keelson and its server have to say to each other */

enum wire_result { WIRE_MORE, WIRE_MESSAGE, WIRE_BROKEN };

/* The message at the start of `in`, a view of it. */
enum wire_result wire_next(struct wire *w, struct span in, struct wire_message *out);

/* A parameter of a startup packet; SPAN_NONE: not there. */
struct span wire_startup_value(const struct wire_message *startup, const char *name);
/* The process that a BackendKeyData names; 0: it is none. */
int wire_backend_pid(const struct wire_message *m);

#endif

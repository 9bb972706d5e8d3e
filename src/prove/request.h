/*
 * The eight requests whose messages are lost, and how to tell afterwards what became of each.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_REQUEST_H
#define KEELSON_PROVE_REQUEST_H

#include "prove/client.h"
#include "prove/judge.h"

enum request_on { REQUEST_ON_NOTHING, REQUEST_ON_PERSON, REQUEST_ON_FRESH, REQUEST_ON_SESSION };

struct request {
    const char      *name;
    const char      *what;              /* for people */
    const char      *method;
    enum request_on  on;                /* a candidate that stays, one made for this request, the session */
    const char      *before, *after;    /* path around its id */
    const char      *body;              /* %s is the nonce, once; NULL: none */
    const char      *type;
    bool             if_match, keyed;
    int              success;
    int              found;             /* also success: the service found what a lost attempt of its own had written; 0: as success */
    const char      *finds;             /* (writes) counts what it wrote: $1 organization, $2 id of what it is on, $3 nonce */
};

#define REQUESTS 8
extern const struct request requests[REQUESTS];

/* Its index; -1: none is called so. */
int request_find(struct span name);

struct request_stage {                  /* what the requests work on; made once */
    const char *person, *session;       /* ids */
    const char *told;                   /* what reads find in their answer */
};

MUST_CHECK bool request_stage_make(const struct client *c, struct arena *a, struct request_stage *out, struct err *e);

struct request_call {                   /* one request, ready to be sent */
    struct client_request http;
    const char           *id;           /* of what it is on; NULL: nothing */
    const char           *nonce;
};

/* Makes what it needs; strings in `a`. */
MUST_CHECK bool request_prepare(const struct request *r, const struct request_stage *s, const struct client *c, struct arena *a,
                                struct request_call *out, struct err *e);

#endif

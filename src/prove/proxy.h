/*
 * A relay between a service and its PostgreSQL that does to one chosen message what a case says.  It listens on a port of the
 * loopback and runs in a thread of its own; every call here is made from another one, and returns at once unless it says otherwise.
 *
 * It speaks in the clear: a client that asks for encryption hears no.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_PROXY_H
#define KEELSON_PROVE_PROXY_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "prove/action.h"

struct proxy;

struct proxy_config {
    struct sockaddr_storage server;
    socklen_t               server_n;
    const char             *marker;             /* in every batch of messages that belongs to a request; outlives the proxy */
    usec                    delay;              /* of ACTION_DELAY */
    void                  (*terminate)(void *user, int pid);    /* in the proxy's thread; returns when the backend has ended */
    void                   *user;
};

#define PROXY_MESSAGES 200
#define PROXY_TAG      32

struct proxy_record {                           /* since proxy_begin() */
    int  n[WIRE_SIDES];                         /* messages of the request */
    char types[WIRE_SIDES][PROXY_MESSAGES + 1]; /* their letters, the first PROXY_MESSAGES */
    int  conversations;                         /* batches that began one: more than in a golden run, it was asked again */
    bool hit;                                   /* the chosen message came */
};

MUST_CHECK bool proxy_open(const struct proxy_config *c, struct proxy **out, struct err *e);
void proxy_close(struct proxy *p);              /* harmless with NULL */

int proxy_port(const struct proxy *p);
/* What the service's connections are called by: the last word of their application_name.  False: none has come yet. */
bool proxy_tag(struct proxy *p, char out[PROXY_TAG]);

/* Forget the record; what `fault` says happens to the one message it names.  NULL: nothing does. */
void proxy_begin(struct proxy *p, const struct action_case *fault);
/* What stalls goes on, and nothing happens any more. */
void proxy_lift(struct proxy *p);
/* Wait until no conversation is open and nothing is held.  False: `until` has passed. */
MUST_CHECK bool proxy_settle(struct proxy *p, deadline until);
void proxy_record(struct proxy *p, struct proxy_record *out);
/* The backends of the connections that are open now; how many. */
#define PROXY_LIVE 64
size_t proxy_live(struct proxy *p, int32_t out[PROXY_LIVE]);

#endif

/*
 * What the files of the proxy share: proxy.c (thread, orders, record), proxy_pair.c (carrying bytes), proxy_gate.c (what happens to a
 * message).
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_PROXY_PARTS_H
#define KEELSON_PROVE_PROXY_PARTS_H

#include <pthread.h>

#include "base/buf.h"
#include "base/loop.h"
#include "prove/proxy.h"
#include "prove/tap.h"

struct proxy_pair;

struct proxy_end {                  /* the socket of one side, and what it sent */
    struct proxy_pair *pair;
    enum wire_side     side;
    struct watch       watch;       /* fd -1: closed */
    struct wire        wire;
    struct buf         in;          /* from this side, not passed on yet */
    struct buf         out;         /* for this side */
    bool               asked;       /* the message at the front of `in` has been through the gate */
    size_t             seen;        /* (client) of `in`: a batch that is gathered, or being passed on */
    int                syncs;       /* in it */
    bool               passing;     /* it is whole */
    bool               eof;         /* it has said its last */
    bool               deaf;        /* it takes nothing any more */
    bool               told;        /* it knows that the other side has said its last */
    bool               connecting;
};

enum proxy_hold { HOLD_NONE, HOLD_STALL, HOLD_DELAY };

struct proxy_pair {
    struct proxy_pair *next, *prev;
    struct proxy      *proxy;
    struct proxy_end   ends[WIRE_SIDES];
    struct tap         tap;
    int                pid;                     /* of the backend; 0: not known yet */
    enum proxy_hold    hold[WIRE_SIDES];        /* what that side sends waits */
    struct timer       timer;                   /* of HOLD_DELAY */
    bool               ending;                  /* what is to be written is written, then both are closed */
    bool               reset;                   /* at once, and not politely */
};

struct proxy {
    struct proxy_config config;
    struct loop        *loop;
    pthread_t           thread;
    bool                running;
    struct watch        listener, orders;       /* orders: an eventfd */
    int                 port;
    struct proxy_pair  *pairs;

    pthread_mutex_t     lock;                   /* for all below */
    pthread_cond_t      settled;
    struct proxy_record record;
    struct action_case  fault;
    bool                armed, lift, stop;
    int32_t             live[PROXY_LIVE];       /* backends; 0: a free place */
    int                 busy;                   /* conversations open and directions held */
    char                tag[PROXY_TAG];
};

/* ---- proxy_pair.c: in the proxy's thread ---- */
void proxy_pair_accept(struct proxy *p, int fd);
void proxy_pair_close(struct proxy_pair *c, bool reset);     /* at once */
/* What stalls goes on.  The pair may be gone afterwards. */
void proxy_pair_lift(struct proxy_pair *c);

/* ---- proxy_gate.c ---- */

enum proxy_verdict {
    GATE_PASS,
    GATE_HOLD,          /* the message stays where it is; later it passes without being asked again */
    GATE_END,           /* what was put into the other side's buffer is the last */
    GATE_RESET,
};

/* One whole message of a side, already known to be the request's. */
enum proxy_verdict proxy_gate(struct proxy_pair *c, enum wire_side side, const struct wire_message *m);
/* `by` more, or fewer, things to wait for. */
void proxy_gate_busy(struct proxy *p, int by);
void proxy_gate_conversation(struct proxy *p);
/* A backend has come, or its connection has gone. */
void proxy_gate_backend(struct proxy *p, int pid, bool here);

#endif

/*
 * Is what a client heard allowed, given what the database shows afterwards?  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_JUDGE_H
#define KEELSON_PROVE_JUDGE_H

#include "base/clock.h"
#include "prove/answer.h"

enum judge_outcome {
    JUDGE_COMMITTED,            /* success, at the first attempt */
    JUDGE_REPEATED,             /* success, after the service had asked again */
    JUDGE_ABORTED,              /* a failure, and nothing of it is there */
    JUDGE_UNKNOWN,              /* outcome-unknown, which may be either */
    JUDGE_OUTCOMES
};

struct judge_facts {
    /* the request */
    bool writes;
    int  success, found;        /* its status; another that is as good, or 0 */
    /* what was heard */
    const struct answer *answer;
    bool right;                 /* (reads) it holds what was asked for */
    bool again;                 /* the service asked the database more than once */
    /* what is there */
    int  present;               /* (writes) times; -1: the database could not be asked */
    int  repeated;              /* (with an Idempotency-Key) times after the client has repeated it until it succeeded; -1: not tried */
    /* and the service */
    bool alive;
    bool settled;               /* nothing of the request goes on in the server */
    bool returned;              /* nothing is lent, nobody waits */
    bool recovered;             /* a read succeeded within the bound */
    int  most, cap;             /* connections the server saw at once, and may see */
};

/* What this was.  *violation is one sentence, or NULL: all promises held. */
enum judge_outcome judge(const struct judge_facts *f, const char **violation);

/* "committed" */
const char *judge_name(enum judge_outcome outcome);

#endif

/*
 * One case after the other on a running service: break one message, hear the answer, look what became of it.  Blocking.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_TRIAL_H
#define KEELSON_PROVE_TRIAL_H

#include "prove/child.h"
#include "prove/place.h"
#include "prove/plan.h"
#include "prove/proxy.h"
#include "prove/report.h"
#include "prove/census.h"

struct trial {
    struct place_view    *view;
    struct proxy         *proxy;
    struct census       *census;
    struct child         *child;
    struct client         client;
    struct request_stage  stage;
    const char           *tag;              /* what the names of the service's connections end with */
    usec                  recovery;         /* the bound */
    struct proxy_record   golden[REQUESTS];
};

/* What the request says when nothing is broken and its statements are prepared, into golden[].  E_DATABASE: it is not the same twice. */
MUST_CHECK bool trial_record(struct trial *t, int request, struct err *e);

/* Play it.  False: it could not be played; a broken promise is no error but in *out.  Strings in `a`. */
MUST_CHECK bool trial_play(struct trial *t, const struct action_case *what, struct arena *a, struct report_case *out, struct err *e);

/* Is nothing lent and does nobody wait, by the service's own account? */
bool trial_returned(struct trial *t);

#endif

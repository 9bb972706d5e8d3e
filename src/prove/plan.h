/*
 * Which cases there are, given how many messages each request has, and which of them are wanted.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_PLAN_H
#define KEELSON_PROVE_PLAN_H

#include "base/arena.h"
#include "prove/action.h"
#include "prove/request.h"

struct plan_wanted {
    int  request;               /* -1: all */
    int  action;                /* -1: all */
    bool one;                   /* only this case: */
    struct action_case the;
    int  sample;                /* so many, evenly spread; 0: all */
};

/* `messages`: of each request, both sides.  In order: request, side, message, action. */
int plan_make(struct arena *a, const int messages[REQUESTS][WIRE_SIDES], const struct plan_wanted *w, struct action_case **out);

/* Is anything of this request wanted? */
bool plan_wants(const struct plan_wanted *w, int request);

#endif

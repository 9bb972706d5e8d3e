/*
 * The whole of it: start a service behind the proxy, record what each request says when nothing is broken, then break one message
 * at a time and judge.  Blocking; takes minutes.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_RUN_H
#define KEELSON_PROVE_RUN_H

#include "base/conf.h"
#include "prove/place.h"
#include "prove/plan.h"
#include "prove/report.h"

#define RUN_PARALLEL 16

struct run_options {
    struct plan_wanted    wanted;
    usec                  limit;            /* the service's query.timeout: stalls last longer */
    usec                  recovery;         /* the bound */
    int                   parallel;         /* services at a time, each with a proxy; at most RUN_PARALLEL */
    const volatile bool  *stop;             /* becomes true: end, and leave nothing behind; may be NULL */
    void                (*progress)(void *arg, int n, int planned, int broken, const char *name);    /* before each case; may be NULL */
    void                 *arg;
};

/* True: it was done, and *out says with what result.  False: it could not be, or was stopped; what *out holds is true nevertheless. */
MUST_CHECK bool run_prove(const struct place *p, const struct run_options *o, struct report *out, struct err *e);

#endif

/*
 * A service behind a proxy of its own, and what is needed to play cases on it.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_WORKER_H
#define KEELSON_PROVE_WORKER_H

#include "prove/trial.h"

struct worker {
    struct arena      arena;
    struct place_view view;
    struct child      child;
    struct trial      trial;
    bool              began;        /* the service has listened */
};

/* To be called from the thread that outlives them all: the service ends with it.  worker_close() in any case. */
MUST_CHECK bool worker_open(struct worker *w, const struct place *p, usec limit, usec recovery, struct err *e);
/* Promises of the whole run, what was seen, and the service's end.  `checks`: all was played. */
void worker_close(struct worker *w, bool checks, struct report *report);

#endif

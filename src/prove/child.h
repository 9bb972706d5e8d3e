/*
 * The service under test: this very program as `keelson serve`, a process of its own.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_CHILD_H
#define KEELSON_PROVE_CHILD_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"

#define CHILD_SIZE     3        /* pool.size: a lane, control, one for exclusive work */
#define CHILD_OVERFLOW 2

struct child {
    pid_t pid;                  /* 0: none */
    int   log;                  /* what it says; -1: none */
    int   port;
};

/* Start it and wait until it listens.  `url` goes by the environment.  `limit`: its query.timeout.  child_close() in any case. */
MUST_CHECK bool child_open(struct arena *a, const char *url, const char *migrate_dir, usec limit, struct child *out, struct err *e);
bool child_alive(struct child *c);
/* Its last words, for people. */
const char *child_tail(const struct child *c, struct arena *a);
/* End it, politely first.  True: it ended by itself, and well. */
bool child_close(struct child *c);

#endif

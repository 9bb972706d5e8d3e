/*
 * One look at the database: can it be read, can a row be written, committed and removed?  What was seen has a name, because
 * "it failed" helps nobody.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_PROBE_H
#define KEELSON_OPS_PROBE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/histogram.h"
#include "base/loop.h"
#include "pg/pool.h"

enum probe_result {
    PROBE_NONE,             /* not tried yet */
    PROBE_OK,
    PROBE_SLOW,             /* it took more than a second, or longer than it may */
    PROBE_BUSY,             /* no connection for it in time */
    PROBE_READ_ONLY,
    PROBE_QUOTA,            /* the provider's limit is reached */
    PROBE_DISK_FULL,
    PROBE_COMMIT_WAIT,      /* the statements were answered, the commit was not: a synchronous standby is missing */
    PROBE_LOCK,
    PROBE_AUTH,
    PROBE_UNREACHABLE,
    PROBE_ERROR,            /* the server said something else */
    PROBE_RESULTS
};

enum health_status { HEALTH_FAIL, HEALTH_WARN, HEALTH_PASS };

struct probe_info {
    const char        *name;            /* "read_only" */
    enum health_status status;
    bool               reads_go_on;     /* only who writes is affected */
    bool               degrades;        /* and the service as a whole is to be used for reading */
};
const struct probe_info *probe_info(enum probe_result r);

/* What an error of a probe means.  `down`: the pool has no connection; `last`: how the latest attempt to connect ended. */
enum probe_result probe_classify(const struct err *e, bool down, enum connect_outcome last);

struct probe_seen {
    enum probe_result result;
    usec              at, took;         /* when it ended; 0: never */
    struct err        cause;
    struct histogram  took_all;
};

struct probe;

/* The first look is taken at once, then one every `every` or, while something is wrong, twenty times as often. */
struct probe *probe_open(struct loop *l, struct pool *p, usec every);
void probe_close(struct probe *p);

const struct probe_seen *probe_reading(const struct probe *p);
const struct probe_seen *probe_writing(const struct probe *p);
bool probe_reached(const struct probe *p);      /* the database answered, once at least */
/* Somebody met an error that may concern all: look again now. */
void probe_soon(struct probe *p);

#endif

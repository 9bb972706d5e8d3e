/*
 * How fast a queue moves, and so how long who comes last will wait.  A smoothed gap between departures while somebody waits:
 * what leaves at once says that there is no queue, and the estimate falls.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_DRAIN_H
#define KEELSON_PG_DRAIN_H

#include <stdlib.h>

#include "base/clock.h"

#define DRAIN_WEIGHT 8              /* of what was, against what is */
#define DRAIN_FIRST  USEC_S         /* Retry-After is in seconds */

struct drain {
    usec last;                      /* departure */
    usec each;                      /* between two tasks */
};

/* n tasks left at `now`; the one in front had waited so long. */
static inline void drain_left(struct drain *d, usec now, usec waited, int n)
{
    usec gap = now - d->last < waited ? now - d->last : waited;

    d->each += (gap / n - d->each) / DRAIN_WEIGHT;
    d->last = now;
}

/* The wait of one that comes when n are waiting. */
static inline usec drain_wait(const struct drain *d, int n)
{
    return (n + 1) * d->each;
}

/* When to come again if that wait was too long by `over`; not all at the same moment. */
static inline int64_t drain_retry_ms(usec over)
{
    usec at = over > DRAIN_FIRST ? over : DRAIN_FIRST;

    return (at + random() % (at / 2)) / USEC_MS;
}

#endif

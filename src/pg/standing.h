/*
 * Does a queue stand?  A burst makes long queues, too, but it drains: sooner or later somebody waits hardly at all.  When even the
 * shortest wait of an interval is above the target, as CoDel looks at it, more comes than leaves.  The longer that goes on, the
 * less waiting is permitted, by the square root of the intervals it has lasted; the first short wait ends it.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_STANDING_H
#define KEELSON_PG_STANDING_H

#include "base/clock.h"

#define STANDING_INTERVAL (100 * USEC_MS)
#define STANDING_MOST     900               /* intervals: then a thirtieth of the time is permitted, and no less */

struct standing {
    usec end;                               /* of this interval */
    usec least;                             /* wait in it, of those who left; -1: nobody has */
    int  intervals;                         /* in a row with nothing but long waits */
};

/* One left the queue. */
static inline void standing_left(struct standing *s, usec waited, usec target)
{
    if (s->least < 0 || waited < s->least)
        s->least = waited;
    if (waited < target)
        s->intervals = 0;
}

/* From time to time; `oldest` is how long the first in the queue has waited so far, 0 when there is none. */
static inline void standing_look(struct standing *s, usec now, usec oldest, usec target)
{
    usec least = s->least < 0 ? oldest : s->least;

    if (now < s->end)
        return;
    if (least < target || oldest == 0)
        s->intervals = 0;
    else if (s->intervals < STANDING_MOST - 1)
        s->intervals++;
    s->least = -1;
    s->end = now + STANDING_INTERVAL;
}

/* The wait that is permitted now to who comes; never below twice the target. */
static inline usec standing_limit(const struct standing *s, usec timeout, usec target)
{
    usec root = 1, limit;

    while ((root + 1) * (root + 1) <= s->intervals + 1)
        root++;
    limit = timeout / root;
    return limit > 2 * target ? limit : 2 * target;
}

#endif

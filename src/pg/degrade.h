/*
 * Near exhaustion.  When more than four fifths of the exclusive connections have been needed for a while without a pause, what
 * would have to wait for one is refused, so that the short work of the lanes is not dragged along by clients that wait for both.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_DEGRADE_H
#define KEELSON_PG_DEGRADE_H

#include <stdbool.h>

#include "base/clock.h"

struct degrade {
    usec since;                     /* more than four fifths are needed; 0: not so */
    bool on;
};

/* `needed`: connections lent and wanted.  after == 0: never.  True: it has turned. */
static inline bool degrade_look(struct degrade *d, usec now, int needed, int capacity, usec after)
{
    bool was = d->on, over = after > 0 && needed * 5 > capacity * 4;

    if (!over)
        d->since = 0;
    else if (d->since == 0)
        d->since = now;
    d->on = over && (was || now - d->since >= after);
    return d->on != was;
}

/* May one more come when so many are needed?  A small queue is left, so that what becomes free has somebody to go to. */
static inline bool degrade_admits(const struct degrade *d, int needed, int capacity)
{
    return !d->on || needed < capacity + 1 + capacity / 10;
}

#endif

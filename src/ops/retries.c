/*
 * A client that was told to come again in two seconds is expected then or within the minute; afterwards it is a request like any
 * other.  One that comes before its time says nothing about the estimate.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/retries.h"

#define REMEMBERED (60 * USEC_S)
#define TOLERANCE  (50 * USEC_MS)       /* clocks and networks */

static void grade(struct retries *r, uint64_t who, usec now, bool refused)
{
    usec *due = &r->places[who & (RETRIES_PLACES - 1)].due;

    if (r->places[who & (RETRIES_PLACES - 1)].who != who || *due == 0 || now > *due + REMEMBERED)
        return;
    if (now + TOLERANCE < *due) {
        r->graded[RETRIES_EARLY]++;
        return;
    }
    r->graded[refused ? RETRIES_REFUSED_AGAIN : RETRIES_SERVED]++;
    *due = 0;
}

void retries_answered(struct retries *r, uint64_t who, usec now, bool refused, usec wait)
{
    if (retries_live(r, now))
        grade(r, who, now, refused);
    if (!refused)
        return;
    r->places[who & (RETRIES_PLACES - 1)].who = who;
    r->places[who & (RETRIES_PLACES - 1)].due = now + wait;
    r->live = r->live > now + wait + REMEMBERED ? r->live : now + wait + REMEMBERED;
}

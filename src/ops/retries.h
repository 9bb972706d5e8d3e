/*
 * Was the Retry-After we gave true?  Who was sent away and comes again as told is recognised, and whether it was served then is
 * counted.  Fixed memory; costs nothing while nobody has been sent away.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_RETRIES_H
#define KEELSON_OPS_RETRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define RETRIES_PLACES 2048         /* a power of two; who finds its place taken takes it */

enum retries_grade { RETRIES_SERVED, RETRIES_REFUSED_AGAIN, RETRIES_EARLY, RETRIES_GRADES };

struct retries {
    struct { uint64_t who; usec due; } places[RETRIES_PLACES];      /* due 0: nobody */
    usec     live;                  /* nothing is remembered beyond this */
    uint64_t graded[RETRIES_GRADES];
};

/* Is anybody remembered?  If not, the request need not be told apart from others. */
static inline bool retries_live(const struct retries *r, usec now)
{
    return now < r->live;
}

/* It was answered: `refused` with a Retry-After of `wait`, or not.  `who` is the same for the same request of the same client. */
void retries_answered(struct retries *r, uint64_t who, usec now, bool refused, usec wait);

#endif

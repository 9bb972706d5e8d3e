/*
 * A token bucket.  Pure: the caller brings the time.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_ACCESS_LIMIT_H
#define KEELSON_ACCESS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

struct limit {                  /* zero-initialised: full */
    usec    at;                 /* when `spent` was right */
    int64_t spent;              /* microseconds' worth of tokens taken and not yet refilled */
};

/* Take one of per_second tokens (burst: two seconds' worth).  False: *e is E_RATE with the time until the next. */
bool limit_take(struct limit *l, int64_t per_second, usec now, struct err *e);

#endif

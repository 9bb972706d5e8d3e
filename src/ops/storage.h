/*
 * How full the database is against a quota, and when it will be full if it goes on like this.  No I/O.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_STORAGE_H
#define KEELSON_OPS_STORAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define STORAGE_SAMPLES 64
#define STORAGE_WARN    0.80
#define STORAGE_STOP    0.92            /* below the 95 % at which providers turn a database read-only */

struct storage {
    int64_t quota;                      /* bytes; 0: none */
    int64_t used;                       /* 0: not known yet */
    struct { usec at; int64_t used; } samples[STORAGE_SAMPLES];
    int     n, next;
};

void storage_note(struct storage *s, usec at, int64_t used);
double storage_share(const struct storage *s);          /* of the quota; 0 without one */
/* Seconds until the quota is reached at the pace of the samples; INFINITY without a quota or when it does not grow. */
double storage_time_to_full(const struct storage *s);

#endif

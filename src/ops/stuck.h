/*
 * Busy or stuck?  A pool that is full and gives nothing back, at several readings in a row, is stuck; one that is full and works is not.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_STUCK_H
#define KEELSON_OPS_STUCK_H

#include <stdbool.h>
#include <stdint.h>

#define STUCK_READINGS 10

struct stuck {
    uint64_t returns;       /* at the last reading */
    int      readings;      /* in a row: full, and nothing came back since the one before */
};

static inline void stuck_read(struct stuck *s, bool full, uint64_t returns)
{
    s->readings = full && returns == s->returns ? s->readings + 1 : 0;
    s->returns = returns;
}

static inline bool stuck_is(const struct stuck *s)
{
    return s->readings >= STUCK_READINGS;
}

#endif

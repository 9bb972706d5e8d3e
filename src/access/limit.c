/*
 * Kept as debt in time rather than as tokens: an idle bucket needs no refilling.
 */
// SPDX-License-Identifier: Apache-2.0
#include "access/limit.h"

#define BURST (2 * USEC_S)

bool limit_take(struct limit *l, int64_t per_second, usec now, struct err *e)
{
    usec cost = USEC_S / per_second > 0 ? USEC_S / per_second : 1;

    l->spent -= now - l->at;
    l->at = now;
    if (l->spent < 0)
        l->spent = 0;
    if (l->spent + cost > BURST) {
        e->retry_after_ms = (l->spent + cost - BURST) / USEC_MS + 1;
        return fail(e, E_RATE, "more than %lld requests per second with this key", (long long)per_second);
    }
    l->spent += cost;
    return true;
}

/*
 * The pace is the slope of the line through the latest samples (least squares), so that one large write is not taken for a trend
 * once it is followed by quiet.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/storage.h"

#include <math.h>

void storage_note(struct storage *s, usec at, int64_t used)
{
    s->used = used;
    s->samples[s->next].at = at;
    s->samples[s->next].used = used;
    s->next = (s->next + 1) % STORAGE_SAMPLES;
    s->n += s->n < STORAGE_SAMPLES;
}

double storage_share(const struct storage *s)
{
    return s->quota > 0 ? (double)s->used / (double)s->quota : 0;
}

/* Bytes per second; relative to the first sample, so that squares stay small. */
static double pace(const struct storage *s)
{
    double x = 0, y = 0, xx = 0, xy = 0, n = s->n;

    for (int i = 0; i < s->n; i++) {
        double dx = (double)(s->samples[i].at - s->samples[0].at) / 1e6, dy = (double)(s->samples[i].used - s->samples[0].used);

        x += dx;
        y += dy;
        xx += dx * dx;
        xy += dx * dy;
    }
    return n * xx - x * x > 0 ? (n * xy - x * y) / (n * xx - x * x) : 0;
}

double storage_time_to_full(const struct storage *s)
{
    double speed = pace(s);

    if (s->quota <= 0 || s->used <= 0)
        return INFINITY;
    if (s->used >= s->quota)
        return 0;
    return speed > 0 ? (double)(s->quota - s->used) / speed : INFINITY;
}

/*
 * A histogram of durations with fixed bounds: cheap to observe, shown as Prometheus wants it.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_HISTOGRAM_H
#define KEELSON_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define HISTOGRAM_BUCKETS 14

/* Upper bounds in microseconds; 1 s is among them because an alert counts what is above it. */
static const usec histogram_bounds[HISTOGRAM_BUCKETS] = { 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000,
                                                          5000000, 30000000 };

struct histogram {
    uint64_t bucket[HISTOGRAM_BUCKETS + 1];     /* the last is +Inf */
    usec     sum;
};

static inline void histogram_add(struct histogram *h, usec took)
{
    size_t i = 0;

    while (i < HISTOGRAM_BUCKETS && took > histogram_bounds[i])
        i++;
    h->bucket[i]++;
    h->sum += took;
}

static inline void histogram_merge(struct histogram *to, const struct histogram *from)
{
    for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++)
        to->bucket[i] += from->bucket[i];
    to->sum += from->sum;
}

/* How many took longer than `bound`, which is one of the bounds. */
static inline uint64_t histogram_over(const struct histogram *h, usec bound)
{
    uint64_t n = h->bucket[HISTOGRAM_BUCKETS];

    for (size_t i = HISTOGRAM_BUCKETS; i-- > 0 && histogram_bounds[i] > bound;)
        n += h->bucket[i];
    return n;
}

#endif

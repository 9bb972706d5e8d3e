/*
 * The latest samples of one series, and what Prometheus would make of them.  No I/O.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_ALERT_SERIES_H
#define KEELSON_OPS_ALERT_SERIES_H

#include <stdbool.h>

struct alert_sample { double at, value; };          /* seconds */

struct alert_series {
    struct alert_sample *samples;                   /* a ring of `room` */
    int room, n, next;
};

void alert_series_init(struct alert_series *s, int room);
void alert_series_clear(struct alert_series *s);
void alert_series_add(struct alert_series *s, double at, double value);

/* At `at`, the time of the last sample, over [at - window, at].  NAN: too few samples. */
double alert_series_last(const struct alert_series *s);
double alert_series_increase(const struct alert_series *s, double at, double window);      /* extrapolated, resets seen, as increase() */
double alert_series_min(const struct alert_series *s, double at, double window);
double alert_series_predict(const struct alert_series *s, double at, double window, double ahead);

#endif

/*
 * increase() and predict_linear() to the letter of promql/functions.go, because two evaluators of one rule have to agree.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/alert_series.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"

#define SLACK 1e-6          /* of a second: window edges are sums of floating point numbers */

void alert_series_init(struct alert_series *s, int room)
{
    *s = (struct alert_series){ .samples = calloc((size_t)room, sizeof *s->samples), .room = room };
    if (!s->samples)
        err_die("out of memory: no room for %d samples", room);
}

void alert_series_clear(struct alert_series *s)
{
    free(s->samples);
    *s = (struct alert_series){ 0 };
}

void alert_series_add(struct alert_series *s, double at, double value)
{
    s->samples[s->next] = (struct alert_sample){ at, value };
    s->next = (s->next + 1) % s->room;
    s->n += s->n < s->room;
}

/* Counted from the oldest. */
static const struct alert_sample *sample(const struct alert_series *s, int i)
{
    return &s->samples[(s->next - s->n + i + s->room) % s->room];
}

/* The first that lies within. */
static int begin(const struct alert_series *s, double from)
{
    int i = 0;

    while (i < s->n && sample(s, i)->at < from - SLACK)
        i++;
    return i;
}

double alert_series_last(const struct alert_series *s)
{
    return s->n > 0 ? sample(s, s->n - 1)->value : NAN;
}

/* How far beyond the samples the growth is taken to reach. */
static double reach(double gap, double between)
{
    return gap < between * 1.1 ? gap : between / 2;
}

double alert_series_increase(const struct alert_series *s, double at, double window)
{
    int from = begin(s, at - window);
    const struct alert_sample *first, *last;
    double grown, spanned, between, to_start;

    if (s->n - from < 2)
        return NAN;
    first = sample(s, from);
    last = sample(s, s->n - 1);
    grown = last->value - first->value;
    for (int i = from + 1; i < s->n; i++)
        if (sample(s, i)->value < sample(s, i - 1)->value)
            grown += sample(s, i - 1)->value;
    spanned = last->at - first->at;
    between = spanned / (s->n - from - 1);
    to_start = first->at - (at - window);
    if (grown > 0 && first->value >= 0 && spanned * (first->value / grown) < to_start)
        to_start = spanned * (first->value / grown);            /* it was zero then */
    return grown * (spanned + reach(to_start, between) + reach(at - last->at, between)) / spanned;
}

double alert_series_min(const struct alert_series *s, double at, double window)
{
    double least = NAN;

    for (int i = begin(s, at - window); i < s->n; i++)
        least = fmin(least, sample(s, i)->value);
    return least;
}

double alert_series_predict(const struct alert_series *s, double at, double window, double ahead)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, slope, first;
    int from = begin(s, at - window);

    if (s->n - from < 2)
        return NAN;
    first = sample(s, from)->value;             /* differences keep squares small */
    for (int i = from; i < s->n; i++) {
        double dx = sample(s, i)->at - at, dy = sample(s, i)->value - first;

        n++;
        x += dx;
        y += dy;
        xx += dx * dx;
        xy += dx * dy;
    }
    slope = (n * xy - x * y) / (n * xx - x * x);
    return first + (y - slope * x) / n + slope * ahead;
}

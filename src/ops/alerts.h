/*
 * The alert rules evaluated in the process, over the same text that Prometheus would scrape and with the same results, for those who
 * have no Prometheus, and to be shown beside what they are about.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_ALERTS_H
#define KEELSON_OPS_ALERTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/span.h"

struct alerts;

/* Durations of the rules are divided by `scale`: 1, or more for rehearsals. */
struct alerts *alerts_open(int scale);
void alerts_close(struct alerts *a);

/* Metrics as text, as of `at` seconds; ever later.  Rules are evaluated. */
void alerts_sample(struct alerts *a, double at, struct span metrics);

/* Take a sample every 15 seconds (divided) from now on. */
void alerts_run(struct alerts *a, struct loop *l, void (*render)(void *user, struct buf *out), void *user);

void alerts_write(const struct alerts *a, struct buf *out);             /* keelson_alert_active */
void alerts_json(const struct alerts *a, struct json_out *o);           /* those that fire: an array of alert, severity, since_s, labels, summary */

#endif

/*
 * Counters and histograms of the service, and their Prometheus text.  Names are those of observability: base units, bounded labels,
 * every series present at 0 from the start.  One thread writes and reads.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_METRICS_H
#define KEELSON_OPS_METRICS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/histogram.h"
#include "http/server.h"
#include "ops/alerts.h"
#include "ops/health.h"
#include "pg/pool.h"

struct metrics;

/* `labels` are the route patterns, their methods "GET"; static memory, n of each. */
struct metrics *metrics_open(const char *const *patterns, const char *const *methods, size_t n);
void metrics_close(struct metrics *m);

/* An exchange was answered.  route < 0: none matched. */
void metrics_request(struct metrics *m, int route, int status, usec took);
/* The database's part of one, from submission to answer; it had a connection for `held` of that. */
void metrics_query(struct metrics *m, int route, usec took, usec held, const struct err *e);
/* It was answered, with a Retry-After of `ms` or (0) without.  `who`: see ops/retries.h.  Without one only while retries are live. */
void metrics_retry_after(struct metrics *m, uint64_t who, int64_t ms);
bool metrics_retries_live(const struct metrics *m);

struct metrics_view {                   /* what else is shown; taken at the moment of asking */
    struct pool_counters        pool;
    const struct http_counters *http;
    const struct health        *health;
    const struct alerts        *alerts;
    const struct histogram     *loop_lag;
    usec                        loop_now;
    const char                 *version;
    int                         server_version;
};
void metrics_render(const struct metrics *m, const struct metrics_view *v, struct buf *out);

#endif

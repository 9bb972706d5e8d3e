/*
 * The pool's part of the metrics.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_METRICS_POOL_H
#define KEELSON_OPS_METRICS_POOL_H

#include "base/buf.h"
#include "pg/pool.h"

void metrics_pool_write(const struct pool_counters *p, struct buf *b);

#endif

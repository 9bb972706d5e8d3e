/*
 * Health's part of the metrics: checks, storage, migrations.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_METRICS_HEALTH_H
#define KEELSON_OPS_METRICS_HEALTH_H

#include "base/buf.h"
#include "ops/health.h"

void metrics_health_write(const struct health *h, struct buf *b);

#endif

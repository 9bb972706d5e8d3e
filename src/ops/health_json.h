/*
 * The documents of /health: `application/health+json` (draft-inadarei-api-health-check).
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_HEALTH_JSON_H
#define KEELSON_OPS_HEALTH_JSON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "ops/probe.h"
#include "ops/storage.h"
#include "pg/pool.h"

struct alerts;

struct health_json {                    /* one check */
    const char           *name;         /* in metrics */
    const char           *key;          /* component:measurement */
    const char           *class;        /* what kind of trouble, "ok"; NULL: there are no kinds */
    enum health_status    status;
    usec                  age, took;
    bool                  writes_only;  /* a failure does not affect reading */
    bool                  degrades;     /* nor the status of the whole, beyond a warning */
    bool                  has_pool;
    struct pool_counters  pool;
    const struct storage *storage;      /* NULL: it is not about storage */
    char                  output[sizeof(((struct err *)0)->message) + 64];
};

void health_json_full(struct buf *out, enum health_status status, const char *version, const struct health_json *checks, int n, const struct alerts *a);
int health_json_simple(struct buf *out, bool good, const char *why);       /* the HTTP status */

#endif

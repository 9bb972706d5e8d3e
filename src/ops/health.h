/*
 * The truth about the service: a probe that writes, commits and deletes through a task of its own, at most every ten seconds,
 * and answers from what it last saw.  warn is 200, fail is 503 and names the cause.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_HEALTH_H
#define KEELSON_OPS_HEALTH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/loop.h"
#include "pg/pool.h"

struct health;

enum health_status { HEALTH_FAIL, HEALTH_WARN, HEALTH_PASS };

/* Probing begins at once. */
struct health *health_open(struct loop *l, struct pool *p, const char *version);
void health_close(struct health *h);

void health_draining(struct health *h);             /* ready fails from now on */

/* `application/health+json` documents into out; the return value is the HTTP status. */
int health_full(const struct health *h, struct buf *out);       /* /health: each check with status, time, age, cause */
int health_ready(const struct health *h, struct buf *out);      /* accepting, not draining, database reachable lately, pool not stuck */
int health_live(const struct health *h, struct buf *out);       /* the loop turns; never the database */
int health_startup(const struct health *h, struct buf *out);    /* migrated, database reached once */

/* For metrics: number of checks; name, status, age and duration of the last probe of each. */
struct health_check { const char *name; enum health_status status; usec age, took; };
int health_checks(const struct health *h, struct health_check *out, int max);

#endif

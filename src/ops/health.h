/*
 * The truth about the service, told from what was last seen: asking for it never costs the database anything.
 * A check fails, warns or passes; the whole is as good as its worst check, except that a database which can only be read is a warning
 * for the whole: reading goes on.  warn is 200, fail is 503.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_HEALTH_H
#define KEELSON_OPS_HEALTH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/loop.h"
#include "ops/probe.h"
#include "ops/survey.h"
#include "pg/pool.h"

struct health;
struct alerts;

struct health_config {
    const char *version;
    usec        every;          /* looks at the database */
    int64_t     quota;          /* bytes it may have; 0: no limit */
};

/* Probing begins at once. */
struct health *health_open(struct loop *l, struct pool *p, const struct health_config *c);
void health_close(struct health *h);

void health_draining(struct health *h);             /* ready fails from now on */
/* What the database said to a request: a full disk, or that it only reads, concerns all. */
void health_observed(struct health *h, const struct err *e);
/* So near to the quota that nothing new is to be written. */
bool health_storage_full(const struct health *h);

/* `application/health+json` documents into out; the return value is the HTTP status. */
int health_full(const struct health *h, const struct alerts *a, struct buf *out);   /* /health: each check with status, time, age, cause */
int health_ready(const struct health *h, struct buf *out);      /* accepting, not draining, database can be read, pool not stuck */
int health_live(const struct health *h, struct buf *out);       /* the loop turns; never the database */
int health_startup(const struct health *h, struct buf *out);    /* migrated, database reached once */

/* For metrics. */
#define HEALTH_CHECKS 6
struct health_check {
    const char             *name;
    enum health_status      status;
    usec                    age;
    const struct histogram *took;       /* NULL: nothing is asked for it */
};
void health_checks(const struct health *h, struct health_check out[HEALTH_CHECKS]);
const struct survey *health_survey(const struct health *h);

#endif

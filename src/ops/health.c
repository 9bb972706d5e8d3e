/*
 * Checks are made from the probe, the survey and the pool's counters at the moment of asking; only "stuck" needs readings over time.
 * What cannot get a connection in time is busy, which is a warning; what fails is down and says why.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/health.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "ops/health_json.h"
#include "ops/stuck.h"

#define STALE    (60 * USEC_S)          /* an answer older than this is none */
#define OBSERVED (60 * USEC_S)          /* so long one request's full disk is everybody's warning */
#define SURVEYS  3                      /* probes to one survey */

struct health {
    struct loop         *loop;
    struct pool         *pool;
    struct health_config config;
    struct probe        *probe;
    struct survey       *survey;
    struct timer         reading;
    struct stuck         stuck;
    usec                 disk_full;     /* when a request last met it; 0: never */
    bool                 draining;
};

/* Who waits has found no connection free. */
static void read_pool(struct timer *t)
{
    struct health *h = CONTAINER(t, struct health, reading);
    struct pool_counters p;

    pool_counters(h->pool, &p);
    stuck_read(&h->stuck, p.waiting_lane + p.waiting_exclusive > 0, p.returns);
    loop_timer(h->loop, t, clock_now() + h->config.every / STUCK_READINGS);
}

struct health *health_open(struct loop *l, struct pool *p, const struct health_config *c)
{
    struct health *h = calloc(1, sizeof *h);

    if (!h)
        err_die("out of memory: no room for health");
    *h = (struct health){ .loop = l, .pool = p, .config = *c, .reading.fire = read_pool };
    h->probe = probe_open(l, p, c->every);
    h->survey = survey_open(l, p, c->every * SURVEYS, c->quota);
    loop_timer(l, &h->reading, clock_now());
    return h;
}

void health_close(struct health *h)
{
    loop_untimer(&h->reading);
    probe_close(h->probe);
    survey_close(h->survey);
    free(h);
}

void health_draining(struct health *h)
{
    h->draining = true;
}

void health_observed(struct health *h, const struct err *e)
{
    if (strcmp(e->sqlstate, "53100") == 0)
        h->disk_full = clock_now();
    if (strcmp(e->sqlstate, "53100") == 0 || strcmp(e->sqlstate, "25006") == 0)
        probe_soon(h->probe);
}

bool health_storage_full(const struct health *h)
{
    return storage_share(survey_storage(h->survey)) >= STORAGE_STOP;
}

const struct survey *health_survey(const struct health *h)
{
    return h->survey;
}

/* ---- checks ---- */

/* A full disk or a refusal to write, where the quota is nearly used up, is the provider's way to say so. */
static enum probe_result named(const struct health *h, enum probe_result r)
{
    return (r == PROBE_READ_ONLY || r == PROBE_DISK_FULL) && health_storage_full(h) ? PROBE_QUOTA : r;
}

static void check_probe(const struct health *h, const struct probe_seen *s, struct health_json *c)
{
    const struct probe_info *info = probe_info(named(h, s->result));

    c->status = info->status;
    c->class = info->name;
    c->writes_only = info->reads_go_on;
    c->degrades = info->degrades;
    c->age = s->at ? clock_now() - s->at : 0;
    c->took = s->took;
    if (s->result == PROBE_NONE)
        snprintf(c->output, sizeof c->output, "not probed yet");
    else if (s->cause.kind != E_NONE)
        snprintf(c->output, sizeof c->output, "%s: %s", err_info(s->cause.kind)->slug, s->cause.message);
    else if (s->result == PROBE_SLOW)
        snprintf(c->output, sizeof c->output, "it took %.1f s", (double)s->took / 1e6);
    if (c->age > STALE) {
        c->status = HEALTH_FAIL;
        snprintf(c->output, sizeof c->output, "the probe has not ended for %lld s", (long long)(c->age / USEC_S));
    }
}

static void check_read(const struct health *h, struct health_json *c)
{
    *c = (struct health_json){ .name = "db_read", .key = "database:read" };
    check_probe(h, probe_reading(h->probe), c);
    c->writes_only = c->degrades = false;
}

static void check_write(const struct health *h, struct health_json *c)
{
    *c = (struct health_json){ .name = "db_write", .key = "database:write" };
    check_probe(h, probe_writing(h->probe), c);
}

static void check_pool(const struct health *h, struct health_json *c)
{
    struct pool_counters *p = &c->pool;

    *c = (struct health_json){ .name = "pool", .key = "pool:connections", .status = HEALTH_PASS, .has_pool = true };
    pool_counters(h->pool, p);
    if (!p->up) {
        c->status = HEALTH_FAIL;
        snprintf(c->output, sizeof c->output, "%s", p->down_reason.message);
    } else if (stuck_is(&h->stuck)) {
        c->status = HEALTH_FAIL;
        snprintf(c->output, sizeof c->output, "stuck: a request has waited %lld s and no connection comes back",
                 (long long)(p->oldest_waiter / USEC_S));
    } else if (p->in_use == p->max) {
        c->status = HEALTH_WARN;
        snprintf(c->output, sizeof c->output, "all %d connections are in use", p->max);
    }
}

static void check_storage(const struct health *h, struct health_json *c)
{
    const struct storage *s = survey_storage(h->survey);
    double share = storage_share(s);

    *c = (struct health_json){ .name = "storage", .key = "database:storage", .status = HEALTH_PASS, .age = survey_age(h->survey), .storage = s,
                               .writes_only = true, .degrades = true };
    if (share >= STORAGE_STOP)
        snprintf(c->output, sizeof c->output, "%.0f %% of the quota are used: what creates is refused, deleting is not", share * 100);
    else if (share >= STORAGE_WARN)
        snprintf(c->output, sizeof c->output, "%.0f %% of the quota are used", share * 100);
    c->status = share >= STORAGE_STOP ? HEALTH_FAIL : share >= STORAGE_WARN ? HEALTH_WARN : HEALTH_PASS;
}

/* A probe's row may find room where a request's does not, and disks of other machines cannot be looked at: so what requests met counts. */
static void check_disk(const struct health *h, struct health_json *c)
{
    usec age = h->disk_full ? clock_now() - h->disk_full : 0;

    *c = (struct health_json){ .name = "disk", .key = "database:disk", .status = HEALTH_PASS, .writes_only = true };
    if (h->disk_full == 0 || age > OBSERVED)
        return;
    c->status = HEALTH_WARN;
    c->class = probe_info(named(h, PROBE_DISK_FULL))->name;
    snprintf(c->output, sizeof c->output, "a request found the disk full %lld s ago", (long long)(age / USEC_S));
}

static void check_migrations(const struct health *h, struct health_json *c)
{
    const struct survey_migrations *m = survey_migrations(h->survey);

    *c = (struct health_json){ .name = "migrations", .key = "database:migrations", .status = HEALTH_PASS };
    for (int i = 0; i < m->n; i++) {
        if (m->list[i].ok)
            continue;
        c->status = HEALTH_WARN;
        snprintf(c->output, sizeof c->output, "the last attempt at %s %04lld failed; `keelson migrate history` says why", m->list[i].project,
                 (long long)m->list[i].version);
    }
}

static void checks_take(const struct health *h, struct health_json c[HEALTH_CHECKS])
{
    static void (*const makers[HEALTH_CHECKS])(const struct health *h, struct health_json *c) = {
        check_write, check_read, check_pool, check_storage, check_disk, check_migrations,
    };

    for (int i = 0; i < HEALTH_CHECKS; i++)
        makers[i](h, &c[i]);
}

void health_checks(const struct health *h, struct health_check out[HEALTH_CHECKS])
{
    struct health_json c[HEALTH_CHECKS];

    checks_take(h, c);
    for (int i = 0; i < HEALTH_CHECKS; i++)
        out[i] = (struct health_check){ c[i].name, c[i].status, c[i].age, NULL };
    out[0].took = &probe_writing(h->probe)->took_all;
    out[1].took = &probe_reading(h->probe)->took_all;
}

/* ---- documents ---- */

/* Reading goes on: the whole is worth a look, and to be used. */
static enum health_status weight(const struct health_json *c)
{
    return c->status == HEALTH_FAIL && c->degrades ? HEALTH_WARN : c->status;
}

int health_full(const struct health *h, const struct alerts *a, struct buf *out)
{
    struct health_json c[HEALTH_CHECKS];
    enum health_status worst = HEALTH_PASS;

    checks_take(h, c);
    for (int i = 0; i < HEALTH_CHECKS; i++)
        worst = weight(&c[i]) < worst ? weight(&c[i]) : worst;
    health_json_full(out, worst, h->config.version, c, HEALTH_CHECKS, a);
    return worst == HEALTH_FAIL ? 503 : 200;
}

/* Whether requests should come here is about reading, which is what every node can do or not; writing fails everywhere or nowhere. */
int health_ready(const struct health *h, struct buf *out)
{
    struct health_json c;

    if (h->draining)
        return health_json_simple(out, false, "draining");
    check_read(h, &c);
    if (c.status == HEALTH_FAIL)
        return health_json_simple(out, false, c.output);
    check_pool(h, &c);
    if (c.status == HEALTH_FAIL)
        return health_json_simple(out, false, c.output);
    return health_json_simple(out, probe_reached(h->probe), "the database has not been reached yet");
}

int health_live(const struct health *h, struct buf *out)
{
    (void)h;
    return health_json_simple(out, true, NULL);
}

int health_startup(const struct health *h, struct buf *out)
{
    return health_json_simple(out, probe_reached(h->probe), "the database has not been reached yet");
}

/*
 * One probe at a time, answered from what it last saw: asking for health never costs the database anything.
 * What cannot get a connection in time is busy, which is a warning; what fails is down and says why.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/log.h"
#include "embedded.h"

#define PROBE_EVERY   (10 * USEC_S)
#define PROBE_FAILING (USEC_S / 2)          /* sooner, to see it come back */
#define PROBE_LIMIT   (5 * USEC_S)
#define SLOW          (USEC_S)
#define STALE         (60 * USEC_S)         /* an answer older than this is none */
#define STUCK         (10 * USEC_S)         /* somebody has waited so long: nothing comes back */

struct health {
    struct loop       *loop;
    struct pool       *pool;
    const char        *version;
    struct uuid        node;
    struct timer       timer;
    struct task        task;
    struct stmt        stmts[2];
    struct arena       arena;
    usec               began;               /* of the probe under way */
    usec               seen;                /* when the last one ended; 0: none has */
    usec               took;
    enum health_status write;
    struct err         cause;
    bool               reached;             /* once at least */
    bool               draining;
};

static void probe_done(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct health *h = t->user;
    enum health_status before = h->write;

    (void)rows;
    (void)n;
    h->seen = clock_now();
    h->took = h->seen - h->began;
    h->cause = *e;
    if (e->kind == E_NONE)
        h->write = h->took > SLOW ? HEALTH_WARN : HEALTH_PASS;
    else
        h->write = e->kind == E_BUSY ? HEALTH_WARN : HEALTH_FAIL;
    h->reached = h->reached || e->kind == E_NONE;
    if (h->write != before && h->write == HEALTH_FAIL)
        log_event(LOG_ERROR, "write-probe-failed", "reason=%s sqlstate=%s", e->message, e->sqlstate);
    arena_reset(&h->arena);
    loop_timer(h->loop, &h->timer, h->seen + (h->write == HEALTH_PASS ? PROBE_EVERY : PROBE_FAILING));
}

static void probe(struct timer *t)
{
    struct health *h = CONTAINER(t, struct health, timer);

    h->stmts[0] = STMT("health_write", sql_health_write);
    stmt_uuid(&h->arena, &h->stmts[0], &h->node);
    h->stmts[1] = STMT("health_delete", sql_health_delete);
    stmt_uuid(&h->arena, &h->stmts[1], &h->node);
    h->began = clock_now();
    h->task = (struct task){ .stmts = h->stmts, .nstmts = 2, .control = true, .until = h->began + PROBE_LIMIT, .done = probe_done, .user = h };
    pool_submit(h->pool, &h->task);
}

struct health *health_open(struct loop *l, struct pool *p, const char *version)
{
    struct health *h = calloc(1, sizeof *h);

    if (!h)
        err_die("out of memory: no room for health");
    *h = (struct health){ .loop = l, .pool = p, .version = version, .node = uuid_v7(), .write = HEALTH_WARN, .timer.fire = probe };
    loop_timer(l, &h->timer, clock_now());
    return h;
}

void health_close(struct health *h)
{
    loop_untimer(&h->timer);
    arena_free(&h->arena);
    free(h);
}

void health_draining(struct health *h)
{
    h->draining = true;
}

/* ---- checks ---- */

struct check {
    const char        *name;            /* in metrics */
    const char        *key;             /* in health+json: component:measurement */
    enum health_status status;
    usec               age, took;
    char               output[sizeof(((struct err *)0)->message) + 64];
};

static void check_write(const struct health *h, struct check *c)
{
    *c = (struct check){ .name = "db_write", .key = "database:write", .status = h->write, .took = h->took };
    c->age = h->seen ? clock_now() - h->seen : 0;
    if (!h->seen)
        snprintf(c->output, sizeof c->output, "not probed yet");
    else if (h->cause.kind != E_NONE)
        snprintf(c->output, sizeof c->output, "%s: %s", err_info(h->cause.kind)->slug, h->cause.message);
    else if (h->write == HEALTH_WARN)
        snprintf(c->output, sizeof c->output, "a write took %.1f s", (double)h->took / 1e6);
    if (c->age > STALE) {
        c->status = HEALTH_FAIL;
        snprintf(c->output, sizeof c->output, "the probe has not ended for %lld s", (long long)(c->age / USEC_S));
    }
}

static void check_pool(const struct health *h, struct check *c)
{
    struct pool_counters p;

    pool_counters(h->pool, &p);
    *c = (struct check){ .name = "pool", .key = "pool:connections", .status = HEALTH_PASS };
    if (!p.up) {
        c->status = HEALTH_FAIL;
        snprintf(c->output, sizeof c->output, "%s", p.down_reason.message);
    } else if (p.oldest_waiter > STUCK) {
        c->status = HEALTH_FAIL;
        snprintf(c->output, sizeof c->output, "a request has waited %lld s for a connection", (long long)(p.oldest_waiter / USEC_S));
    } else if (p.in_use == p.max) {
        c->status = HEALTH_WARN;
        snprintf(c->output, sizeof c->output, "all %d connections are in use", p.max);
    }
}

#define CHECKS 2

static void checks_take(const struct health *h, struct check c[CHECKS])
{
    check_write(h, &c[0]);
    check_pool(h, &c[1]);
}

int health_checks(const struct health *h, struct health_check *out, int max)
{
    struct check c[CHECKS];
    int n = max < CHECKS ? max : CHECKS;

    checks_take(h, c);
    for (int i = 0; i < n; i++)
        out[i] = (struct health_check){ c[i].name, c[i].status, c[i].age, c[i].took };
    return n;
}

/* ---- documents ---- */

static const char *const words[] = { [HEALTH_FAIL] = "fail", [HEALTH_WARN] = "warn", [HEALTH_PASS] = "pass" };

static int status_of(enum health_status s)
{
    return s == HEALTH_FAIL ? 503 : 200;
}

static void check_write_json(struct json_out *o, const struct check *c)
{
    char when[CLOCK_RFC3339];

    clock_rfc3339(clock_wall() - c->age, when);
    json_key(o, c->key);
    json_open(o, '[');
    json_open(o, '{');
    json_key(o, "status");
    json_cstring(o, words[c->status]);
    json_key(o, "time");
    json_cstring(o, when);
    json_key(o, "age_ms");
    json_int(o, c->age / USEC_MS);
    if (c->took > 0) {
        json_key(o, "observedValue");
        json_int(o, c->took / USEC_MS);
        json_key(o, "observedUnit");
        json_cstring(o, "ms");
    }
    if (c->output[0]) {
        json_key(o, "output");
        json_cstring(o, c->output);
    }
    if (c->status == HEALTH_FAIL) {
        json_key(o, "affectedEndpoints");
        json_raw(o, SPAN("[\"/v1\"]"));
    }
    json_close(o, '}');
    json_close(o, ']');
}

int health_full(const struct health *h, struct buf *out)
{
    struct json_out o = JSON_OUT(out);
    struct check c[CHECKS];
    enum health_status worst = HEALTH_PASS;

    checks_take(h, c);
    for (int i = 0; i < CHECKS; i++)
        worst = c[i].status < worst ? c[i].status : worst;
    json_open(&o, '{');
    json_key(&o, "status");
    json_cstring(&o, words[worst]);
    json_key(&o, "releaseId");
    json_cstring(&o, h->version);
    json_key(&o, "serviceId");
    json_cstring(&o, "keelson");
    json_key(&o, "checks");
    json_open(&o, '{');
    for (int i = 0; i < CHECKS; i++)
        check_write_json(&o, &c[i]);
    json_close(&o, '}');
    json_close(&o, '}');
    return status_of(worst);
}

static int simple(struct buf *out, bool good, const char *why)
{
    struct json_out o = JSON_OUT(out);

    json_open(&o, '{');
    json_key(&o, "status");
    json_cstring(&o, good ? "pass" : "fail");
    if (!good) {
        json_key(&o, "output");
        json_cstring(&o, why);
    }
    json_close(&o, '}');
    return good ? 200 : 503;
}

int health_ready(const struct health *h, struct buf *out)
{
    struct check c[CHECKS];

    if (h->draining)
        return simple(out, false, "draining");
    checks_take(h, c);
    for (int i = 0; i < CHECKS; i++)
        if (c[i].status == HEALTH_FAIL)
            return simple(out, false, c[i].output);
    return simple(out, h->reached, "the database has not been reached yet");
}

int health_live(const struct health *h, struct buf *out)
{
    (void)h;
    return simple(out, true, NULL);
}

int health_startup(const struct health *h, struct buf *out)
{
    return simple(out, h->reached, "the database has not been reached yet");
}

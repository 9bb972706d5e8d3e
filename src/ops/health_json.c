/*
 * Members beyond the draft's are named after what they are: age_ms, class, and the pool's size, checked_out, overflow and waiting.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/health_json.h"

#include <math.h>

#include "base/json.h"
#include "ops/alerts.h"

static const char *const words[] = { [HEALTH_FAIL] = "fail", [HEALTH_WARN] = "warn", [HEALTH_PASS] = "pass" };

static void text(struct json_out *o, const char *key, const char *value)
{
    json_key(o, key);
    json_cstring(o, value);
}

static void number(struct json_out *o, const char *key, int64_t value)
{
    json_key(o, key);
    json_int(o, value);
}

static void observed(struct json_out *o, int64_t value, const char *unit)
{
    number(o, "observedValue", value);
    text(o, "observedUnit", unit);
}

/* What requests may have: the control connection is not among it, nor what it is used for. */
static void pool_write(struct json_out *o, const struct pool_counters *p)
{
    int open = p->idle + p->in_use;

    observed(o, p->in_use, "connections");
    number(o, "size", p->base);
    number(o, "checked_out", p->in_use - p->in_use_control);
    number(o, "overflow", open > p->base ? open - p->base : 0);
    number(o, "waiting", p->waiting_lane + p->waiting_exclusive);
    number(o, "open", open);
    number(o, "max", p->max);
}

static void storage_write(struct json_out *o, const struct storage *s)
{
    double left = storage_time_to_full(s);

    if (s->used > 0)
        observed(o, s->used, "bytes");
    if (s->quota > 0)
        number(o, "quota", s->quota);
    if (isfinite(left))
        number(o, "time_to_full_s", (int64_t)left);
}

static const char *affected(const struct health_json *c)
{
    if (c->storage)
        return "[\"POST /v1/{+path}\",\"PUT /v1/{+path}\",\"PATCH /v1/{+path}\"]";
    return c->writes_only ? "[\"POST /v1/{+path}\",\"PUT /v1/{+path}\",\"PATCH /v1/{+path}\",\"DELETE /v1/{+path}\"]" : "[\"/v1/{+path}\"]";
}

static void check_write(struct json_out *o, const struct health_json *c)
{
    char when[CLOCK_RFC3339];

    clock_rfc3339(clock_wall() - c->age, when);
    json_key(o, c->key);
    json_open(o, '[');
    json_open(o, '{');
    text(o, "status", words[c->status]);
    text(o, "time", when);
    number(o, "age_ms", c->age / USEC_MS);
    if (c->class)
        text(o, "class", c->class);
    if (c->took > 0)
        observed(o, c->took / USEC_MS, "ms");
    if (c->has_pool)
        pool_write(o, &c->pool);
    if (c->storage)
        storage_write(o, c->storage);
    if (c->output[0])
        text(o, "output", c->output);
    if (c->status == HEALTH_FAIL) {
        json_key(o, "affectedEndpoints");
        json_raw(o, span_of(affected(c)));
    }
    json_close(o, '}');
    json_close(o, ']');
}

void health_json_full(struct buf *out, enum health_status status, const char *version, const struct health_json *checks, int n, const struct alerts *a)
{
    struct json_out o = JSON_OUT(out);

    json_open(&o, '{');
    text(&o, "status", words[status]);
    text(&o, "releaseId", version);
    text(&o, "serviceId", "keelson");
    json_key(&o, "checks");
    json_open(&o, '{');
    for (int i = 0; i < n; i++)
        check_write(&o, &checks[i]);
    json_close(&o, '}');
    json_key(&o, "alerts");
    alerts_json(a, &o);
    json_close(&o, '}');
}

int health_json_simple(struct buf *out, bool good, const char *why)
{
    struct json_out o = JSON_OUT(out);

    json_open(&o, '{');
    text(&o, "status", good ? "pass" : "fail");
    if (!good)
        text(&o, "output", why);
    json_close(&o, '}');
    return good ? 200 : 503;
}

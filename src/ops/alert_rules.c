/*
 * One row a rule.  A rule is about something an operator does something about; thresholds on counters are about their growth, so
 * that they clear, and what must be so for a while says for how long.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/alert_rules.h"

#include "base/attr.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

const struct alert_rule alert_rules[] = {
    { "KeelsonPoolSaturated", "critical",
      { { ALERT_UTILISATION, "keelson_pool_busy_seconds_total", NULL, "keelson_pool_capacity", MINUTE, '>', 0.8 } }, 5 * MINUTE, 2 * MINUTE,
      "More than 80 % of the pool's places for work are taken." },
    { "KeelsonPoolWaitersStanding", "warning",
      { { ALERT_MIN, "keelson_pool_oldest_waiter_seconds", NULL, NULL, MINUTE, '>', 0.1 } }, 2 * MINUTE, 0,
      "Requests wait for a connection all the time, not in bursts." },
    { "KeelsonAcquireTimeouts", "critical",
      { { ALERT_INCREASE, "keelson_pool_acquires_total", "outcome=\"timeout\"", NULL, 5 * MINUTE, '>', 0 } }, 0, 0,
      "Requests were refused because no connection became free in time." },
    { "KeelsonMigrationFailed", "warning",
      { { ALERT_INCREASE, "keelson_migrations_failed_total", NULL, NULL, 15 * MINUTE, '>', 0 },
        { ALERT_VALUE, "keelson_migration_status", NULL, NULL, 0, '=', 0 } }, 0, 0,
      "A migration failed; keelson migrate history says why." },
    { "KeelsonSlowQueries", "info",
      { { ALERT_BEYOND, "keelson_db_query_seconds", NULL, NULL, 5 * MINUTE, '>', 0 } }, 0, 0,
      "The database took more than a second for a request." },
    { "KeelsonWriteProbeFailing", "critical",
      { { ALERT_VALUE, "keelson_health_status", "check=\"db_write\"", NULL, 0, '=', 0 } }, 30, 0,
      "Writing to the database fails; /health names the class." },
    { "KeelsonHealthStale", "critical",
      { { ALERT_VALUE, "keelson_health_probe_age_seconds", NULL, NULL, 0, '>', 60 },
        { ALERT_ABSENT, "keelson_health_status", NULL, NULL, 0, '>', 0 } }, MINUTE, 0,
      "The health probe itself has not ended for a minute, or the service is not there." },
    { "KeelsonCapViolated", "critical",
      { { ALERT_INCREASE, "keelson_pool_cap_violations_total", NULL, NULL, 10 * MINUTE, '>', 0 } }, 0, 0,
      "The server saw more connections of the service than it may open." },
    { "KeelsonLeakSuspected", "warning",
      { { ALERT_VALUE, "keelson_pool_leaks_suspected", NULL, NULL, 0, '>', 0 } }, 5 * MINUTE, 0,
      "Connections are held for longer than pool.leak.after; the log says by whom." },
    { "KeelsonStorageFillsSoon", "warning",
      { { ALERT_SHARE, "keelson_storage_used_bytes", NULL, "keelson_storage_quota_bytes", 0, '>', 0.8 },
        { ALERT_WILL_PASS, "keelson_storage_used_bytes", NULL, "keelson_storage_quota_bytes", 6 * HOUR, '>', 3 * DAY } }, 15 * MINUTE, 0,
      "The database has used 80 % of its quota, or will have used it up in three days." },
    { "KeelsonCommitUnknown", "critical",
      { { ALERT_INCREASE, "keelson_commit_unknown_total", "resolution=\"unresolved\"", NULL, 15 * MINUTE, '>', 0 } }, 0, 0,
      "The outcome of a write could not be established; the log has the request." },
};

const int alert_nrules = ARRAY_LEN(alert_rules);

/* ---- as PromQL ---- */

static void duration(struct buf *b, int s)
{
    static const struct { int seconds; char unit; } units[] = { { DAY, 'd' }, { HOUR, 'h' }, { MINUTE, 'm' }, { 1, 's' } };
    size_t i = 0;

    while (s % units[i].seconds != 0)
        i++;
    buf_printf(b, "%d%c", s / units[i].seconds, units[i].unit);
}

/* FUNCTION(metric{filter}[window], the instant vector without a window and a function */
static void selector(struct buf *b, const char *function, const struct alert_cond *c)
{
    buf_printf(b, "%s%s%s", function, *function ? "(" : "", c->metric);
    if (c->filter)
        buf_printf(b, "{%s}", c->filter);
    if (c->window > 0) {
        buf_str(b, "[");
        duration(b, c->window);
        buf_str(b, "]");
    }
}

static void cond_print(struct buf *b, const struct alert_cond *c)
{
    static const char *const functions[] = {
        [ALERT_VALUE] = "", [ALERT_MIN] = "min_over_time", [ALERT_INCREASE] = "increase", [ALERT_SHARE] = "", [ALERT_WILL_PASS] = "predict_linear",
        [ALERT_ABSENT] = "absent",
    };

    switch (c->kind) {
    case ALERT_BEYOND:
        buf_printf(b, "sum by (route, instance) (increase(%s_count[", c->metric);
        duration(b, c->window);
        buf_printf(b, "])) - sum by (route, instance) (increase(%s_bucket{le=\"1\"}[", c->metric);
        duration(b, c->window);
        buf_str(b, "])) > 0");
        return;
    case ALERT_UTILISATION:
        buf_str(b, "max by (pool, class, instance) (");
        selector(b, "rate", c);
        buf_printf(b, ") / %s) > %g", c->other, c->value);
        return;
    default:
        selector(b, functions[c->kind], c);
        break;
    }
    if (c->kind == ALERT_SHARE)
        buf_printf(b, " / %s > %g", c->other, c->value);
    else if (c->kind == ALERT_WILL_PASS)
        buf_printf(b, ", %.0f) > %s", c->value, c->other);
    else if (c->kind == ALERT_ABSENT)
        buf_str(b, ")");
    else
        buf_printf(b, "%s %s %g", c->kind == ALERT_VALUE ? "" : ")", c->op == '=' ? "==" : ">", c->value);
}

static void rule_print(struct buf *b, const struct alert_rule *r)
{
    buf_printf(b, "  - alert: %s\n    expr: >-\n      ", r->name);
    cond_print(b, &r->conds[0]);
    if (r->conds[1].kind != ALERT_NONE) {
        buf_str(b, "\n      or ");
        cond_print(b, &r->conds[1]);
    }
    buf_str(b, "\n");
    if (r->hold > 0) {
        buf_str(b, "    for: ");
        duration(b, r->hold);
        buf_str(b, "\n");
    }
    if (r->keep > 0) {
        buf_str(b, "    keep_firing_for: ");
        duration(b, r->keep);
        buf_str(b, "\n");
    }
    buf_printf(b, "    labels:\n      severity: %s\n    annotations:\n      summary: \"%s\"\n", r->severity, r->summary);
}

void alert_rules_prometheus(struct buf *b)
{
    buf_str(b, "# Alert rules of Keelson for Prometheus 2.42 or later.  Printed by `keelson alerts`; docs/alerts.md explains them.\n"
               "# SPDX-License-Identifier: Apache-2.0\n"
               "groups:\n- name: keelson\n  rules:\n");
    for (int i = 0; i < alert_nrules; i++)
        rule_print(b, &alert_rules[i]);
}

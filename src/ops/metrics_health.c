/*
 * The same facts as /health, as numbers.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/metrics_health.h"

#include <stdio.h>
#include <string.h>

#include "ops/exposition.h"

static void checks_write(const struct health_check *c, struct buf *b)
{
    char labels[64];

    exposition_head(b, "keelson_health_status", "gauge", "0 fail, 0.5 warn, 1 pass.");
    for (int i = 0; i < HEALTH_CHECKS; i++)
        buf_printf(b, "keelson_health_status{check=\"%s\"} %g\n", c[i].name, (double)c[i].status / 2);
    exposition_head(b, "keelson_health_probe_age_seconds", "gauge", "How long ago that was seen.");
    for (int i = 0; i < HEALTH_CHECKS; i++)
        buf_printf(b, "keelson_health_probe_age_seconds{check=\"%s\"} %.3f\n", c[i].name, (double)c[i].age / 1e6);
    exposition_head(b, "keelson_health_probe_seconds", "histogram", "How long looking took.");
    for (int i = 0; i < HEALTH_CHECKS; i++) {
        snprintf(labels, sizeof labels, "check=\"%s\"", c[i].name);
        if (c[i].took)
            exposition_histogram(b, "keelson_health_probe_seconds", labels, c[i].took);
    }
}

static void storage_write(const struct storage *s, struct buf *b)
{
    EXPOSITION_NUMBERS(b, "gauge", "Size of the database.", { "keelson_storage_used_bytes", "", (double)s->used });
    EXPOSITION_NUMBERS(b, "gauge", "What it may have (storage.quota); +Inf: no limit is known.",
        { "keelson_storage_quota_bytes", "", s->quota > 0 ? (double)s->quota : EXPOSITION_INFINITY });
    EXPOSITION_NUMBERS(b, "gauge", "Until the quota is reached at the present pace; +Inf: never.",
        { "keelson_storage_time_to_full_seconds", "", storage_time_to_full(s) });
}

/* They are in order of project and version. */
static bool newest(const struct survey_migrations *m, int i)
{
    for (int k = i + 1; k < m->n; k++)
        if (m->list[k].in_force && strcmp(m->list[k].project, m->list[i].project) == 0)
            return false;
    return m->list[i].in_force;
}

static void migrations_write(const struct survey_migrations *m, struct buf *b)
{
    exposition_head(b, "keelson_migration_status", "gauge", "1: in force, 0: its last attempt failed.");
    for (int i = 0; i < m->n; i++)
        buf_printf(b, "keelson_migration_status{project=\"%s\",version=\"%04lld\"} %d\n", m->list[i].project, (long long)m->list[i].version, m->list[i].ok);
    EXPOSITION_NUMBERS(b, "counter", "Attempts at migrations that failed, by the database's ledger.",
        { "keelson_migrations_failed_total", "", (double)m->failed });
    exposition_head(b, "keelson_schema_version", "gauge", "The newest migration in force.");
    for (int i = 0; i < m->n; i++)
        if (newest(m, i))
            buf_printf(b, "keelson_schema_version{project=\"%s\"} %lld\n", m->list[i].project, (long long)m->list[i].version);
}

void metrics_health_write(const struct health *h, struct buf *b)
{
    struct health_check c[HEALTH_CHECKS];

    health_checks(h, c);
    checks_write(c, b);
    storage_write(survey_storage(health_survey(h)), b);
    migrations_write(survey_migrations(health_survey(h)), b);
}

/*
 * Aligned for people, one object for programs.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/migrate_report.h"

#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"

#define OUTPUT_MAX ((size_t)64 << 20)

static const char *colour_of(const char *state)
{
    static const struct { const char *state, *colour; } colours[] = {
        { "applied", "\033[32m" }, { "reverted", "\033[33m" }, { "pending", "\033[33m" },
        { "failed",  "\033[31m" }, { "changed",  "\033[31m" }, { "unknown", "\033[31m" }, { "skipped", "\033[31m" },
    };

    for (size_t i = 0; i < ARRAY_LEN(colours); i++)
        if (strcmp(colours[i].state, state) == 0)
            return colours[i].colour;
    return "";
}

int migrate_report_count(const struct migrate_lines *l, const char *state)
{
    int n = 0;

    for (int i = 0; i < l->n; i++)
        n += strcmp(l->line[i].state, state) == 0;
    return n;
}

static void text_line(const struct command_call *c, const struct migrate_line *l, int width)
{
    const char *on = c->colour ? colour_of(l->state) : "";

    printf("%-8s %04lld  %-*s  %s%-8s%s", l->project, (long long)l->version, width, l->name, on, l->state, *on ? "\033[0m" : "");
    if (l->at)
        printf("  %.19sZ", l->at);
    if (l->ms >= 0)
        printf("  %6lld ms", (long long)l->ms);
    if (l->by)
        printf("  %s", l->by);
    if (l->note)
        printf("  %s", l->note);
    putchar('\n');
}

void migrate_report_text(const struct command_call *c, const struct migrate_lines *l, bool only_ran)
{
    int width = 0;

    for (int i = 0; i < l->n; i++)
        if ((int)strlen(l->line[i].name) > width)
            width = (int)strlen(l->line[i].name);
    for (int i = 0; i < l->n; i++)
        if (!only_ran || l->line[i].ran)
            text_line(c, &l->line[i], width);
}

static void json_member(struct json_out *o, const char *key, const char *value)
{
    if (!value)
        return;
    json_key(o, key);
    json_cstring(o, value);
}

static void json_line(struct json_out *o, const struct migrate_line *l)
{
    json_open(o, '{');
    json_member(o, "project", l->project);
    json_key(o, "version");
    json_int(o, l->version);
    json_member(o, "name", l->name);
    json_member(o, "state", l->state);
    json_key(o, "ran");
    json_boolean(o, l->ran);
    json_member(o, "at", l->at);
    json_member(o, "by", l->by);
    json_member(o, "note", l->note);
    if (l->ms >= 0) {
        json_key(o, "duration_ms");
        json_int(o, l->ms);
    }
    json_close(o, '}');
}

static void json_summary(struct json_out *o, const struct migrate_lines *l, const struct err *failure)
{
    static const char *const states[] = { "applied", "pending", "reverted", "failed", "changed", "unknown", "skipped" };

    json_key(o, "summary");
    json_open(o, '{');
    json_key(o, "ok");
    json_boolean(o, failure == NULL);
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        json_key(o, states[i]);
        json_int(o, migrate_report_count(l, states[i]));
    }
    if (failure)
        json_member(o, "error", failure->message);
    json_close(o, '}');
}

void migrate_report_json(const struct migrate_lines *l, const struct err *failure)
{
    struct buf b = BUF(OUTPUT_MAX);
    struct json_out o = JSON_OUT(&b);

    json_open(&o, '{');
    json_key(&o, "migrations");
    json_open(&o, '[');
    for (int i = 0; i < l->n; i++)
        json_line(&o, &l->line[i]);
    json_close(&o, ']');
    json_summary(&o, l, failure);
    json_close(&o, '}');
    printf("%.*s\n", SPAN_ARG(buf_span(&b)));
    buf_free(&b);
}

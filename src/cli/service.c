/*
 * keelson serve, config, alerts, version, and the row of openapi.
 */
// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "cli/database.h"
#include "cli/groups.h"
#include "cli/help.h"
#include "cli/openapi.h"
#include "ops/alert_rules.h"
#include "serve/start.h"
#include "serve/version.h"

static bool run_serve(struct command_call *c, struct err *e)
{
    return database_url(c, e) && start_serve(&c->conf, KEELSON_VERSION, command_option(c, "--demo") != NULL, e);
}

/* ---- config ---- */

#define VALUE_MOST 24       /* a longer one moves its own text below and nobody else's */

static int width_of(const struct conf_line *lines, size_t n, size_t member, size_t most)
{
    size_t width = 0;

    for (size_t i = 0; i < n; i++) {
        size_t w = strlen(*(const char *const *)(const void *)((const char *)&lines[i] + member));

        width = w > width && w <= most ? w : width;
    }
    return (int)width;
}

static void config_text(const struct conf_line *lines, size_t n)
{
    int name = width_of(lines, n, offsetof(struct conf_line, name), SIZE_MAX);
    int value = width_of(lines, n, offsetof(struct conf_line, value), VALUE_MOST);
    int source = width_of(lines, n, offsetof(struct conf_line, source), SIZE_MAX);
    int doc = name + value + source + 6;

    for (size_t i = 0; i < n; i++) {
        int column = printf("%-*s  %-*s  %s", name, lines[i].name, value, lines[i].value, lines[i].source);

        if (column >= doc) {
            putchar('\n');
            column = 0;
        }
        printf("%*s", doc - column, "");
        help_wrap(stdout, lines[i].doc, doc, doc);
    }
}

static void config_json(struct buf *b, const struct conf_line *lines, size_t n)
{
    struct json_out o = JSON_OUT(b);

    json_open(&o, '{');
    json_key(&o, "settings");
    json_open(&o, '[');
    for (size_t i = 0; i < n; i++) {
        const struct { const char *key, *value; } members[] = {
            { "name", lines[i].name }, { "value", lines[i].value }, { "source", lines[i].source }, { "default", lines[i].def }, { "doc", lines[i].doc },
            { "env", lines[i].env },   { "flag", lines[i].flag },   { "allowed", lines[i].allowed },
        };

        json_open(&o, '{');
        for (size_t k = 0; k < ARRAY_LEN(members); k++) {
            json_key(&o, members[k].key);
            json_cstring(&o, members[k].value);
        }
        json_close(&o, '}');
    }
    json_close(&o, ']');
    json_close(&o, '}');
    buf_char(b, '\n');
}

static bool run_config(struct command_call *c, struct err *e)
{
    struct conf_line *lines;
    size_t n = conf_lines(c->arena, &c->conf, &lines);
    struct buf b = BUF((size_t)1 << 20);

    (void)e;
    if (c->format == COMMAND_JSON) {
        config_json(&b, lines, n);
        fwrite(b.p, 1, b.n, stdout);
        buf_free(&b);
    } else {
        config_text(lines, n);
    }
    return true;
}

static bool run_version(struct command_call *c, struct err *e)
{
    (void)e;
    printf(c->format == COMMAND_JSON ? "{\"version\":\"%s\"}\n" : "keelson %s\n", KEELSON_VERSION);
    return true;
}

/* ---- alerts ---- */

static void alerts_list(struct buf *b)
{
    struct json_out o = JSON_OUT(b);

    json_open(&o, '{');
    json_key(&o, "alerts");
    json_open(&o, '[');
    for (int i = 0; i < alert_nrules; i++) {
        json_open(&o, '{');
        json_key(&o, "alert");
        json_cstring(&o, alert_rules[i].name);
        json_key(&o, "severity");
        json_cstring(&o, alert_rules[i].severity);
        json_key(&o, "summary");
        json_cstring(&o, alert_rules[i].summary);
        json_close(&o, '}');
    }
    json_close(&o, ']');
    json_key(&o, "summary");
    json_open(&o, '{');
    json_key(&o, "rules");
    json_int(&o, alert_nrules);
    json_close(&o, '}');
    json_close(&o, '}');
    buf_char(b, '\n');
}

static bool run_alerts(struct command_call *c, struct err *e)
{
    struct buf b = BUF((size_t)1 << 20);

    (void)e;
    if (c->format == COMMAND_JSON)
        alerts_list(&b);
    else
        alert_rules_prometheus(&b);
    fwrite(b.p, 1, b.n, stdout);
    buf_free(&b);
    return true;
}

static const struct command_option serve_options[] = {
    { "--demo", NULL, "Fill an empty embedded database with invented interviews, and simulate live ones." },
};

static const struct command commands[] = {
    { "serve", NULL, "Serve the HTTP interface.", .options = serve_options, .noptions = ARRAY_LEN(serve_options), .run = run_serve,
      .more = "--listen ADDR:PORT says where (default: 127.0.0.1:8080), --data-dir DIR where the embedded PostgreSQL keeps its data.\n\n"
              "Without DATABASE_URL it runs a private PostgreSQL and migrates it; on this machine's loopback no key is needed then.\n\n"
              "With DATABASE_URL it uses that database with the service's role, refuses pending migrations unless told --migrate, and "
              "wants an API key from everybody (see `keelson init` and `keelson key create`)." },
    { "config", NULL, "Show every setting, its value and where it came from.", .run = run_config },
    { "openapi", NULL, "Print the OpenAPI description of the database's API.", .run = openapi_run,
      .more = "It follows from the database: DATABASE_URL, else KEELSON_OWNER_URL, else the embedded one. --format json prints it as it is served,\n"
              "on one line." },
    { "alerts", NULL, "Print the alert rules as a file for Prometheus.", .run = run_alerts,
      .more = "The running service evaluates the same rules: /health lists what fires, keelson_alert_active is in /metrics." },
    { "version", NULL, "Show the version.", .run = run_version },
};

const struct command_group service_commands = { "Service", commands, ARRAY_LEN(commands) };

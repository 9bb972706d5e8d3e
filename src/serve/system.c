/*
 * Everything here answers from memory: what was measured, what was made at start, what is embedded.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/system.h"

#include "embedded.h"
#include "serve/problems.h"
#include "serve/service.h"
#include "serve/version.h"

bool system_plan(struct call *c, struct plan *p, struct err *e)
{
    p->done = true;
    return call_params_done(c, e);
}

/* ---- health ---- */

static bool health_answer(struct call *c, int status)
{
    c->status = status;
    call_header(c, "Content-Type", SPAN("application/health+json"));
    if (status == 503)
        call_header(c, "Retry-After", SPAN("1"));
    return true;
}

static const struct health *health_of(const struct call *c)
{
    return ((const struct service *)c->service)->health;
}

bool system_health_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows, (void)n, (void)e;
    return health_answer(c, health_full(health_of(c), ((const struct service *)c->service)->alerts, c->out));
}

bool system_live_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows, (void)n, (void)e;
    return health_answer(c, health_live(health_of(c), c->out));
}

bool system_ready_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows, (void)n, (void)e;
    return health_answer(c, health_ready(health_of(c), c->out));
}

bool system_startup_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows, (void)n, (void)e;
    return health_answer(c, health_startup(health_of(c), c->out));
}

/* ---- metrics and the API description ---- */

void system_metrics(const struct service *s, struct buf *out)
{
    struct metrics_view v = { .alerts = s->alerts, .http = http_counters(s->http), .health = s->health, .loop_lag = loop_lag(s->loop), .loop_now = loop_now(s->loop),
                              .version = KEELSON_VERSION, .server_version = s->catalog.server_version };

    pool_counters(s->pool, &v.pool);
    metrics_render(s->metrics, &v, out);
}

bool system_metrics_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows, (void)n, (void)e;
    system_metrics(c->service, c->out);
    c->status = 200;
    call_header(c, "Content-Type", SPAN("text/plain; version=0.0.4; charset=utf-8"));
    return true;
}

bool system_openapi_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows, (void)n, (void)e;
    c->status = 200;
    buf_add(c->out, ((const struct service *)c->service)->openapi);
    return true;
}

/* ---- pages ---- */

static const struct { const char *ending, *type; } types[] = {
    { ".html", "text/html; charset=utf-8" }, { ".css", "text/css; charset=utf-8" }, { ".js", "text/javascript; charset=utf-8" },
    { ".svg", "image/svg+xml" },             { ".png", "image/png" },               { ".ico", "image/x-icon" },
};

/* Pages load nothing from elsewhere and may not be framed. */
static const char policy[] = "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

static void page_headers(struct call *c, const char *type)
{
    call_header(c, "Content-Type", span_of(type));
    call_header(c, "Content-Security-Policy", span_of(policy));
    call_header(c, "Referrer-Policy", SPAN("no-referrer"));
    call_header(c, "Cache-Control", SPAN("no-cache"));
}

static const char *type_of(struct span name)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (span_ends(name, span_of(types[i].ending)))
            return types[i].type;
    return "application/octet-stream";
}

static bool file_answer(struct call *c, struct span name, struct err *e)
{
    for (size_t i = 0; i < embedded_nweb; i++) {
        if (!span_is(name, embedded_web[i].name))
            continue;
        page_headers(c, type_of(name));
        buf_add(c->out, (struct span){ embedded_web[i].data, embedded_web[i].size });
        c->status = 200;
        return true;
    }
    return fail(e, E_NOT_FOUND, "there is no such page");
}

bool system_console_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows, (void)n;
    return file_answer(c, SPAN("index.html"), e);
}

bool system_docs_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows, (void)n;
    return file_answer(c, SPAN("docs.html"), e);
}

bool system_asset_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows, (void)n;
    return file_answer(c, c->capture[0], e);
}

/* ---- problems ---- */

bool system_problem_plan(struct call *c, struct plan *p, struct err *e)
{
    return problems_find(c->capture[0]) != E_NONE ? system_plan(c, p, e) : fail(e, E_NOT_FOUND, "there is no such problem");
}

bool system_problem_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    enum err_kind kind = problems_find(c->capture[0]);

    (void)rows, (void)n, (void)e;
    c->status = 200;
    call_header(c, "Vary", SPAN("Accept"));
    if (problems_prefer_html(c->accept)) {
        page_headers(c, "text/html; charset=utf-8");
        problems_html(c->out, kind);
    } else {
        problems_json(c->out, kind);
    }
    return true;
}

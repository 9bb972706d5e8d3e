/*
 * One request, top to bottom.  It may wait at two places, both for the database and both through the pool: for its key (who.c), when
 * that has not been seen lately, and for its statements (ask.c).  Everything else is decided here and now.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/serve.h"

#include <string.h>

#include "access/scope.h"
#include "base/digest.h"
#include "base/log.h"
#include "data/idempotency.h"
#include "http/reply.h"
#include "serve/ask.h"
#include "serve/request.h"
#include "serve/who.h"

/* ---- answering ---- */

/* The same request of the same client: what the server was asked, and with which key. */
static uint64_t who_again(const struct request *r)
{
    const struct span parts[] = { { (const char *)r->who.key.b, sizeof r->who.key.b }, r->x->head->method_text, r->x->head->path, r->x->head->query,
                                  r->call.idempotency_key, r->x->body };
    uint64_t hash = 0;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        hash = hash * 31 + digest_hash64(parts[i]);
    return hash;
}

static void count(const struct request *r, int status, int64_t retry_after_ms)
{
    struct service *s = r->service;
    usec took = clock_now() - r->x->arrived;

    metrics_request(s->metrics, r->route ? (int)(r->route - routes) : -1, status, took);
    if (retry_after_ms > 0 || metrics_retries_live(s->metrics))
        metrics_retry_after(s->metrics, who_again(r), retry_after_ms);
    if (s->conf.log_slow > 0 && took > s->conf.log_slow)
        log_event(LOG_WARN, "slow-request", "method=%.*s path=%.*s status=%d took_ms=%lld request_id=%.*s", SPAN_ARG(r->x->head->method_text),
                  SPAN_ARG(r->x->head->path), status, (long long)(took / USEC_MS), SPAN_ARG(r->x->request_id));
}

/* What a client may know: not where the database is; and that the same may go better in a while. */
static struct err told(const struct err *e)
{
    struct err out = *e;

    if (e->kind == E_DATABASE)
        fail(&out, E_DATABASE, "the database cannot be reached");
    else if (e->kind == E_TIMEOUT)
        fail(&out, E_TIMEOUT, "the database did not answer in time");
    if (err_info(e->kind)->http == 503 && err_info(e->kind)->retryable && e->retry_after_ms == 0)
        out.retry_after_ms = 1000;
    return out;
}

void serve_refuse(struct request *r, const struct err *why)
{
    const struct err shown = told(why), *e = &shown;
    const struct http_header *more = NULL;
    struct http_header allow;
    size_t n = 0;
    char methods[64];

    if (e->kind == E_METHOD) {
        route_methods(r->allowed, methods, sizeof methods);
        allow = (struct http_header){ "Allow", span_of(methods) };
        more = &allow;
        n = 1;
    } else if (e->kind == E_UNAUTHENTICATED) {
        allow = (struct http_header){ "WWW-Authenticate", SPAN("Bearer realm=\"keelson\"") };
        more = &allow;
        n = 1;
    }
    if (err_info(e->kind)->http >= 500 && err_info(e->kind)->http != 503)
        log_event(LOG_ERROR, "request-failed", "kind=%s sqlstate=%s reason=%s method=%.*s path=%.*s request_id=%.*s", err_info(e->kind)->name,
                  e->sqlstate, e->message, SPAN_ARG(r->x->head->method_text), SPAN_ARG(r->x->head->path), SPAN_ARG(r->x->request_id));
    if (e->kind == E_UNKNOWN_OUTCOME)
        log_event(LOG_ERROR, "outcome-unknown", "method=%.*s path=%.*s request_id=%.*s", SPAN_ARG(r->x->head->method_text), SPAN_ARG(r->x->head->path),
                  SPAN_ARG(r->x->request_id));
    count(r, err_info(e->kind)->http, e->retry_after_ms);
    buf_free(&r->out);
    http_problem(r->x, e, more, n);
}

static void answer(struct request *r)
{
    struct call *c = &r->call;
    struct http_header headers[CALL_HEADERS + 1];
    struct buf body = r->out;
    size_t n = 0;
    bool typed = body.n == 0;

    for (int i = 0; i < c->nheaders; i++) {
        headers[n++] = (struct http_header){ c->headers[i].name, c->headers[i].value };
        typed = typed || strcmp(c->headers[i].name, "Content-Type") == 0;
    }
    if (!typed)
        headers[n++] = (struct http_header){ "Content-Type", SPAN("application/json") };
    count(r, c->status, 0);
    http_reply(r->x, c->status, headers, n, buf_span(&body));
    buf_free(&body);                    /* the exchange, and r with it, may be gone */
}

void serve_render(struct request *r, const struct rows *rows, int n)
{
    struct err e = { 0 };

    if (!r->call.render(&r->call, rows, n, &e))
        serve_refuse(r, &e);
    else if (r->out.full)
        serve_refuse(r, (fail(&e, E_TOO_LARGE, "the answer is larger than %zu bytes; ask for fewer items or fields", r->out.max), &e));
    else
        answer(r);
}

/* ---- planning ---- */

static bool content_is(const struct request *r, const char *const *types)
{
    struct span type = r->call.content_type;

    type = span_trim(span_cut(&type, ';'));
    for (; *types; types++)
        if (span_ieq(type, span_of(*types)))
            return true;
    return false;
}

/* Which content types a body may have; no body kind asks for none. */
static bool body_read(struct request *r, struct err *e)
{
    static const char *const json[] = { "application/json", NULL };
    static const char *const patch[] = { "application/merge-patch+json", "application/json-patch+json", "application/json", NULL };
    bool patches = r->route->body == BODY_PATCH || r->route->body == BODY_MESSAGE_PATCH;
    const char *const *types = patches ? patch : json;

    if (r->route->body == BODY_NONE || r->route->body == BODY_FILE)
        return true;
    if (r->x->body.n == 0)
        return fail(e, E_JSON, "the body is empty; send JSON");
    if (!content_is(r, types))
        return fail(e, E_MEDIA_TYPE, "Content-Type must be %s", patches
                    ? "application/merge-patch+json or application/json-patch+json" : "application/json");
    return json_parse(r->call.arena, r->x->body, &r->call.doc, e);
}

bool serve_plan(struct request *r, struct err *e)
{
    struct call *c = &r->call;

    if (!body_read(r, e) || !r->route->plan(c, &c->plan, e))
        return false;
    if (c->err.kind != E_NONE) {
        *e = c->err;
        return false;
    }
    return c->idempotency_key.p == NULL || !r->route->idempotent_key || idempotency_wrap(c, &c->plan, e);
}

static bool may(const struct request *r, struct err *e)
{
    const struct route *route = r->route;
    const char *of = arena_strdup(r->call.arena, routes_subject(route, r->call.resource));

    if (scope_allows(span_of(r->who.scopes), of, route->action))
        return true;
    return fail(e, E_FORBIDDEN, "the API key lacks the scope %s:%s", of, route->action);
}

/* Near the quota nothing new is written, so that what is there can still be read and removed. */
static bool has_room(const struct request *r, struct err *e)
{
    if (!r->route->action || strcmp(r->route->action, "write") != 0 || !health_storage_full(r->service->health))
        return true;
    return fail(e, E_STORAGE, "the database has nearly used up its quota; reading and deleting still work");
}

void serve_authenticated(struct request *r)
{
    struct err e = { 0 };

    r->call.org = r->who.org;
    r->call.key_id = r->who.key;
    if ((r->route->action && !may(r, &e)) || !has_room(r, &e) || !serve_plan(r, &e))
        serve_refuse(r, &e);
    else if (r->call.plan.done)
        serve_render(r, NULL, 0);
    else
        ask_submit(r);
}

/* ---- the request as a call ---- */

/* The resource the path is about, if it is about one; {r} is the first capture. */
static bool resource_find(struct request *r, const struct route *route, const struct route_match *m, size_t *used, struct err *e)
{
    struct call *c = &r->call;

    *used = 0;
    if (route->resource) {
        c->resource = model_find(r->service->model, span_of(route->resource));
    } else if (strstr(route->at.pattern, "{r}")) {
        c->resource = model_find(r->service->model, m->capture[(*used)++]);
        if (!c->resource)
            return fail(e, E_NOT_FOUND, "there is no such resource");
    }
    return true;
}

static bool method_refused(struct request *r, const struct route *route, struct err *e)
{
    char list[64];

    r->allowed = routes_methods(route->at.pattern, route->resource ? NULL : r->call.resource);
    if (!r->allowed)
        return fail(e, E_NOT_FOUND, "%s have nothing at this path", r->call.resource->name);
    route_methods(r->allowed, list, sizeof list);
    return fail(e, E_METHOD, "this path takes %s", list);
}

static bool route_request(struct request *r, struct err *e)
{
    struct call *c = &r->call;
    const struct route *route;
    struct http_path path;
    struct route_match m;
    unsigned allowed = 0;
    size_t at = 0;
    bool found;

    if (!http_parse_path(c->arena, r->x->head->path, &path, e))
        return false;
    found = route_find(routes, nroutes, sizeof *routes, r->x->head->method, &path, &m, &allowed, e);
    if (!found && e->kind != E_METHOD)
        return false;
    route = &routes[m.row];
    if (!resource_find(r, route, &m, &at, e))
        return false;
    if (!found || (route->serves && !route->serves(c->resource)))
        return method_refused(r, route, e);
    r->route = route;
    c->route_label = route->at.pattern;
    for (int i = 0; at < m.ncaptures; at++, i++)
        c->capture[i] = m.capture[at];
    return true;
}

static bool query_read(struct request *r, struct err *e)
{
    struct http_param *params;
    size_t n;

    if (!http_parse_query(r->call.arena, r->x->head->query, &params, &n, e))
        return false;
    r->call.params = arena_array(r->call.arena, struct call_param, n);
    r->call.nparams = (int)n;
    for (size_t i = 0; i < n; i++)
        r->call.params[i] = (struct call_param){ .name = params[i].name, .value = params[i].value };
    return true;
}

static void headers_read(struct request *r)
{
    struct call *c = &r->call;
    const struct { const char *name; struct span *to; } wanted[] = {
        { "Content-Type", &c->content_type },   { "If-Match", &c->if_match }, { "If-None-Match", &c->if_none_match },
        { "Idempotency-Key", &c->idempotency_key }, { "Prefer", &c->prefer }, { "Range", &c->range }, { "Accept", &c->accept },
    };

    for (size_t i = 0; i < r->x->head->nfields; i++)
        for (size_t k = 0; k < ARRAY_LEN(wanted); k++)
            if (span_ieq(r->x->head->fields[i].name, span_of(wanted[k].name)))
                *wanted[k].to = r->x->head->fields[i].value;
    if (http_field(r->x->head, "If-Range", NULL).p)
        c->range = SPAN_NONE;           /* the whole is always right, a part only of what the client has */
}

void serve_request(void *user, struct exchange *x)
{
    struct service *s = user;
    struct request *r = arena_new(x->arena, struct request);
    struct err e = { 0 };

    *r = (struct request){ .service = s, .x = x, .allowed = HTTP_GET | HTTP_HEAD, .out = BUF((size_t)s->conf.limit_file + 64 * 1024) };
    r->call = (struct call){ .arena = x->arena, .model = s->model, .service = s, .request_id = x->request_id, .body = x->body, .out = &r->out,
                             .path = x->head->path, .trash_keep = s->conf.trash_keep };
    x->user = r;
    headers_read(r);
    if (!route_request(r, &e) || !query_read(r, &e)) {
        serve_refuse(r, &e);
        return;
    }
    r->call.method = x->head->method == HTTP_HEAD ? "GET" : arena_strdup(x->arena, x->head->method_text);
    r->call.render = r->route->render;
    who_asks(r);
}

void serve_gone(void *user, struct exchange *x)
{
    struct service *s = user;
    struct request *r = x->user;

    if (r && r->waiting)
        pool_abandon(s->pool, &r->task);
}

/* Bodies are limited by what the route takes; what has no route is read as JSON and then refused. */
bool serve_head(void *user, const struct http_head *h, size_t *body_max, struct err *e)
{
    struct service *s = user;
    struct arena a = ARENA;
    struct http_path path;
    struct route_match m;
    struct err ignored = { 0 };
    unsigned allowed;
    enum route_body body = BODY_JSON;

    (void)e;
    if (!h->has_length && !h->chunked) {
        *body_max = 0;
        return true;
    }
    if (http_parse_path(&a, h->path, &path, &ignored) &&
        route_find(routes, nroutes, sizeof *routes, h->method, &path, &m, &allowed, &ignored))
        body = routes[m.row].body;
    arena_free(&a);
    *body_max = (size_t)(body == BODY_FILE ? s->conf.limit_file
                         : body == BODY_MESSAGES || body == BODY_MESSAGE_PATCH ? s->conf.limit_messages : s->conf.limit_json);
    return true;
}

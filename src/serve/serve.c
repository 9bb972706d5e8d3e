/*
 * One request, top to bottom.  It may wait at two places, both for the database and both through the pool: for its key, when
 * that has not been seen lately, and for its statements.  Everything else is decided here and now.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/serve.h"

#include <string.h>

#include "access/scope.h"
#include "base/log.h"
#include "data/explain.h"
#include "data/idempotency.h"
#include "http/reply.h"
#include "serve/routes.h"

struct request {                        /* in the exchange's arena */
    struct call          call;
    struct service      *service;
    struct exchange     *x;
    const struct route  *route;         /* NULL: none matched */
    struct principal     who;
    struct task          task;          /* one at a time: the key's, then the statements' */
    struct keyring_ask   ask;
    struct span          token;
    struct buf           out;
    usec                 asked;         /* when the statements were submitted */
    bool                 waiting;
    unsigned             allowed;       /* methods of the path, for 405 */
};

static void authenticated(struct request *r);

/* ---- answering ---- */

static void count(const struct request *r, int status)
{
    struct service *s = r->service;
    usec took = clock_now() - r->x->arrived;

    metrics_request(s->metrics, r->route ? (int)(r->route - routes) : -1, status, took);
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
    if (err_info(e->kind)->http == 503 && err_info(e->kind)->retryable && e->retry_after_ms == 0)
        out.retry_after_ms = 1000;
    return out;
}

static void answer_error(struct request *r, const struct err *why)
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
    if (e->retry_after_ms > 0)
        metrics_retry_after(r->service->metrics, e->retry_after_ms);
    count(r, err_info(e->kind)->http);
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
    count(r, c->status);
    http_reply(r->x, c->status, headers, n, buf_span(&body));
    buf_free(&body);                    /* the exchange, and r with it, may be gone */
}

static void render(struct request *r, const struct rows *rows, int n)
{
    struct err e = { 0 };

    if (!r->call.render(&r->call, rows, n, &e))
        answer_error(r, &e);
    else if (r->out.full)
        answer_error(r, (fail(&e, E_TOO_LARGE, "the answer is larger than %zu bytes; ask for fewer items or fields", r->out.max), &e));
    else
        answer(r);
}

/* ---- the database's part ---- */

static void statements_done(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct request *r = t->user;
    struct err why = *e;

    r->waiting = false;
    metrics_query(r->service->metrics, (int)(r->route - routes), clock_now() - r->asked, t->held, e);
    health_observed(r->service->health, e);
    if (why.kind == E_NONE) {
        render(r, rows, n);
        return;
    }
    explain_error(&r->call, &why);
    answer_error(r, &why);
}

static enum txn_next statements_step(struct task *t, const struct rows *rows, int n, struct err *e)
{
    struct request *r = t->user;
    enum txn_next next = r->call.plan.step(&r->call, rows, n, e);

    t->stmts = r->call.plan.stmts;
    t->nstmts = r->call.plan.nstmts;
    return next;
}

/* What is to be done in one go.  A transaction of its own, all the same: which one it was is known before it is committed. */
static enum txn_next commit_step(struct task *t, const struct rows *rows, int n, struct err *e)
{
    (void)t, (void)rows, (void)n, (void)e;
    return TXN_COMMIT;
}

/* ---- a write whose answer was lost: look whether it is there ---- */

static enum txn_next recovered_step(struct task *t, const struct rows *rows, int n, struct err *e)
{
    struct request *r = t->user;

    t->settled = true;
    if (r->call.plan.recovered(&r->call, rows, n, e))
        return TXN_COMMIT;
    if (e->kind == E_NONE) {
        e->retry_after_ms = 1000;
        fail(e, E_DATABASE, "the connection was lost before the write was committed; nothing was written");
    }
    return TXN_ROLLBACK;
}

static bool statements_recover(struct task *t)
{
    struct request *r = t->user;

    if (!r->call.plan.recover(&r->call))
        return false;
    t->stmts = r->call.plan.stmts;
    t->nstmts = r->call.plan.nstmts;
    t->step = recovered_step;
    t->read_only = true;
    return true;
}

static void plan_to_task(struct request *r)
{
    const struct plan *p = &r->call.plan;
    struct task *t = &r->task;

    t->stmts = p->stmts;
    t->nstmts = p->nstmts;
    t->read_only = p->read_only || (p->kind && !p->kind->writes);
    t->recover = p->recover ? statements_recover : NULL;
    t->step = p->step ? statements_step : p->kind || p->recover || t->read_only ? NULL : commit_step;
}

/* ---- a write that was undone: from the beginning ---- */

static bool plan(struct request *r, struct err *e);

static bool statements_restart(struct task *t)
{
    struct request *r = t->user;
    struct call *c = &r->call;
    struct err e = { 0 };

    c->plan = (struct plan){ 0 };
    c->err = (struct err){ 0 };
    c->state = NULL;
    c->status = c->nheaders = 0;
    c->render = r->route->render;
    buf_clear(&r->out);
    if (!plan(r, &e))
        return false;
    plan_to_task(r);
    return true;
}

static void submit(struct request *r)
{
    struct plan *p = &r->call.plan;

    r->task = (struct task){
        .org = r->call.org, .kind = p->kind, .item = p->item, .key = p->key,
        .restart = statements_restart, .keyed = !p->kind && r->call.idempotency_key.p && r->route->idempotent_key,
        .until = r->x->arrived + r->service->conf.pool_timeout, .done = statements_done, .user = r,
        .route = r->route->at.pattern, .request_id = r->x->request_id, .holder = r,
    };
    plan_to_task(r);
    r->asked = clock_now();
    r->waiting = true;
    pool_submit(r->service->pool, &r->task);
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

static bool plan(struct request *r, struct err *e)
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

static void authenticated(struct request *r)
{
    struct err e = { 0 };

    r->call.org = r->who.org;
    r->call.key_id = r->who.key;
    if ((r->route->action && !may(r, &e)) || !has_room(r, &e) || !plan(r, &e))
        answer_error(r, &e);
    else if (r->call.plan.done)
        render(r, NULL, 0);
    else
        submit(r);
}

/* ---- who asks ---- */

static void authenticate(struct request *r);

static void key_found(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct request *r = t->user;

    r->waiting = false;
    if (e->kind != E_NONE) {
        answer_error(r, e);
        return;
    }
    (void)n;
    keyring_learn(r->service->keyring, r->ask.id, rows, clock_now());
    authenticate(r);
}

static void key_ask(struct request *r)
{
    key_parse(r->token, &r->ask.id);
    r->task = (struct task){ .kind = &keyring_kind, .item = &r->ask, .read_only = true, .done = key_found, .user = r,
                             .until = r->x->arrived + r->service->conf.pool_timeout,
                             .route = r->route->at.pattern, .request_id = r->x->request_id, .holder = r };
    r->waiting = true;
    pool_submit(r->service->pool, &r->task);
}

static void authenticate(struct request *r)
{
    struct err e = { 0 };

    switch (keyring_check(r->service->keyring, r->token, clock_now(), &r->who, &e)) {
    case KEYRING_YES:
        if (r->who.use_due)
            key_use_note(r->service->key_use, &r->who);
        authenticated(r);
        break;
    case KEYRING_NO:
        answer_error(r, &e);
        break;
    case KEYRING_ASK:
        key_ask(r);
        break;
    }
}

/* Without keys only this machine may ask, and not through a page of another site: a browser would carry its name in Host or Origin. */
static bool local_allowed(const struct request *r, struct err *e)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
    struct span host = http_field(r->x->head, "Host", NULL), origin = http_field(r->x->head, "Origin", NULL);
    struct span name = host;

    name = host.n && host.p[0] == '[' ? (struct span){ host.p, host.n >= 5 ? 5 : host.n } : span_cut(&name, ':');
    if (!r->x->loopback)
        return fail(e, E_UNAUTHENTICATED, "without API keys only this machine may ask");
    if (origin.p && !(span_starts(origin, SPAN("http://")) && span_eq(span_drop(origin, 7), host)))
        return fail(e, E_FORBIDDEN, "a page of another origin may not ask");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (span_ieq(name, span_of(names[i])))
            return true;
    return fail(e, E_FORBIDDEN, "without API keys the Host must be localhost or 127.0.0.1");
}

static void identify(struct request *r)
{
    struct err e = { 0 };

    if (!r->route->action) {
        authenticated(r);
    } else if (r->service->local) {
        r->who = r->service->local_who;
        if (local_allowed(r, &e))
            authenticated(r);
        else
            answer_error(r, &e);
    } else {
        r->token = key_bearer(http_field(r->x->head, "Authorization", NULL));
        authenticate(r);
    }
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
        answer_error(r, &e);
        return;
    }
    r->call.method = x->head->method == HTTP_HEAD ? "GET" : arena_strdup(x->arena, x->head->method_text);
    r->call.render = r->route->render;
    identify(r);
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

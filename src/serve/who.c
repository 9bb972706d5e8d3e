/*
 * Whose request it is: by its API key, which may have to be looked up, or without keys by where it comes from.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/who.h"

#include "serve/request.h"

static void authenticate(struct request *r);

static void key_found(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct request *r = t->user;

    r->waiting = false;
    if (e->kind != E_NONE) {
        serve_refuse(r, e);
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
        serve_authenticated(r);
        break;
    case KEYRING_NO:
        serve_refuse(r, &e);
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

void who_asks(struct request *r)
{
    struct err e = { 0 };

    if (!r->route->action) {
        serve_authenticated(r);
    } else if (r->service->local) {
        r->who = r->service->local_who;
        if (local_allowed(r, &e))
            serve_authenticated(r);
        else
            serve_refuse(r, &e);
    } else {
        r->token = key_bearer(http_field(r->x->head, "Authorization", NULL));
        authenticate(r);
    }
}

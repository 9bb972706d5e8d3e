/*
 * Before a case the request is made, unharmed, until it says exactly what was recorded: a connection that has just come has nothing
 * prepared yet, and says more.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/trial.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WARM_MOST    20                 /* attempts, until it says the same again */
#define PLAYS_MOST   3                  /* attempts, until the message comes */
#define SETTLE_LIMIT (15 * USEC_S)      /* for what goes on in the server to end */
#define ASK_EVERY    (5 * USEC_MS)

/* ---- unharmed ---- */

static bool settle(struct trial *t)
{
    return proxy_settle(t->proxy, clock_now() + SETTLE_LIMIT);
}

/* Prepare and send it; nothing else of ours is under way. */
static bool send_one(struct trial *t, int request, const struct action_case *fault, struct arena *a, struct request_call *call, struct answer *answer,
                     struct err *e)
{
    if (!request_prepare(&requests[request], &t->stage, &t->client, a, call, e))
        return false;
    if (!settle(t))
        return fail(e, E_DATABASE, "%s: what was asked before does not end", requests[request].name);
    proxy_begin(t->proxy, fault);
    return client_run(&t->client, &call->http, a, answer, e);
}

static bool unharmed(struct trial *t, int request, struct proxy_record *out, struct err *e)
{
    struct arena a = ARENA;
    struct request_call call;
    struct answer answer = { 0 };
    bool ok = send_one(t, request, NULL, &a, &call, &answer, e);

    if (ok && (answer.shape != ANSWER_WHOLE || answer.status != requests[request].success))
        ok = fail(e, E_DATABASE, "%s, before anything is broken: %d %s", requests[request].name, answer.status, answer.code ? answer.code : "");
    ok = ok && (settle(t) || fail(e, E_DATABASE, "%s: the conversation does not end", requests[request].name));
    proxy_record(t->proxy, out);
    arena_free(&a);
    return ok;
}

static bool same(const struct proxy_record *x, const struct proxy_record *y)
{
    return x->conversations == y->conversations && memcmp(x->n, y->n, sizeof x->n) == 0 && memcmp(x->types, y->types, sizeof x->types) == 0;
}

bool trial_record(struct trial *t, int request, struct err *e)
{
    struct proxy_record now, *golden = &t->golden[request];
    int alike = 0;

    *golden = (struct proxy_record){ 0 };
    for (int i = 0; i < WARM_MOST && alike < 2; i++) {
        if (!unharmed(t, request, &now, e))
            return false;
        alike = same(&now, golden) ? alike + 1 : 0;
        *golden = now;
    }
    return alike == 2 || fail(e, E_DATABASE, "%s does not say the same twice, so no message of it can be chosen", requests[request].name);
}

static bool warm(struct trial *t, int request, struct err *e)
{
    struct proxy_record now;

    for (int i = 0; i < WARM_MOST; i++) {
        if (!unharmed(t, request, &now, e))
            return false;
        if (same(&now, &t->golden[request]))
            return true;
    }
    return fail(e, E_DATABASE, "%s no longer says what was recorded", requests[request].name);
}

/* ---- what became of it ---- */

static bool read_succeeds(struct trial *t, bool *right)
{
    struct arena a = ARENA;
    struct client_request r = { .method = "GET", .path = arena_printf(&a, "/v1/candidates/%s", t->stage.person) };
    struct err ignored = { 0 };
    struct answer answer = { 0 };
    bool ok = client_run(&t->client, &r, &a, &answer, &ignored) && answer.shape == ANSWER_WHOLE && answer.status == 200;

    *right = ok && memmem(answer.body.p, answer.body.n, t->stage.told, strlen(t->stage.told));
    arena_free(&a);
    return ok;
}

/* How long until a read succeeds; more than the bound: none did. */
static usec recover(struct trial *t)
{
    usec began = clock_now();
    bool right = false;

    while (!read_succeeds(t, &right) && clock_now() - began <= t->recovery)
        usleep(ASK_EVERY);
    return right ? clock_now() - began : t->recovery + 1;
}

/* All that was held has arrived, and the server has ended what came of it. */
static bool settled(struct trial *t)
{
    int32_t live[PROXY_LIVE];

    if (!settle(t))
        return false;
    for (usec until = clock_now() + SETTLE_LIMIT; clock_now() < until; usleep(ASK_EVERY))
        if (place_unsettled(t->view, t->tag, live, proxy_live(t->proxy, live)) == 0)
            return true;
    return false;
}

/* A line of the metrics that ends with " 0". */
static bool is_zero(struct span text, const char *line)
{
    const char *at = text.n ? memmem(text.p, text.n, line, strlen(line)) : NULL;

    return at && span_starts(span_drop(text, (size_t)(at - text.p) + strlen(line)), SPAN(" 0\n"));
}

bool trial_returned(struct trial *t)
{
    struct client_request r = { .method = "GET", .path = "/metrics" };
    bool ok = false;

    for (usec until = clock_now() + SETTLE_LIMIT; !ok && clock_now() < until;) {
        struct arena a = ARENA;
        struct err ignored = { 0 };
        struct answer m = { 0 };

        ok = client_run(&t->client, &r, &a, &m, &ignored) && is_zero(m.body, "keelson_pool_connections{pool=\"primary\",state=\"in_use\"}") &&
             is_zero(m.body, "keelson_pool_waiters{pool=\"primary\",class=\"lane\"}") &&
             is_zero(m.body, "keelson_pool_waiters{pool=\"primary\",class=\"exclusive\"}");
        arena_free(&a);
        if (!ok)
            usleep(ASK_EVERY);
    }
    return ok;
}

/* The client's own way out of any doubt: again with the same key, until it succeeds. */
static int repeat_keyed(struct trial *t, const struct request *r, const struct request_call *call)
{
    bool done = false;

    for (usec until = clock_now() + SETTLE_LIMIT; !done && clock_now() < until;) {
        struct arena a = ARENA;
        struct err ignored = { 0 };
        struct answer answer = { 0 };

        done = client_run(&t->client, &call->http, &a, &answer, &ignored) && answer.shape == ANSWER_WHOLE && answer.status == r->success;
        arena_free(&a);
        if (!done)
            usleep(ASK_EVERY);
    }
    return done ? place_count(t->view, r->finds, call->id, call->nonce) : 0;
}

static void look(struct trial *t, const struct request *r, const struct request_call *call, struct judge_facts *f)
{
    f->present = r->finds ? place_count(t->view, r->finds, call->id, call->nonce) : 0;
    f->right = f->answer->body.n > 0 && memmem(f->answer->body.p, f->answer->body.n, t->stage.told, strlen(t->stage.told));
    f->repeated = r->keyed && f->answer->status != r->success ? repeat_keyed(t, r, call) : -1;
}

static const char *heard(struct arena *a, const struct answer *x)
{
    if (x->shape != ANSWER_WHOLE)
        return arena_printf(a, "%d bytes of body with status %d", (int)x->body.n, x->status);
    return arena_printf(a, "%d %s", x->status, x->code);
}

/* ---- one case ---- */

/* `again`: the service asked the database more than once before it answered. */
static void judge_case(struct trial *t, const struct request_call *call, const struct answer *answer, bool again, struct arena *a,
                       struct report_case *out)
{
    const struct request *r = &requests[out->what.request];
    struct judge_facts f = { .writes = r->finds != NULL, .success = r->success, .found = r->found, .answer = answer, .again = again,
                             .cap = CHILD_SIZE + CHILD_OVERFLOW };

    out->recovery = recover(t);
    f.recovered = out->recovery <= t->recovery;
    f.settled = settled(t);
    look(t, r, call, &f);
    f.returned = trial_returned(t);
    f.most = out->most = census_most(t->census);
    f.alive = child_alive(t->child);
    out->outcome = judge(&f, &out->violation);
    out->heard = heard(a, answer);
}

bool trial_play(struct trial *t, const struct action_case *what, struct arena *a, struct report_case *out, struct err *e)
{
    struct proxy_record record = { 0 };
    struct request_call call;
    struct answer answer = { 0 };

    *out = (struct report_case){ .what = *what };
    for (int i = 0; i < PLAYS_MOST && !record.hit; i++) {
        if (!warm(t, what->request, e))
            return false;
        census_most(t->census);
        if (!send_one(t, what->request, what, a, &call, &answer, e))
            return false;
        proxy_record(t->proxy, &record);
        proxy_lift(t->proxy);
    }
    judge_case(t, &call, &answer, record.conversations > t->golden[what->request].conversations, a, out);
    if (!record.hit)
        out->violation = "the message did not come again: this case was not played";
    return true;
}

/*
 * Everything that is started here is ended here, in the reverse order, whatever happened.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/run.h"

#include "prove/trial.h"

#define PATIENCE  (60 * USEC_S)         /* of the client, for one answer */
#define GAP "SELECT (count(*) <> coalesce(max(seq), 0))::int4 FROM keelson.interview_messages" \
            " WHERE org_id = $1::uuid AND session_id = $2::uuid AND $3::text IS NULL"

struct run {
    struct place            *place;
    const struct run_options *o;
    struct report           *report;
    struct arena            *arena;
    struct child             child;
    struct trial             trial;
    bool                     began;     /* the service has listened */
};

static bool stopped(const struct run *r)
{
    return r->o->stop && *r->o->stop;
}

/* ---- start ---- */

static bool proxy_start(struct run *r, struct err *e)
{
    struct proxy_config c = { .marker = r->place->org_id, .delay = 2 * r->o->limit, .terminate = place_terminate, .user = r->place };

    return place_address(r->place, &c.server, &c.server_n, e) && proxy_open(&c, &r->trial.proxy, e);
}

static bool tag_read(struct run *r, struct err *e)
{
    char *tag = arena_alloc(r->arena, PROXY_TAG);

    r->trial.tag = tag;
    return proxy_tag(r->trial.proxy, tag) || fail(e, E_INTERNAL, "the service's connections have no name that they can be told by");
}

static bool start(struct run *r, struct err *e)
{
    struct trial *t = &r->trial;

    t->place = r->place;
    t->child = &r->child;
    t->recovery = r->o->recovery;
    if (!proxy_start(r, e) || !child_open(r->arena, place_url(r->place, proxy_port(t->proxy)), r->o->limit, &r->child, e))
        return false;
    r->began = true;
    t->client = (struct client){ .port = r->child.port, .key = r->place->key, .patience = PATIENCE };
    return request_stage_make(&t->client, r->arena, &t->stage, e) && tag_read(r, e) &&
           witness_open(&r->place->service, t->tag, &t->witness, e);
}

/* ---- all cases ---- */

static bool record_all(struct run *r, struct err *e)
{
    for (int i = 0; i < REQUESTS; i++) {
        if (!plan_wants(&r->o->wanted, i))
            continue;
        if (stopped(r))
            return fail(e, E_IO, "stopped");
        if (!trial_record(&r->trial, i, e))
            return false;
        for (int side = 0; side < WIRE_SIDES; side++)
            r->report->messages[i][side] = r->trial.golden[i].n[side];
    }
    return true;
}

static bool play(struct run *r, const struct action_case *what, struct err *e)
{
    struct arena a = ARENA;
    struct report_case c;
    char name[ACTION_CASE_TEXT];
    bool ok;

    action_case_format(what, requests[what->request].name, name);
    if (r->o->progress)
        r->o->progress(r->o->arg, r->report->cases, r->report->planned, r->report->violations, name);
    ok = trial_play(&r->trial, what, &a, &c, e);
    if (ok) {
        c.heard = c.violation ? arena_strdup(r->arena, span_of(c.heard)) : NULL;
        report_add(r->report, &c);
    } else if (!child_alive(&r->child)) {
        report_broken(r->report, "the service has ended", child_tail(&r->child, r->arena));
        err_context(e, "%s", name);
    } else {
        err_context(e, "%s", name);
    }
    arena_free(&a);
    return ok;
}

static bool play_all(struct run *r, struct err *e)
{
    struct action_case *cases;
    int n = plan_make(r->arena, (const int (*)[WIRE_SIDES])r->report->messages, &r->o->wanted, &cases);

    r->report->planned = n;
    if (n == 0)
        return fail(e, E_USAGE, "there is no such case: the request has fewer messages");
    for (int i = 0; i < n; i++) {
        if (stopped(r))
            return fail(e, E_IO, "stopped after %d of %d cases", i, n);
        if (!play(r, &cases[i], e))
            return false;
    }
    return true;
}

/* ---- promises of the whole run ---- */

static void final_checks(struct run *r)
{
    if (place_count(r->place, GAP, r->trial.stage.session, NULL) != 0)
        report_broken(r->report, "the messages of a session are not numbered without a gap", NULL);
    if (!trial_returned(&r->trial))
        report_broken(r->report, "a connection was not given back", NULL);
}

static void finish(struct run *r)
{
    struct report *report = r->report;

    report->samples = r->trial.witness ? witness_samples(r->trial.witness) : 0;
    witness_close(r->trial.witness);
    if (r->began) {
        const char *last = child_tail(&r->child, r->arena);
        bool alive = child_alive(&r->child);

        if (!child_close(&r->child) && alive)
            report_broken(report, "the service did not end well when asked to", last);
    } else {
        child_close(&r->child);
    }
    proxy_close(r->trial.proxy);
}

bool run_prove(struct place *p, const struct run_options *o, struct report *out, struct err *e)
{
    struct run r = { .place = p, .o = o, .report = out, .arena = out->arena, .child = { .log = -1 } };
    usec began = clock_now();
    bool ok;

    out->cap = CHILD_SIZE + CHILD_OVERFLOW;
    ok = start(&r, e) && record_all(&r, e) && play_all(&r, e);
    if (ok)
        final_checks(&r);
    finish(&r);
    out->took = clock_now() - began;
    return ok;
}

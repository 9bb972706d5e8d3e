/*
 * The first service records; as many as are wanted then play, each in a thread that takes the next case until there is none.  Which
 * cases there are does not depend on how many play them.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/run.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "prove/worker.h"

struct run {
    const struct run_options *o;
    struct worker             workers[RUN_PARALLEL];
    int                       nworkers;
    struct action_case       *cases;

    pthread_mutex_t           lock;         /* for all below, the report included */
    struct report            *report;
    int                       next;
    bool                      failed;
    struct err                error;
};

struct player { struct run *run; struct worker *worker; pthread_t thread; };

static bool stopped(const struct run *r)
{
    return r->o->stop && *r->o->stop;
}

/* ---- what there is to play ---- */

static bool record_all(struct run *r, struct err *e)
{
    struct trial *t = &r->workers[0].trial;

    for (int i = 0; i < REQUESTS; i++) {
        if (!plan_wants(&r->o->wanted, i))
            continue;
        if (stopped(r))
            return fail(e, E_IO, "stopped");
        if (!trial_record(t, i, e))
            return false;
        memcpy(r->report->messages[i], t->golden[i].n, sizeof t->golden[i].n);
    }
    r->report->planned = plan_make(r->report->arena, (const int (*)[WIRE_SIDES])r->report->messages, &r->o->wanted, &r->cases);
    return r->report->planned > 0 || fail(e, E_USAGE, "there is no such case: the request has fewer messages");
}

static bool worker_add(struct run *r, const struct place *p, struct err *e)
{
    struct worker *w = &r->workers[r->nworkers++];

    return worker_open(w, p, r->o->limit, r->o->recovery, e);
}

static bool workers_start(struct run *r, const struct place *p, struct err *e)
{
    if (!worker_add(r, p, e) || !record_all(r, e))
        return false;
    while (r->nworkers < r->o->parallel && r->nworkers < r->report->planned) {
        if (!worker_add(r, p, e))
            return false;
        memcpy(r->workers[r->nworkers - 1].trial.golden, r->workers[0].trial.golden, sizeof r->workers[0].trial.golden);
    }
    return true;
}

/* ---- playing ---- */

/* The next case, or NULL: there is none, or no sense in it. */
static const struct action_case *take(struct run *r, char name[ACTION_CASE_TEXT])
{
    const struct action_case *c = NULL;

    pthread_mutex_lock(&r->lock);
    if (!r->failed && !stopped(r) && r->next < r->report->planned) {
        c = &r->cases[r->next++];
        action_case_format(c, requests[c->request].name, name);
        if (r->o->progress)
            r->o->progress(r->o->arg, r->next, r->report->planned, r->report->violations, name);
    }
    pthread_mutex_unlock(&r->lock);
    return c;
}

static void give_up(struct run *r, struct worker *w, const char *name, const struct err *e)
{
    if (!child_alive(&w->child))
        report_broken(r->report, "the service has ended", child_tail(&w->child, r->report->arena));
    if (!r->failed) {
        r->failed = true;
        r->error = *e;
        err_context(&r->error, "%s", name);
    }
}

static void *play(void *arg)
{
    struct player *p = arg;
    struct run *r = p->run;
    char name[ACTION_CASE_TEXT];
    const struct action_case *what;

    while ((what = take(r, name))) {
        struct arena a = ARENA;
        struct report_case c;
        struct err e = { 0 };
        bool ok = trial_play(&p->worker->trial, what, &a, &c, &e);

        pthread_mutex_lock(&r->lock);
        if (ok) {
            c.heard = c.violation ? arena_strdup(r->report->arena, span_of(c.heard)) : NULL;
            report_add(r->report, &c);
        } else {
            give_up(r, p->worker, name, &e);
        }
        pthread_mutex_unlock(&r->lock);
        arena_free(&a);
    }
    return NULL;
}

/* Signals are for whoever called us. */
static bool play_all(struct run *r, struct err *e)
{
    struct player players[RUN_PARALLEL];
    int n = 0, rc = 0;
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (; n < r->nworkers && rc == 0; n += rc == 0) {
        players[n] = (struct player){ .run = r, .worker = &r->workers[n] };
        rc = pthread_create(&players[n].thread, NULL, play, &players[n]);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    for (int i = 0; i < n; i++)
        pthread_join(players[i].thread, NULL);
    if (n == 0)
        return fail(e, E_IO, "no thread to play in: %s", strerror(rc));
    if (r->failed)
        *e = r->error;
    else if (r->report->cases < r->report->planned)
        fail(e, E_IO, "stopped after %d of %d cases", r->report->cases, r->report->planned);
    return r->report->cases == r->report->planned;
}

bool run_prove(const struct place *p, const struct run_options *o, struct report *out, struct err *e)
{
    struct run r = { .o = o, .report = out, .lock = PTHREAD_MUTEX_INITIALIZER };
    usec began = clock_now();
    bool ok;

    out->cap = CHILD_SIZE + CHILD_OVERFLOW;
    ok = workers_start(&r, p, e) && play_all(&r, e);
    for (int i = 0; i < r.nworkers; i++)
        worker_close(&r.workers[i], ok, out);
    pthread_mutex_destroy(&r.lock);
    out->took = clock_now() - began;
    return ok;
}

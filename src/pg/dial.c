/*
 * From a target to a connected link.  libpq's own connect_timeout means nothing to PQconnectPoll(), so the time is kept here.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/dial.h"

#include "base/attr.h"
#include "pg/failure.h"
#include "pg/session.h"

static void dial_failed(struct pg_link *k, bool timeout)
{
    struct err e = { 0 };

    k->outcome = timeout ? CONNECT_TIMEOUT : failure_outcome(PQerrorMessage(k->pg));
    if (timeout)
        fail(&e, E_DATABASE, "%s: the server did not answer in time", k->shown);
    else
        failure_connect(k->pg, k->shown, &e);
    link_close(k);
    k->events->failed(k, &e);
}

static void dial_timeout(struct timer *t)
{
    dial_failed(CONTAINER(t, struct pg_link, timer), true);
}

/* A failure before the first poll is reported from the loop as well: callers need not expect events from inside. */
static void dial_failed_at_once(struct timer *t)
{
    dial_failed(CONTAINER(t, struct pg_link, timer), false);
}

/* Notices are not for us, except the last one: why the server ends an idle session. */
static void notice(void *arg, const PGresult *res)
{
    struct pg_link *k = arg;
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

    k->ended = k->ended || (sqlstate && failure_ends_session(sqlstate));
}

static void dial_done(struct pg_link *k)
{
    if (PQsetnonblocking(k->pg, 1) != 0 || !PQenterPipelineMode(k->pg)) {
        dial_failed(k, false);
        return;
    }
    PQsetNoticeReceiver(k->pg, notice, k);
    loop_untimer(&k->timer);
    loop_watch(k->loop, &k->watch, LOOP_READ);
    k->watch.ready = link_serve;
    k->outcome = CONNECT_OK;
    k->pid = PQbackendPID(k->pg);
    k->opened_at = loop_now(k->loop);
    link_state(k, LINK_IDLE);
    k->events->opened(k);
}

static void dial_advance(struct watch *w, int events)
{
    struct pg_link *k = CONTAINER(w, struct pg_link, watch);
    PostgresPollingStatusType want = PQconnectPoll(k->pg);

    (void)events;
    if (k->watch.fd != PQsocket(k->pg)) {       /* libpq may change its socket while it tries several addresses */
        loop_unwatch(&k->watch);
        k->watch.fd = PQsocket(k->pg);
    }
    if (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING)
        loop_watch(k->loop, &k->watch, want == PGRES_POLLING_READING ? LOOP_READ : LOOP_WRITE);
    else if (want == PGRES_POLLING_OK)
        dial_done(k);
    else
        dial_failed(k, false);
}

void dial_start(struct pg_link *k, const struct pg_target *t, const struct pg_session *s, usec timeout)
{
    struct arena a = ARENA;
    const char **keys, **values;

    session_params(&a, t, s, &keys, &values);
    k->shown = t->shown;
    k->pid = 0;
    k->began_at = loop_now(k->loop);
    link_state(k, LINK_CONNECTING);
    k->pg = PQconnectStartParams(keys, values, 0);
    arena_free(&a);
    if (!k->pg)
        err_die("out of memory: no room for a connection");
    k->watch = (struct watch){ .fd = PQsocket(k->pg), .ready = dial_advance };
    if (PQstatus(k->pg) == CONNECTION_BAD) {
        k->timer = (struct timer){ .fire = dial_failed_at_once };
        loop_timer(k->loop, &k->timer, loop_now(k->loop));
        return;
    }
    k->timer = (struct timer){ .fire = dial_timeout };
    loop_timer(k->loop, &k->timer, loop_now(k->loop) + timeout);
    loop_watch(k->loop, &k->watch, LOOP_WRITE);
}

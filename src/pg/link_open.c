/*
 * From a connection that dial.c has made to a link in pipeline mode.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/link_open.h"

#include "base/attr.h"
#include "pg/failure.h"

/* Notices are not for us, except the last one: why the server ends an idle session. */
static void notice(void *arg, const PGresult *res)
{
    struct pg_link *k = arg;
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

    k->ended = k->ended || (sqlstate && failure_ends_session(sqlstate));
}

static void left(struct dial *d, int fd)
{
    struct pg_link *k = CONTAINER(d, struct pg_link, dial);

    k->events->left(k, fd, 0);
}

static void failed(struct pg_link *k)
{
    link_close(k);
    k->events->failed(k, &k->dial.err);
}

static void connected(struct pg_link *k)
{
    k->pg = k->dial.pg;
    k->dial.pg = NULL;
    k->pid = PQbackendPID(k->pg);
    if (PQsetnonblocking(k->pg, 1) != 0 || !PQenterPipelineMode(k->pg)) {
        k->dial.outcome = CONNECT_PROTOCOL;
        failure_connect(k->pg, k->shown, &k->dial.err);
        failed(k);
        return;
    }
    PQsetNoticeReceiver(k->pg, notice, k);
    k->watch = (struct watch){ .fd = PQsocket(k->pg), .ready = link_serve };
    loop_watch(k->loop, &k->watch, LOOP_READ);
    k->read_only = k->dial.read_only;
    k->opened_at = loop_now(k->loop);
    link_state(k, LINK_IDLE);
    k->events->opened(k);
}

static void done(struct dial *d)
{
    struct pg_link *k = CONTAINER(d, struct pg_link, dial);

    if (d->pg)
        connected(k);
    else
        failed(k);
}

void link_open(struct pg_link *k, struct hosts *h, const struct pg_session *s, usec host_limit, usec limit)
{
    k->pid = 0;
    k->pooler = s->pooler;
    k->shown = k->dial.shown;
    k->dial.hosts = h;
    k->dial.session = *s;
    k->dial.host_limit = host_limit;
    k->dial.limit = limit;
    k->dial.checks_timeline = true;
    k->dial.done = done;
    k->dial.left = left;
    link_state(k, LINK_CONNECTING);
    dial_start(&k->dial);
}

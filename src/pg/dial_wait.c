/*
 * dial.c on an event loop of its own, which ends with it.  What is learned of the hosts is forgotten.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/dial_wait.h"

#include <signal.h>

#include "base/attr.h"

#define NO_LIMIT   (3600 * USEC_S)
#define HOST_LIMIT (3 * USEC_S)     /* when there are others to turn to */

struct waiting {
    struct dial  dial;
    struct hosts hosts;
};

static void done(struct dial *d)
{
    loop_stop(CONTAINER(d, struct waiting, dial)->hosts.loop);
}

static void walk(struct waiting *w, const struct pg_session *s, usec limit)
{
    w->dial.hosts = &w->hosts;
    w->dial.session = *s;
    w->dial.limit = limit;
    w->dial.host_limit = w->hosts.target->nhosts > 1 && limit > HOST_LIMIT ? HOST_LIMIT : limit;
    w->dial.done = done;
    dial_start(&w->dial);
    loop_run(w->hosts.loop);
}

PGconn *dial_wait(const struct pg_target *t, const struct pg_session *s, deadline until, enum connect_outcome *outcome, struct err *e)
{
    struct waiting w = { 0 };
    struct sigaction before;
    struct loop *loop;

    *outcome = CONNECT_TIMEOUT;
    sigaction(SIGPIPE, NULL, &before);
    if (!loop_open(&loop, e))
        return NULL;
    hosts_open(&w.hosts, loop, t);
    walk(&w, s, until == 0 ? NO_LIMIT : until - clock_now());
    hosts_close(&w.hosts);
    loop_close(loop);
    sigaction(SIGPIPE, &before, NULL);      /* a loop ignores it; a command's output may still want to end with its reader */
    *outcome = w.dial.outcome;
    if (!w.dial.pg)
        *e = w.dial.err;
    return w.dial.pg;
}

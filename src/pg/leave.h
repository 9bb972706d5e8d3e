/*
 * Connections that we have let go.  The cap is the server's: as long as a backend may still be there, its place is not given to
 * another.  A polite end shows as the end of the stream; where that cannot be trusted or does not come, the control connection
 * looks into pg_stat_activity and ends the backend.  Tasks whose outcome is unknown wait here for the backend's end.
 * Behind a pooler nothing can be known of backends: what is let go counts for as long as its end would take.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_LEAVE_H
#define KEELSON_PG_LEAVE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/loop.h"
#include "pg/pool.h"

struct leaving {
    struct leaving *next;
    struct pool    *pool;
    struct watch    watch;          /* fd -1: nothing to be seen from here */
    int             pid;            /* 0: not known */
    bool            idle;           /* it was: then the end of the stream is the end of the backend */
    usec            since;
    struct task    *task;           /* parked; NULL: none */
};

struct leave_check {                /* what the pool asks on the control connection, one question at a time */
    struct task  task;
    struct stmt  stmt;
    struct arena arena;
    bool         under_way;
    usec         asked_at, reconciled_at;
    int64_t      server_start;      /* pg_postmaster_start_time() as last seen; 0: never */
};

void leave_add(struct pool *p, int fd, int pid, bool idle);
/* Park a task until the backend `pid` is gone.  False when that one is not among those leaving. */
bool leave_park(struct pool *p, int pid, struct task *t);
/* Has somebody been leaving for so long, with nothing to be seen from here, that it must have gone? */
bool leave_torn_long(const struct pool *p);
/* Ask what is to be asked now, give up what cannot be settled. */
void leave_sweep(struct pool *p, usec now);
/* The control connection is new: look at once whether the server is. */
void leave_reconcile_soon(struct pool *p);
/* Forget all; who is parked is refused with an unknown outcome. */
void leave_close(struct pool *p);

#endif

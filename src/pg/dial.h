/*
 * One connection, from the hosts of a URL to a session that may be used, without blocking the loop: names, addresses, TLS, login, role
 * and timeline, each within its time.  For links of the pool and, on a loop of its own, for the blocking connection.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_DIAL_H
#define KEELSON_PG_DIAL_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/loop.h"
#include "pg/conn.h"
#include "pg/hosts.h"

struct dial {
    /* what is wanted: the caller's */
    struct hosts     *hosts;
    struct pg_session session;          /* kept as it is; its application_name must outlive the attempt */
    usec              host_limit, limit;    /* for each host; for all of it */
    bool              checks_timeline;  /* one more round trip */
    void (*done)(struct dial *d);       /* once, from the loop, never from inside dial_start() */
    void (*left)(struct dial *d, int fd);   /* an attempt given up that the server may still be busy with; NULL: closed */

    /* what came of it */
    PGconn              *pg;            /* the caller's when it is done; NULL: failed */
    enum connect_outcome outcome;
    struct err           err;
    int                  host;          /* its place in the URL */
    bool                 read_only;
    char                 shown[128];
    usec                 began_at;
    usec                 took[POOL_PHASES];     /* of the attempt that succeeded; 0: had no such phase */

    /* its own */
    struct watch          watch;
    struct timer          timer;
    struct resolve_wait   wait;
    struct resolve_answer addresses;
    PGresult             *answer;       /* about the timeline */
    int                   order[PG_HOSTS];
    int                   place, nplaces, address;
    int                   spare;        /* a host that takes reads only; -1: none was met */
    bool                  settles;      /* for it: no other is left */
    deadline              until, host_until;
    enum pool_phase       phase;
    usec                  phase_at;
};

void dial_start(struct dial *d);        /* zero-initialised once, the first block of fields set */
void dial_stop(struct dial *d);         /* harmless when it is done; done() is not called */

/* Does this session take no writes?  Costs nothing: the server reports changes with every answer. */
bool dial_read_only(const PGconn *pg, enum pg_attrs attrs);

/* Say goodbye.  Returns a descriptor on which the backend's end shows, half closed; -1: there is none, or the connection is torn. */
int dial_goodbye(PGconn *pg, bool torn);

#endif

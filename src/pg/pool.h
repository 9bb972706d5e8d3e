/*
 * Database work for the loop: tasks in, rows out.
 *
 * Three ways to the database share one cap (size + overflow), and so do connections that we have let go as long as the server may
 * still have them:
 *   lanes      one connection per core.  Tasks of a *kind* (keyed reads, tails, appends) gather while the lane's last group
 *              is away and leave together: per organization one statement list over arrays, one transaction, one Sync.
 *   exclusive  a connection of its own for one transaction; waiters in strict arrival order.
 *   control    one connection for health and for what the pool itself asks, so that neither waits for the work they are about.
 *              A pool too small for it (one connection beside the lanes) lets them go first among the exclusive ones instead.
 *
 * A task is the caller's memory until its done() was called, exactly once, always from the loop, never from inside pool_submit().
 * Nothing a task returns is durable before done() says so without an error.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_POOL_H
#define KEELSON_PG_POOL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/histogram.h"
#include "base/loop.h"
#include "base/uuid.h"
#include "pg/credentials.h"
#include "pg/pooler.h"
#include "pg/query.h"
#include "pg/url.h"

struct task;

/*
 * A kind of work that can be grouped.  merge() is pure: for n tasks of one organization (sorted by `key`, then arrival) it makes
 * the statements; the rows of the LAST one answer all tasks: their first column is the task's index (int4), rows in index order,
 * and each task sees its own without that column.  Every task needs at least one row there or none at all: no rows means rows.n == 0.
 */
struct batch_kind {
    const char *name;                /* "append": metrics */
    bool        writes;              /* groups never mix reading and writing kinds */
    bool        finds_itself;        /* a writing kind whose merge(), for a task with tries > 0, recognises what a lost first run may have
                                        left (by identifiers made by the service) and answers with that */
    int  (*merge)(struct task *const *tasks, int n, struct arena *a, struct stmt *out, int max);   /* statements used, at most max = 4 */
    bool (*together)(const struct task *a, const struct task *b);   /* may these two of one key share a group?  NULL: always */
};

enum txn_next { TXN_COMMIT, TXN_ROLLBACK, TXN_MORE };

struct task_witness {                /* which transaction it was, as the server knows it; xid "": not known, or it wrote nothing */
    char xid[24], timeline[12];
    usec at;                         /* when the server said so */
};

struct task {
    /* what */
    struct uuid              org;        /* entered before any statement; all zero: none (administration) */
    const struct batch_kind *kind;       /* NULL: exclusive */
    void                    *item;       /* for kind->merge(): this task's part */
    struct uuid              key;        /* grouped writes: the row they lock, so that groups sort alike */
    struct stmt             *stmts;      /* exclusive: sent in one pipeline */
    int                      nstmts;
    /* exclusive, optional: called with the rows of stmts inside the open transaction.  It may look, put the next statements into
       stmts/nstmts and return TXN_MORE, or end it.  With TXN_ROLLBACK and *e set, done() gets that error.  After TXN_COMMIT done()
       gets the rows of the last step again.
       NULL: stmts are one implicit transaction, one round trip. */
    enum txn_next (*step)(struct task *t, const struct rows *rows, int n, struct err *e);
    bool                     read_only;  /* safe to repeat when the connection is lost */
    bool                     control;    /* exclusive work about the service itself: on the control connection */
    /* Exclusive writes, optional: the connection was lost after the end of the transaction was sent.  Puts statements that look
       for what it would have written, and a step that ends with TXN_COMMIT (it is there; the rows answer) or sets `settled` and ends
       with TXN_ROLLBACK and *e (it is not).  Called when the old backend is gone.  Without it, when it returns false or looking fails:
       E_UNKNOWN_OUTCOME. */
    bool                   (*recover)(struct task *t);
    bool                     settled;
    /* Optional: what was done was undone, for a reason that may pass.  Sets stmts, nstmts and step anew, as if nothing had been tried.
       False: that cannot be.  Work without a step needs none. */
    bool                   (*restart)(struct task *t);
    bool                     keyed;      /* its client repeats it under a key that is recognised: so may we, when it was not committed */
    deadline                 until;      /* absolute; 0: pool.timeout from now */
    /* whose it is, for reports */
    const char              *route;      /* static; NULL: the service's own work */
    struct span              request_id;
    const void              *holder;     /* the request: while it has a connection of its own it is refused another */
    /* how it ended.  e->kind == E_NONE: committed.  `rows` (n of them, one per statement; grouped: one) are valid only inside. */
    void (*done)(struct task *t, const struct rows *rows, int n, const struct err *e);
    void                    *user;

    /* the pool's own */
    struct task *next, *prev;
    usec         queued_at;
    uint64_t     arrival;
    int          state, tries;
    usec         held;               /* how long it had its connection, all tries together; good in done() */
    bool         abandoned;          /* its client has gone */
    bool         doubtful;           /* a first run of this write may have been committed */
    bool         recovering;         /* recover() was called */
    bool         unproven;           /* nothing showed that the first run had ended: that it is not there proves nothing */
    int          cause;              /* of the last repetition: into pool_retry_states */
    usec         due;                /* when it is repeated */
    struct task_witness witness;
    struct link_kept *kept;          /* its rows, when the answer to COMMIT was lost */
    bool         tries_alone;        /* grouped work that met a lock and waits for it on a connection of its own */
    struct pg_link *link;
    struct err   verdict;
};

struct pool_config {
    const struct pg_target *target;
    struct credentials credentials;  /* where others may come from */
    enum pooler pooler;             /* as it looked before; the pool may learn more */
    int   size, overflow, lanes, queue;
    usec  timeout, recycle, idle, connect_timeout, query_timeout, lock_timeout, lane_lock_timeout;
    usec  leak_after;                /* work that has a connection for longer is reported; 0: half of query_timeout */
    usec  preping;                   /* idle for longer: asked before it is used; 0: never */
    usec  standing;                  /* a queue with no wait below this stands; 0: none does */
    usec  degrade_after;             /* so long near exhaustion: exclusive work is refused rather than queued; 0: never */
};

struct pool;

MUST_CHECK bool pool_open(struct loop *l, const struct pool_config *c, struct pool **out, struct err *e);
void pool_submit(struct pool *p, struct task *t);
/* The client has gone.  Waiting exclusive work is dropped, running exclusive work cancelled, grouped work finishes; done() is still called. */
void pool_abandon(struct pool *p, struct task *t);
/* No new work; `done` when all connections are closed. */
void pool_drain(struct pool *p, void (*done)(void *user), void *user);
/* At once: tasks not done are refused. */
void pool_close(struct pool *p);

enum pool_class { POOL_LANE, POOL_EXCLUSIVE, POOL_CONTROL, POOL_CLASSES };

enum preping {                  /* what was found out about a connection before it was used */
    PREPING_SOCKET_ALIVE, PREPING_SOCKET_DEAD, PREPING_SYNC_ALIVE, PREPING_SYNC_DEAD, PREPINGS
};

enum connect_outcome {          /* of an attempt to connect */
    CONNECT_OK, CONNECT_REFUSED, CONNECT_TIMEOUT, CONNECT_AUTH, CONNECT_TOO_MANY, CONNECT_ROLE, CONNECT_TLS, CONNECT_DNS, CONNECT_STARTING,
    CONNECT_PROTOCOL, CONNECT_POOLER, CONNECT_OUTCOMES
};

enum pool_phase { POOL_DNS, POOL_TCP, POOL_TLS, POOL_AUTH, POOL_SETUP, POOL_PHASES };        /* of connecting, in order */

enum host_role { HOST_UNKNOWN, HOST_PRIMARY, HOST_READ_ONLY, HOST_STANDBY, HOST_REFUSED, HOST_ROLES };

struct pool_host {
    const char    *shown;            /* of the target */
    enum host_role role;
    int            timeline;         /* 0: not known */
};

enum close_reason {             /* of a connection that had come about */
    CLOSE_OVERFLOW, CLOSE_RECYCLE, CLOSE_LOST, CLOSE_TIMEOUT, CLOSE_CANCELLED, CLOSE_EPOCH, CLOSE_ROLE, CLOSE_DRAIN, CLOSE_LEAK, CLOSE_SHARE,
    CLOSE_REASONS
};

/* A session does not know the statement any more, or its plan is out of date. */
#define POOL_STALE_STATES 3
static const char *const pool_stale_states[POOL_STALE_STATES] = { "0A000", "26000", "42P05" };

/* Why work is repeated; "none": its connection was lost. */
#define POOL_RETRY_STATES 7
static const char *const pool_retry_states[POOL_RETRY_STATES] = { "none", "40P01", "40001", "55P03", "0A000", "26000", "42P05" };

struct pool_counters {
    int      idle, in_use, connecting, max, lanes, control;
    int      closing;                /* let go, and the server may still have them */
    int      effective_max;          /* below max while the server refuses more */
    int      waiting_lane, waiting_exclusive;
    uint64_t acquires_immediate, acquires_waited, acquires_timeout, acquires_full, acquires_deadline, acquires_gone, acquires_down;
    bool     degraded;               /* exclusive work that would have to wait is refused */
    uint64_t acquires_shed, acquires_degraded, preping[PREPINGS];
    uint64_t connects[CONNECT_OUTCOMES], closes[CLOSE_REASONS];
    uint64_t retries[POOL_RETRY_STATES], retries_failed[POOL_RETRY_STATES];     /* work that was repeated, by how it ended */
    uint64_t groups, grouped_tasks, bisections, cancels, cap_violations, epoch;
    uint64_t outcomes_committed, outcomes_aborted, outcomes_unresolved;      /* of writes whose answer was lost */
    usec     oldest_waiter;          /* age */
    int      prepared;               /* statements, on all connections */
    uint64_t reprepares[POOL_STALE_STATES];
    int      base;                   /* size: what is kept */
    int      in_use_control;         /* of those in use */
    int      libpq;                  /* its version: 150018 */
    int      capacity[POOL_CLASSES]; /* places for work: a lane has one for each task of a group */
    usec     busy[POOL_CLASSES];     /* place-microseconds in use since start */
    uint64_t returns;                /* work, other than control's, that gave its connection back */
    int      leaks_suspected;        /* now */
    uint64_t leaks_returned_late, leaks_reclaimed, self_deadlocks;
    enum connect_outcome last_connect;      /* of the latest attempt */
    struct histogram acquire[POOL_CLASSES], connect[POOL_PHASES];
    struct pool_host hosts[PG_HOSTS];
    int      nhosts;
    uint64_t failovers;
    bool     read_only;              /* what is open takes no writes */
    bool     up;                     /* the last attempt to reach the server succeeded */
    struct err down_reason;
    enum pooler pooler;              /* between us and the server */
};
void pool_counters(const struct pool *p, struct pool_counters *out);

#endif

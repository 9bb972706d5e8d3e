/*
 * One connection of the pool on the event loop: connecting, sending a group or a transaction as a pipeline, collecting
 * what comes back.  It executes; who gets it and what happens after a failure is the pool's business.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_LINK_H
#define KEELSON_PG_LINK_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "pg/conn.h"
#include "pg/dial.h"
#include "pg/names.h"
#include "pg/pool.h"

#define LINK_PING  USEC_S       /* longest wait for the answer to a ping */
#define LINK_GROUP 64           /* tasks in one group */
#define LINK_STMTS 96           /* statements of one transaction step */

enum link_state {
    LINK_CLOSED,                /* no connection; owned by the pool's table           */
    LINK_CONNECTING,            /* handshake under way                                 */
    LINK_IDLE,                  /* connected, nothing sent; may be given work          */
    LINK_BUSY,                  /* work sent; until its Sync has come or it broke      */
    LINK_STATES,
};

enum link_leak { LEAK_NONE, LEAK_SUSPECTED, LEAK_REPORTED };    /* held for longer than it should; said so */
enum link_ping {                /* after long silence, while LINK_BUSY: the first Sync says that it lives */
    PING_NONE,
    PING_AHEAD,                 /* the work was sent right behind it                   */
    PING_FIRST,                 /* nothing else has been sent yet                      */
};

enum link_phase {               /* of a transaction with steps, while LINK_BUSY */
    PHASE_ONLY,                 /* everything was sent in one implicit transaction     */
    PHASE_STEP,                 /* BEGIN and statements sent; step() decides next      */
    PHASE_COMMIT,
    PHASE_ROLLBACK,
};

struct link_run {               /* neighbours in a group that became one statement list */
    int       first, n;         /* tasks */
    PGresult *answer;           /* rows of the last statement */
};

enum expect { EXPECT_PREPARE, EXPECT_FRAME, EXPECT_ROWS, EXPECT_ANSWER, EXPECT_WITNESS };

struct expected {
    enum expect what;
    int         index;          /* EXPECT_ANSWER: the run; EXPECT_ROWS: the result's place */
    const char *name;           /* EXPECT_PREPARE: the statement */
};

struct link_kept {              /* rows that outlive their connection */
    int       n;
    PGresult *results[LINK_STMTS];
};

struct pg_link;

struct link_events {            /* all called from the loop; the link is in its new state already */
    void (*opened)(struct pg_link *k);
    void (*failed)(struct pg_link *k, const struct err *e);     /* connecting failed; now LINK_CLOSED */
    void (*alive)(struct pg_link *k);                           /* the ping was answered; the work goes on */
    void (*finished)(struct pg_link *k);                        /* verdict in k->error; results readable until link_release() */
    void (*lost)(struct pg_link *k, const struct err *e);       /* broke; now LINK_CLOSED; its tasks are still in k->tasks */
    /* The server may still have it: process `pid`, whose end shows on `fd` (the receiver's now), or only in its own view (fd < 0).
       Before the link is LINK_CLOSED. */
    void (*left)(struct pg_link *k, int fd, int pid);
};

struct pg_link {
    struct pool              *pool;
    struct loop              *loop;
    const struct link_events *events;
    PGconn                   *pg;
    struct watch              watch;
    struct timer              timer;        /* of connecting, or of the work under way */
    enum link_state           state;
    int                      *census;       /* by state, the links counted together with this one; the pool's */
    enum link_phase           phase;
    enum link_ping            ping;         /* set before the work is sent, from its idle state */
    usec                      limit;        /* of the work that waits for the ping */
    const char               *shown;
    enum pooler               pooler;       /* as it was connected */
    const char               *entry;        /* SQL that begins each transaction: settings and organization; NULL: only the organization */
    int                       pid;          /* of its backend; 0: not known.  Kept when closed */
    struct dial               dial;         /* while LINK_CONNECTING; what it found, afterwards */
    usec                      opened_at;
    usec                      since;                /* it entered its state */
    usec                      recycle_at;
    uint64_t                  epoch;        /* of the pool when it began to connect */
    bool                      condemned;    /* close as soon as it is not busy */
    bool                      torn;         /* broke, which says nothing about the other end */
    bool                      ended;        /* the server said that it ends this session */
    bool                      unsent;       /* a pooler said that the work never reached the server */
    enum link_leak            leak;         /* of the work under way */
    bool                      reclaimed;    /* that work was ended, because nobody wanted it and it held on */
    usec                      held;         /* how long its last work had it */
    bool                      read_only;    /* the server takes no writes in this session, as far as it has said */
    enum close_reason         reason;       /* why it was condemned */

    struct task              *tasks[LINK_GROUP];
    int                       ntasks;
    struct link_run           runs[LINK_GROUP];
    int                       nruns;
    PGresult                 *results[LINK_STMTS];
    int                       nresults;
    struct expected          *expected;     /* in the arena */
    int                       nexpected, next_expected;
    struct err                error;        /* the first that the server reported in this pipeline */
    struct arena              arena;        /* merged statements; reset when the work is done */
    struct names              names;        /* what is prepared; nothing behind a transaction pooler */
};

/* A group of tasks with kinds, sorted by organization, kind and key: one implicit transaction, one Sync. */
void link_send_group(struct pg_link *k, struct task *const *tasks, int n, usec timeout);
/* One task without a kind: its statements, in one implicit transaction or, with a step, in one with BEGIN. */
void link_send_task(struct pg_link *k, struct task *t, usec timeout);

/* The rows of one task of a finished group: its own, without the index column. */
struct rows link_group_rows(const struct pg_link *k, int run, int task, int *cursor);

/* The rows of a task without a kind, one per statement of its last step; how many.  `rows` has room for k->nresults. */
int link_task_rows(const struct pg_link *k, struct rows *rows);

/* The same from a transaction whose answer to COMMIT was lost. */
int link_kept_rows(const struct link_kept *kept, struct rows *rows);
void link_kept_free(struct link_kept *kept);    /* NULL is harmless */

void link_state(struct pg_link *k, enum link_state to);     /* the one place that changes it */
void link_serve(struct watch *w, int events);               /* a connected link's watch */
void link_lose(struct pg_link *k, const struct err *e);     /* it broke: close, and tell */

void link_release(struct pg_link *k);       /* drop results, back to LINK_IDLE; only from events->finished or after it */
void link_close(struct pg_link *k);         /* at once; harmless when closed */
void link_look(struct pg_link *k);          /* if it is idle: has it died unnoticed?  Then lost() follows */
bool link_healthy(struct pg_link *k);       /* idle and its session clean: no transaction open */

#endif

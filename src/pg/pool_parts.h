/*
 * The inside of the pool, shared by the files that are the pool: door.c (who may wait), pool.c (lending), share.c (what a class may
 * have), connect.c, upkeep.c (what is done from time to time), roles.c (who takes writes), rotate.c (credentials), lane.c
 * (groups), leak.c (work that holds on), leave.c (connections let go), outcome.c (what follows an answer or its absence), again.c (work repeated), witness.c (what
 * became of a COMMIT).  Nobody else includes this.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_POOL_PARTS_H
#define KEELSON_PG_POOL_PARTS_H

#include <sys/types.h>
#include <time.h>

#include "pg/degrade.h"
#include "pg/drain.h"
#include "pg/hosts.h"
#include "pg/leak.h"
#include "pg/leave.h"
#include "pg/link.h"
#include "pg/pool.h"
#include "pg/queue.h"
#include "pg/standing.h"
#include "pg/witness.h"

#define POOL_TRIES        3
#define POOL_TAG          9
#define POOL_BACKOFF      (20 * USEC_MS)
#define POOL_KEY_BITS     12                 /* a lane's keys under way, as a set of hashes: a false hit only waits a turn */
#define POOL_ANSWER_GRACE (5 * USEC_S)       /* after statement_timeout: then the connection itself is given up */

struct lane_keys {
    uint64_t bits[(1u << POOL_KEY_BITS) / 64];
};

struct redo {                                /* half of a group that failed as one */
    struct redo *next;
    int          n;
    struct task *tasks[LINK_GROUP];
};

struct rotate {                              /* of credentials */
    struct job      *job;                    /* reads them */
    struct watch     watch;
    struct arena     arena[2];
    struct pg_target target[2];
    int              next;                   /* the one that is not in use */
    usec             asked_at, looked_at;
    ino_t            inode;                  /* of the file, when it was looked at last */
    struct timespec  written;
    bool             refused;                /* by the server, and it was said */
};

struct pool {
    struct loop          *loop;
    struct pool_config    config;
    char                  tag[POOL_TAG];    /* in the application_name of every connection of ours */
    struct pg_link       *links;            /* lanes first, then control, then exclusive */
    int                   nlinks, nlanes, ncontrol;
    int                   census[POOL_CLASSES][LINK_STATES];
    int                   effective_max;
    enum pooler           pooler;           /* what lies between us and the server, as far as we know; what is right behind a transaction pooler
                                               is right everywhere, so it only ever changes to that */
    const char           *entries[POOL_CLASSES];    /* behind one: how transactions begin */
    struct arena          arena;            /* as long as the pool */
    usec                  grow_at;
    struct lane_keys     *keys;             /* per lane */
    struct queue          reads, writes, exclusive, control, refused;
    struct drain          lane_drain, exclusive_drain;
    struct standing       lane_standing, exclusive_standing;
    struct degrade        degrade;
    usec                  connect_took;     /* lately, smoothed */
    usec                  recycle_next;     /* not before */
    struct leaving       *leaving;          /* connections that the server may still have */
    int                   nleaving;
    struct leave_check    leave_check;
    struct leak_check     leak_check;
    struct redo          *redo;
    struct queue          delayed;          /* to be repeated, each after its pause */
    struct timer          again;
    struct witness       *witnesses;        /* whose COMMIT was not answered */
    struct deferred       turn;
    struct timer          sweep;
    struct hosts          hosts;
    struct rotate         rotate;
    char                  names[POOL_CLASSES][64];      /* the application_name of each */
    int                   writer;           /* the host that took writes last; -1: none has */
    int                   writer_timeline;
    usec                  refused_at;       /* a write, as read-only, last */
    usec                  sought_at;        /* a writable host, last */
    deadline              connect_at;       /* not before */
    usec                  backoff;
    usec                  lost_at;          /* the last connection that broke */
    bool                  down;             /* no link is open and the last attempt failed */
    bool                  draining;
    usec                  drain_at;
    void                (*drained)(void *user);
    void                 *drained_user;
    struct pool_counters  counters;
};

void pool_turn_soon(struct pool *p);
void pool_refuse(struct pool *p, struct task *t, enum err_kind kind, const char *why);
/* These are about to be sent on it: has it been silent for so long that it is to be asked first? */
void pool_ping(struct pool *p, struct pg_link *k, struct task *const *tasks, int n);
void pool_close_link(struct pool *p, struct pg_link *k, enum close_reason why);
void pool_down(struct pool *p, const struct err *why);
/* Something said that a pooler is there.  From now on it is treated as one that lends each transaction another backend. */
void pool_pooled(struct pool *p, const char *sign);
/* Everything that is connected now belongs to the past: idle ones go at once, busy ones when they are done. */
void pool_epoch(struct pool *p, enum close_reason why);

static inline struct queue *pool_queue(struct pool *p, const struct task *t)
{
    if (t->control)
        return &p->control;
    if (!t->kind || t->tries_alone)
        return &p->exclusive;
    return t->kind->writes ? &p->writes : &p->reads;
}

static inline int pool_links(const struct pool *p, enum link_state state)
{
    return p->census[POOL_LANE][state] + p->census[POOL_CONTROL][state] + p->census[POOL_EXCLUSIVE][state];
}

static inline enum pool_class pool_class(const struct pool *p, const struct pg_link *k)
{
    int i = (int)(k - p->links);

    return i < p->nlanes ? POOL_LANE : i < p->nlanes + p->ncontrol ? POOL_CONTROL : POOL_EXCLUSIVE;
}

/*
 * What each class may have of the connections that the server gives now.  Lanes come first, but leave one for exclusive work; from
 * three on there is one for control.  What is below its share cannot be kept from it by the others.
 */
static inline int pool_share(const struct pool *p, enum pool_class class)
{
    int control = p->ncontrol && p->effective_max >= 3 ? 1 : 0;
    int lanes = p->effective_max - control - 1 < p->nlanes ? p->effective_max - control - 1 : p->nlanes;

    lanes = lanes > 1 ? lanes : 1;
    return class == POOL_CONTROL ? control : class == POOL_LANE ? lanes : p->effective_max - control - lanes;
}

/* What counts in the cap: whatever is not closed, and what was closed and may still be there. */
static inline int pool_used(const struct pool *p)
{
    return p->nlinks - pool_links(p, LINK_CLOSED) + p->nleaving;
}

static inline usec pool_answer_limit(const struct pool *p)
{
    return p->config.query_timeout + POOL_ANSWER_GRACE;
}

#endif

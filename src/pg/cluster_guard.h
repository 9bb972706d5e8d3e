/*
 * The guardian: a small process of ours between the program and the postmaster.
 *
 * It starts the postmaster, writes down what that says, and stops it when the program ends, in whatever way: it sees the
 * end of a pipe.  Its own violent end stops the postmaster too (the kernel signals it).  It ends after the postmaster; that
 * of a throwaway cluster only after the program.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CLUSTER_GUARD_H
#define KEELSON_PG_CLUSTER_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"

struct cluster_guard_plan {
    const char *const *argv;         /* of the postmaster; [0] is a path */
    uid_t       uid;                 /* 0: stay who we are */
    gid_t       gid;
    int         lock;                /* held by the guardian as long as it lives */
    const char *data_dir;
    const char *log_dir;             /* made if missing; postgresql.log and two older ones */
    const char *remove;              /* a throwaway cluster: stop without a checkpoint, then remove this; NULL: keep */
};

struct cluster_guard {
    pid_t pid, postmaster;
    int   pidfd, life, report;       /* -1: not running */
};

#define CLUSTER_GUARD ((struct cluster_guard){ .pidfd = -1, .life = -1, .report = -1 })

MUST_CHECK bool cluster_guard_start(const struct cluster_guard_plan *plan, struct cluster_guard *out, struct err *e);

/* Until `wait` has passed or the server ended, whichever is first: does it live? */
bool cluster_guard_alive(const struct cluster_guard *g, usec wait);

/* Stop the server and wait for it. */
void cluster_guard_stop(struct cluster_guard *g);

/* Is the parent of this process a guardian? */
bool cluster_guard_watches(pid_t pid);

/* Why the server gave up, from what it wrote: the last message of the worst kind, without its prefix. */
struct span cluster_guard_reason(struct span log);

#endif

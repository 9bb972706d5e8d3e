/*
 * keelson.lock in the data directory: one program at a time, with guests.
 *
 * The lock is flock()'s, so it goes with the last process that holds the descriptor: the program and the guardian that
 * stops its server.  Who gets the lock knows that no server of another program is being watched there.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CLUSTER_LOCK_H
#define KEELSON_PG_CLUSTER_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"

enum cluster_lock_use {
    CLUSTER_LOCK_SERVICE,            /* for long: others are refused at once */
    CLUSTER_LOCK_COMMAND,            /* for the time of one command: others may wait for it */
};

/* Try once.  *fd < 0: somebody else has it.  On success our pid and use are written into it. */
MUST_CHECK bool cluster_lock_try(const char *dir, uid_t uid, gid_t gid, enum cluster_lock_use use, int *fd, struct err *e);

/* The live program that holds it; 0: none that can be seen (it died and its guardian is still stopping the server). */
pid_t cluster_lock_holder(const char *dir, enum cluster_lock_use *use);

/*
 * keelson.guests: who uses the holder's server.  The holder makes the file before its server takes connections (-1: it cannot),
 * each guest holds it open, and before it stops the holder waits until the last one has left, or `wait` has passed; from then on
 * cluster_lock_guest() gives -1.  All descriptors are to be closed.
 */
int cluster_lock_guests(const char *dir, uid_t uid, gid_t gid);
int cluster_lock_guest(const char *dir);
void cluster_lock_last_guest(int guests, usec wait);

#endif

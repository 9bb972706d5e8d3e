/*
 * keelson.lock in the data directory: one program at a time.
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
#include "base/err.h"

/* Try once.  *fd < 0: somebody else has it.  On success our pid is written into it. */
MUST_CHECK bool cluster_lock_try(const char *dir, uid_t uid, gid_t gid, int *fd, struct err *e);

/* The live program that holds it; 0: none that can be seen (it died and its guardian is still stopping the server). */
pid_t cluster_lock_holder(const char *dir);

#endif

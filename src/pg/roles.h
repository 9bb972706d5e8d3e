/*
 * Who takes writes.  Part of the pool: connections to a server that has changed its role are given up, another is looked for, and
 * never are some of the connections at a primary and others at a standby.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_ROLES_H
#define KEELSON_PG_ROLES_H

#include "pg/pool_parts.h"

/* It has just connected.  False: it was closed, because others are open that take writes and it does not. */
bool roles_opened(struct pool *p, struct pg_link *k);

/* A write was refused there as read-only (25006).  True: it may be tried again, elsewhere; nothing was done. */
bool roles_refused(struct pool *p, struct pg_link *k);

void roles_turn(struct pool *p, usec now);      /* from time to time */

#endif

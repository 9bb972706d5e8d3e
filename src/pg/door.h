/*
 * Who may wait for a connection, and who is told at once that it would be in vain.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_DOOR_H
#define KEELSON_PG_DOOR_H

#include <stdbool.h>

#include "base/clock.h"

struct pool;
struct queue;
struct task;

/* May it wait in this queue?  False: it has been refused. */
bool door_admits(struct pool *p, const struct queue *q, struct task *t);
void door_refuse_down(struct pool *p, struct task *t);      /* the server cannot be reached */
void door_look(struct pool *p, usec now);                   /* from time to time: do queues stand, is the end near? */

#endif

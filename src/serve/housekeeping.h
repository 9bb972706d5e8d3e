/*
 * What has to be done from time to time although nobody asks for it.  Any number of services on one database may do it at once.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_HOUSEKEEPING_H
#define KEELSON_SERVE_HOUSEKEEPING_H

#include "base/clock.h"
#include "base/loop.h"
#include "pg/pool.h"

struct housekeeping;

/* streaming: a message that began to stream so long ago is marked incomplete. */
struct housekeeping *housekeeping_open(struct loop *l, struct pool *p, usec streaming);
/* After pool_close().  NULL is allowed. */
void housekeeping_close(struct housekeeping *h);

#endif

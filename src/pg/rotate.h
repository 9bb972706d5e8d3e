/*
 * Other credentials while we run: existing connections live on, new ones use what the file or the command says now.  Part of the pool.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_ROTATE_H
#define KEELSON_PG_ROTATE_H

#include "pg/pool_parts.h"

void rotate_start(struct pool *p);
void rotate_close(struct pool *p);
void rotate_turn(struct pool *p, usec now);     /* from time to time: has the file changed? */
/* The server did not accept them, or did. */
void rotate_refused(struct pool *p, const struct err *why);
void rotate_accepted(struct pool *p);

#endif

/*
 * When the pool connects, and what follows from success and failure.  Part of the pool.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CONNECT_H
#define KEELSON_PG_CONNECT_H

#include "pg/pool_parts.h"

void connect_start(struct pool *p);                     /* once, before the first turn */
void connect_turn(struct pool *p);
bool connect_one(struct pool *p, struct pg_link *k);    /* closed, and it shall connect now; false: the cap is reached */

void connect_opened(struct pg_link *k);                 /* events of a link */
void connect_failed(struct pg_link *k, const struct err *e);

#endif

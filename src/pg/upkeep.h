/*
 * What the pool does from time to time: end waits that took too long, close what is idle or old, shrink and grow its cap.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_UPKEEP_H
#define KEELSON_PG_UPKEEP_H

#include <stdbool.h>

struct pg_link;
struct pool;

void upkeep_opened(struct pool *p, struct pg_link *k);                /* it is new: when is it to be replaced? */
/* It is old, and its turn has come; says so to one at a time. */
bool upkeep_recycles(struct pool *p, const struct pg_link *k);
void upkeep_start(struct pool *p);
void upkeep_shrink(struct pool *p);     /* the server has no more connections for us */

#endif

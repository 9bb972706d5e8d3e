/*
 * What the pool does from time to time: end waits that took too long, close what is idle or old, shrink and grow its cap.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_UPKEEP_H
#define KEELSON_PG_UPKEEP_H

struct pool;

void upkeep_start(struct pool *p);
void upkeep_shrink(struct pool *p);     /* the server has no more connections for us */

#endif

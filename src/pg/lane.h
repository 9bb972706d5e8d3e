/*
 * Lanes: which waiting tasks leave together, on which connection.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_LANE_H
#define KEELSON_PG_LANE_H

struct pool;

/* Give every idle lane its next group: first what is to be repeated, then from the queue that has waited longer. */
void lane_turn(struct pool *p);

#endif

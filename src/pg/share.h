/*
 * What each class may have of the connections that the server gives now (pool_share()), kept by all of them.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_SHARE_H
#define KEELSON_PG_SHARE_H

#include "pg/pool_parts.h"

bool share_free(const struct pool *p, enum pool_class class);   /* may one more of this class be opened? */
/* Somebody has fewer than its share and there is no place: who has more gives one back, when it is not in use. */
void share_turn(struct pool *p);

#endif

/*
 * A link of the pool gets its connection.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_LINK_OPEN_H
#define KEELSON_PG_LINK_OPEN_H

#include "pg/link.h"

/* The link becomes LINK_CONNECTING; events->opened or events->failed follows, never from inside.  `host_limit`: for each host. */
void link_open(struct pg_link *k, struct hosts *h, const struct pg_session *s, usec host_limit, usec limit);

#endif

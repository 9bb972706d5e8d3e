/*
 * Connecting a link without blocking the loop.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_DIAL_H
#define KEELSON_PG_DIAL_H

#include "pg/conn.h"
#include "pg/link.h"
#include "pg/url.h"

/* The link becomes LINK_CONNECTING; events->opened or events->failed follows, never from inside. */
void dial_start(struct pg_link *k, const struct pg_target *t, const struct pg_session *s, usec timeout);

#endif

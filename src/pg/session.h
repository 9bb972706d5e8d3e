/*
 * How every session is set up, in the startup packet itself: no further round trip, nothing that could be left out.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_SESSION_H
#define KEELSON_PG_SESSION_H

#include "base/arena.h"
#include "pg/conn.h"

/* The target's keywords and values with ours added, NULL-terminated, for PQconnectStartParams(). */
void session_params(struct arena *a, const struct pg_target *t, const struct pg_session *s, const char ***keys, const char ***values);

#endif

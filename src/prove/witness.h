/*
 * How many connections of the service the server sees, looked at every 10 ms in a thread and on a connection of its own.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_WITNESS_H
#define KEELSON_PROVE_WITNESS_H

#include "pg/conn.h"

struct witness;

/* `tag`: what the names of its connections end with. */
MUST_CHECK bool witness_open(const struct pg_target *t, const char *tag, struct witness **out, struct err *e);
void witness_close(struct witness *w);      /* harmless with NULL */

/* The most at one time since the last call. */
int witness_most(struct witness *w);
/* How often it has looked. */
long witness_samples(const struct witness *w);

#endif

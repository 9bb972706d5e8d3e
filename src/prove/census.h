/*
 * How many connections of the service the server sees, looked at every 10 ms in a thread and on a connection of its own.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_CENSUS_H
#define KEELSON_PROVE_CENSUS_H

#include "pg/conn.h"

struct census;

/* `tag`: what the names of its connections end with. */
MUST_CHECK bool census_open(const struct pg_target *t, const char *tag, struct census **out, struct err *e);
void census_close(struct census *w);      /* harmless with NULL */

/* The most at one time since the last call. */
int census_most(struct census *w);
/* How often it has looked. */
long census_samples(const struct census *w);

#endif

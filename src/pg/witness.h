/*
 * A COMMIT was sent and not answered.  The server knows what became of that transaction; here it is asked until it says so or the
 * request's time is over.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_WITNESS_H
#define KEELSON_PG_WITNESS_H

#include <stdbool.h>

#include "base/clock.h"

struct pool;
struct task;

/* False: which transaction it was is not known.  Otherwise the task is kept here and ends from here. */
bool witness_start(struct pool *p, struct task *t);
void witness_sweep(struct pool *p, usec now);       /* ask again who is still to be asked about */
void witness_close(struct pool *p);                 /* nobody will tell: outcomes are unknown */

#endif

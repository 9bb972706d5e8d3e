/*
 * Looking at what lies between us and the server, with blocking connections.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_POOLER_LOOK_H
#define KEELSON_PG_POOLER_LOOK_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/clock.h"
#include "pg/pooler.h"

/* The backend that answers.  False: nobody did in time. */
MUST_CHECK bool pooler_backend(PGconn *pg, deadline until, int *pid);

/* Do two sessions, asked in turn outside of transactions, keep a backend each?  Notes `moved` and `shared`.  False as above. */
MUST_CHECK bool pooler_look(PGconn *one, PGconn *other, deadline until, struct pooler_signs *s);

#endif

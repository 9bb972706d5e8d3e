/*
 * The same walk over hosts and addresses for who may wait: commands, start-up, migrations.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_DIAL_WAIT_H
#define KEELSON_PG_DIAL_WAIT_H

#include "pg/dial.h"

/* A blocking connection, the caller's; the hosts share the time until `until` (0: as long as it takes).  NULL: *outcome and *e say why. */
PGconn *dial_wait(const struct pg_target *t, const struct pg_session *s, deadline until, enum connect_outcome *outcome, struct err *e);

#endif

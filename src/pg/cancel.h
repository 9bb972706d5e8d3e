/*
 * Ask the server to stop what a connection is doing, without waiting for it.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CANCEL_H
#define KEELSON_PG_CANCEL_H

#include <libpq-fe.h>

/*
 * Sent from a short-lived thread, since libpq's PQcancel() blocks; at most four at a time.  It may take effect any time later,
 * so the connection must not be given other work afterwards.  How many were sent: 1, or 0 when too many are under way.
 */
int cancel_send(PGconn *pg);

#endif

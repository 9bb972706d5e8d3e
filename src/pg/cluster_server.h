/*
 * The server of a data directory as seen from outside: its postmaster.pid, its processes, and how to end them.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CLUSTER_SERVER_H
#define KEELSON_PG_CLUSTER_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"
#include "pg/cluster_place.h"

struct cluster_server {
    pid_t pid;
    bool  ready;             /* takes connections */
};

/* The text of a postmaster.pid; false: it names no process (yet). */
bool cluster_server_parse(struct span text, struct cluster_server *out);

/* What postmaster.pid says; false: there is none. */
bool cluster_server_read(const char *dir, struct cluster_server *out);

/*
 * With the lock held: end every server process that works on the data directory, whoever left it there, and remove what
 * would keep a new server from starting.  Fast shutdown first, then harder.  E_IO: one is left, or is still being watched by a
 * living program (somebody removed the lock file).
 */
MUST_CHECK bool cluster_server_stop(const struct cluster_place *p, struct err *e);

#endif

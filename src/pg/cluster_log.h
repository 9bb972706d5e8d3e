/*
 * The server's log: postgresql.log, .1 and .2, each of a limited size.
 *
 * PostgreSQL's own collector rotates by size only into new names, so it cannot bound what a busy day takes.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CLUSTER_LOG_H
#define KEELSON_PG_CLUSTER_LOG_H

#include <stdbool.h>
#include <sys/types.h>

struct cluster_log {
    const char *dir;
    int         fd;                  /* -1: not open; what comes is dropped */
    off_t       size;
};

void cluster_log_open(struct cluster_log *l, const char *dir);

/* Move what is in the pipe (non-blocking) to the file.  False: nobody will write any more. */
bool cluster_log_copy(struct cluster_log *l, int pipe);

#endif

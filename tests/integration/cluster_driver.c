/*
 * A program with an embedded or throwaway PostgreSQL and nothing else, for tests that kill it.
 *
 *   cluster_driver open|shared DIR       cluster_driver temporary|durable
 *
 * Prints "ready owned=1 postmaster=PID socket=DIR data=DIR ms=N", then obeys lines on stdin: alive, restart, close (or the end).
 */
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pg/cluster.h"

static bool open_as_told(struct arena *a, int argc, char **argv, struct cluster *c, struct err *e)
{
    const char *how = argc > 1 ? argv[1] : "";
    const char *bindir = getenv("CLUSTER_BINDIR");

    if (strcmp(how, "open") == 0 || strcmp(how, "shared") == 0)
        return cluster_open(a, argc > 2 ? argv[2] : NULL, bindir, *how == 's', c, e);
    if (strcmp(how, "temporary") == 0 || strcmp(how, "durable") == 0)
        return cluster_open_temporary(a, bindir, 0, *how == 'd', c, e);
    return fail(e, E_USAGE, "usage: cluster_driver open|shared DIR | temporary | durable");
}

static void obey(struct cluster *c, struct err *e)
{
    char line[64];

    while (fgets(line, sizeof line, stdin) && strcmp(line, "close\n") != 0) {
        if (strcmp(line, "alive\n") == 0)
            printf("alive=%d\n", cluster_alive(c));
        else if (strcmp(line, "restart\n") == 0 && !cluster_restart(c, e))
            printf("error %s\n", e->message);
        else
            printf("ready postmaster=%d\n", (int)c->postmaster);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct arena a = ARENA;
    struct err e = { .kind = E_NONE };
    struct cluster c;
    usec began = clock_now();
    int status = 0;

    if (open_as_told(&a, argc, argv, &c, &e)) {
        printf("ready owned=%d postmaster=%d socket=%s data=%s ms=%d\n", c.owned, (int)c.postmaster, c.socket_dir, c.data_dir,
               (int)((clock_now() - began) / USEC_MS));
        fflush(stdout);
        obey(&c, &e);
        began = clock_now();
        cluster_close(&c);
        printf("closed ms=%d\n", (int)((clock_now() - began) / USEC_MS));
    } else {
        fprintf(stderr, "cluster_driver: %s: %s\n", err_info(e.kind)->name, e.message);
        status = err_info(e.kind)->exit;
    }
    arena_free(&a);
    return status;
}

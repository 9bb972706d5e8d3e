/*
 * The hosts of a database URL: what is known of each, whom to try first, how long, and who must not be written to.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_HOSTS_H
#define KEELSON_PG_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/loop.h"
#include "pg/pool.h"
#include "pg/resolve.h"
#include "pg/url.h"

#define HOSTS_SYSTEMS 4                     /* database systems whose timelines are remembered */

struct host {
    struct resolve names;
    enum host_role role;                    /* when it was last looked at */
    int            timeline;                /* 0: not known */
};

struct hosts {
    struct loop            *loop;
    const struct pg_target *target;
    struct host             list[PG_HOSTS]; /* as in the target */
    int                     last;           /* the one that served last; -1: none has */
    struct { uint64_t system; int timeline; } seen[HOSTS_SYSTEMS];   /* newest first; timeline 0: free */
};

void hosts_open(struct hosts *h, struct loop *l, const struct pg_target *t);
void hosts_close(struct hosts *h);

/* Other credentials, perhaps other hosts.  What is known of the hosts stays when they are the same.  The old target is not used any more. */
void hosts_change(struct hosts *h, const struct pg_target *t);

/* Whom to try, best first: who served last, who may be writable, who was read-only, who was refused.  Returns how many. */
int hosts_order(const struct hosts *h, int out[PG_HOSTS]);

/* The part of the time left that the next of `places` may use: what it would get by itself, but room for the others must remain. */
usec hosts_share(usec left, usec most, int places);

/*
 * Is a writable server of this system and timeline the present primary, as far as we know?  Remembers the highest timeline of each
 * system; a lower one is a primary that was replaced.  0: not known, which is believed.
 */
bool hosts_current(struct hosts *h, uint64_t system, int timeline);

#endif

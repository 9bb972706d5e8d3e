/*
 * Host names to addresses without blocking the loop: getaddrinfo() in a thread.
 *
 * One lookup of a name is under way at most; whoever asks meanwhile shares its answer.  An answer is good for RESOLVE_GOOD, which
 * serves those who connect at the same time, and whoever comes back after a lookup that took longer than he could wait.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_RESOLVE_H
#define KEELSON_PG_RESOLVE_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/loop.h"

#define RESOLVE_GOOD USEC_S
#define RESOLVE_MOST 16             /* addresses of one name */
#define RESOLVE_TEXT 80             /* an address as text, with its zone */

enum resolve_verdict { RESOLVE_FOUND, RESOLVE_NO_SUCH_NAME, RESOLVE_FAILED };

struct resolve_answer {
    enum resolve_verdict verdict;
    int  n;
    char address[RESOLVE_MOST][RESOLVE_TEXT];
};

struct resolve_wait {               /* somebody waits; zero-initialise and set `answered` */
    struct resolve      *of;        /* NULL: not waiting */
    struct resolve_wait *next;
    void (*answered)(struct resolve_wait *w);
};

struct resolve {                    /* of one name; zero-initialise and set loop and name */
    struct loop          *loop;
    const char           *name;
    struct job           *job;      /* NULL: no lookup is under way */
    struct watch          watch;
    struct resolve_wait  *waiting;
    struct resolve_answer answer;
    usec                  answered_at;      /* 0: never */
};

/* Is the host something to look up?  Not a numeric address, a socket's folder, or nothing at all. */
bool resolve_needed(const char *host);

bool resolve_fresh(const struct resolve *r, usec now);
/* answered() follows from the loop, unless resolve_unwait() comes first; it must not ask again itself.  There is no time limit here. */
void resolve_wait(struct resolve *r, struct resolve_wait *w);
void resolve_unwait(struct resolve_wait *w);        /* harmless when not waiting */
void resolve_close(struct resolve *r);              /* who waits is told that it failed */

#endif

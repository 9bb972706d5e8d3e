/*
 * The only thread of the pool, and it touches nothing of it: a PGcancel is a copy of the address and the key.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cancel.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define CANCELS_AT_ONCE 4

static atomic_int under_way;

static void *cancel_thread(void *arg)
{
    char ignored[256];

    PQcancel(arg, ignored, sizeof ignored);
    PQfreeCancel(arg);
    atomic_fetch_sub(&under_way, 1);
    return NULL;
}

/* All signals belong to the loop's thread. */
static int thread_start(PGcancel *c)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    rc = pthread_create(&thread, &attr, cancel_thread, c);
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc;
}

int cancel_send(PGconn *pg)
{
    PGcancel *c;

    if (atomic_fetch_add(&under_way, 1) < CANCELS_AT_ONCE && (c = PQgetCancel(pg))) {
        if (thread_start(c) == 0)
            return 1;
        PQfreeCancel(c);
    }
    atomic_fetch_sub(&under_way, 1);
    return 0;
}

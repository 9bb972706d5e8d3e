/*
 * In a thread, which touches nothing of the pool: a PGcancel is a copy of the address and the key.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cancel.h"

#include <stdatomic.h>

#include "base/thread.h"

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

int cancel_send(PGconn *pg)
{
    PGcancel *c;

    if (atomic_fetch_add(&under_way, 1) < CANCELS_AT_ONCE && (c = PQgetCancel(pg))) {
        if (thread_start(cancel_thread, c) == 0)
            return 1;
        PQfreeCancel(c);
    }
    atomic_fetch_sub(&under_way, 1);
    return 0;
}

/*
 * The cap, and within it the shares.  Exclusive work is the only class that can have too many: when the server gives fewer than it
 * did, or a lane lost its connection and another took the place.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/share.h"

static int used(const struct pool *p, enum pool_class class)
{
    return p->census[class][LINK_IDLE] + p->census[class][LINK_BUSY] + p->census[class][LINK_CONNECTING];
}

/* Whoever can tell what has become of the others may come back above the cap when these have had time to go. */
bool share_free(const struct pool *p, enum pool_class class)
{
    if (pool_used(p) < p->effective_max)
        return used(p, class) < pool_share(p, class);
    return class == POOL_CONTROL && pool_used(p) == p->nlinks && leave_torn_long(p);
}

void share_turn(struct pool *p)
{
    if (p->draining || p->nleaving > 0 || pool_used(p) < p->effective_max || used(p, POOL_EXCLUSIVE) <= pool_share(p, POOL_EXCLUSIVE))
        return;
    for (int i = p->nlinks - 1; i >= p->nlanes + p->ncontrol; i--) {
        if (p->links[i].state != LINK_IDLE)
            continue;
        pool_close_link(p, &p->links[i], CLOSE_SHARE);
        return;
    }
}

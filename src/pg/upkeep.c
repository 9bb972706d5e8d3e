/*
 * One timer.  Deadlines of waiting tasks are exact to a tenth of a second, which is enough for waits of seconds and costs nothing
 * per task.  While the server is down the timer turns as fast as connecting backs off.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/upkeep.h"

#include <stdlib.h>

#include "base/log.h"
#include "pg/door.h"
#include "pg/pool_parts.h"
#include "pg/roles.h"
#include "pg/rotate.h"

#define SWEEP      (100 * USEC_MS)
#define GROW_EVERY USEC_S

static void queue_expire(struct pool *p, struct queue *q, usec now)
{
    struct task *next;

    for (struct task *t = q->first; t; t = next) {
        next = t->next;
        if (t->until > now)
            continue;
        queue_remove(q, t);
        p->counters.acquires_timeout++;
        t->verdict.retry_after_ms = drain_retry_ms(0);
        pool_refuse(p, t, E_BUSY, "no database connection became free in time");
    }
}

/* ---- recycling ---- */

/* Up to a tenth earlier than the setting says, so that those who came together do not go together. */
void upkeep_opened(struct pool *p, struct pg_link *k)
{
    usec took = 0;

    for (int i = 0; i < POOL_PHASES; i++)
        took += k->dial.took[i];
    k->recycle_at = k->opened_at + p->config.recycle - random() % (p->config.recycle / 10 + 1);
    p->connect_took += (took - p->connect_took) / (p->connect_took ? DRAIN_WEIGHT : 1);
}

/* Whatever the draw: one, then a pause, and nobody while another is still on its way back. */
bool upkeep_recycles(struct pool *p, const struct pg_link *k)
{
    usec now = loop_now(p->loop);

    usec pause = p->config.recycle / 10 / p->nlinks;

    if (now <= k->recycle_at || now < p->recycle_next || p->nleaving > 0 || pool_links(p, LINK_CONNECTING) > 0)
        return false;
    p->recycle_next = now + (pause > SWEEP ? pause : SWEEP);
    return true;
}

static int open_exclusive(const struct pool *p)
{
    return p->census[POOL_EXCLUSIVE][LINK_IDLE] + p->census[POOL_EXCLUSIVE][LINK_BUSY];
}

static void idle_close(struct pool *p, usec now)
{
    int first = p->nlanes + p->ncontrol, open = open_exclusive(p);

    for (int i = p->nlinks - 1; i >= 0; i--) {
        struct pg_link *k = &p->links[i];
        bool spare = i >= first && open > p->config.size - first && now - k->since > p->config.idle;

        if (k->state != LINK_IDLE || (!spare && !upkeep_recycles(p, k)))
            continue;
        open -= i >= first;
        pool_close_link(p, k, spare ? CLOSE_OVERFLOW : CLOSE_RECYCLE);
        if (!spare)
            return;                                         /* it is to come back before another goes */
    }
}

/* What the server gives is what there is; later one more is tried, then another. */
void upkeep_shrink(struct pool *p)
{
    int used = pool_used(p);

    if (used < p->effective_max)
        log_event(LOG_WARN, "pool-shrunk", "max=%d configured=%d", used, p->nlinks);
    p->effective_max = used > 1 ? used : 1;
    p->grow_at = loop_now(p->loop) + GROW_EVERY;
}

static void grow(struct pool *p, usec now)
{
    if (p->effective_max >= p->nlinks || now < p->grow_at)
        return;
    p->effective_max++;
    p->grow_at = now + GROW_EVERY;
}

static void sweep(struct timer *t)
{
    struct pool *p = CONTAINER(t, struct pool, sweep);
    usec now = loop_now(p->loop);

    queue_expire(p, &p->reads, now);
    queue_expire(p, &p->writes, now);
    queue_expire(p, &p->exclusive, now);
    queue_expire(p, &p->control, now);
    door_look(p, now);
    idle_close(p, now);
    grow(p, now);
    leave_sweep(p, now);
    leak_sweep(p, now);
    witness_sweep(p, now);
    roles_turn(p, now);
    rotate_turn(p, now);
    pool_turn_soon(p);
    loop_timer(p->loop, &p->sweep, now + (p->down ? POOL_BACKOFF : SWEEP));
}

void upkeep_start(struct pool *p)
{
    p->sweep.fire = sweep;
    loop_timer(p->loop, &p->sweep, clock_now() + SWEEP);
}

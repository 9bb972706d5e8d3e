/*
 * The door.  Refusing early is a kindness: who would come too late anyway is told so at once, with the moment when it may go better,
 * and takes nothing from those who wait.  Reasons in this order: closing, no server, a full queue, a deadline that cannot be met,
 * a queue that stands, connections near their end.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/door.h"

#include "base/log.h"
#include "pg/pool_parts.h"

/* ---- refusing ---- */

void door_refuse_down(struct pool *p, struct task *t)
{
    usec now = loop_now(p->loop);

    t->verdict = p->counters.down_reason;
    t->verdict.retry_after_ms = drain_retry_ms(p->connect_at - now);
    p->counters.acquires_down++;
    queue_add(&p->refused, t);
    t->state = TASK_REFUSED;
    pool_turn_soon(p);
}

static void refuse_busy(struct pool *p, struct task *t, usec over, uint64_t *counter, const char *why)
{
    ++*counter;
    t->verdict.retry_after_ms = drain_retry_ms(over);
    pool_refuse(p, t, E_BUSY, why);
}

/* ---- how long it would take ---- */

static bool of_lanes(const struct pool *p, const struct queue *q)
{
    return q == &p->reads || q == &p->writes;
}

static usec oldest(const struct queue *q, usec now)
{
    return q->first ? now - q->first->queued_at : 0;
}

/* As those before it fared, and not less than the first in line has waited already. */
static usec estimate(const struct pool *p, const struct queue *q)
{
    usec drain = drain_wait(of_lanes(p, q) ? &p->lane_drain : &p->exclusive_drain, q->n), so_far = oldest(q, loop_now(p->loop));

    return drain > so_far ? drain : so_far;
}

/* By how much it would miss its deadline; 0: it may wait. */
static usec too_late(const struct pool *p, const struct queue *q, const struct task *t)
{
    usec at = t->queued_at + drain_wait(of_lanes(p, q) ? &p->lane_drain : &p->exclusive_drain, q->n);

    return q->n > 0 && at > t->until ? at - t->until : 0;
}

/* By how much it would wait longer than is permitted. */
static usec too_long(const struct pool *p, const struct queue *q)
{
    const struct standing *s = of_lanes(p, q) ? &p->lane_standing : &p->exclusive_standing;
    usec limit = standing_limit(s, p->config.timeout, p->config.standing), wait = estimate(p, q);

    return q->n > 0 && s->intervals > 0 && wait > limit ? wait - limit : 0;
}

static int exclusive_needed(const struct pool *p)
{
    return p->census[POOL_EXCLUSIVE][LINK_BUSY] + p->exclusive.n;
}

bool door_admits(struct pool *p, const struct queue *q, struct task *t)
{
    usec over;

    if (q->n >= p->config.queue)
        refuse_busy(p, t, estimate(p, q), &p->counters.acquires_full, "the queue for the database is full");
    else if (t->control)
        return true;
    else if ((over = too_late(p, q, t)) > 0)
        refuse_busy(p, t, over, &p->counters.acquires_deadline, "the queue for the database is longer than the time the request has");
    else if ((over = too_long(p, q)) > 0)
        refuse_busy(p, t, over, &p->counters.acquires_shed, "the queue for the database does not get shorter");
    else if (q == &p->exclusive && !degrade_admits(&p->degrade, exclusive_needed(p), pool_share(p, POOL_EXCLUSIVE)))
        refuse_busy(p, t, estimate(p, q), &p->counters.acquires_degraded, "nearly all database connections are in use; only short work is taken");
    else
        return true;
    return false;
}

/* ---- from time to time ---- */

void door_look(struct pool *p, usec now)
{
    usec reads = oldest(&p->reads, now), writes = oldest(&p->writes, now);
    int capacity = pool_share(p, POOL_EXCLUSIVE), needed = exclusive_needed(p);

    if (p->config.standing > 0) {
        standing_look(&p->lane_standing, now, reads > writes ? reads : writes, p->config.standing);
        standing_look(&p->exclusive_standing, now, oldest(&p->exclusive, now), p->config.standing);
    }
    if (degrade_look(&p->degrade, now, needed, capacity, p->config.degrade_after))
        log_event(p->degrade.on ? LOG_WARN : LOG_INFO, p->degrade.on ? "pool-degraded" : "pool-restored", "needed=%d connections=%d", needed, capacity);
}

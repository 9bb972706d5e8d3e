/*
 * Forming groups.  While a lane's group is away the next one gathers; so no timer is needed, and the busier it is the larger they get.
 * A group reads or writes, never both: readers should not wait for a commit.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/lane.h"

#include <stdlib.h>
#include <string.h>

#include "pg/pool_parts.h"

static unsigned key_hash(const struct uuid *key)
{
    uint64_t tail;

    memcpy(&tail, key->b + 8, sizeof tail);
    return (unsigned)((tail * 0x9e3779b97f4a7c15u) >> (64 - POOL_KEY_BITS));
}

static bool key_elsewhere(const struct pool *p, const struct task *t)
{
    unsigned h = key_hash(&t->key);

    for (int i = 0; i < p->nlanes; i++)
        if (p->links[i].state == LINK_BUSY && (p->keys[i].bits[h / 64] >> (h % 64) & 1))
            return true;
    return false;
}

static void keys_note(struct pool *p, int lane, struct task *const *tasks, int n)
{
    memset(&p->keys[lane], 0, sizeof p->keys[lane]);
    for (int i = 0; i < n; i++)
        if (tasks[i]->kind->writes)
            p->keys[lane].bits[key_hash(&tasks[i]->key) / 64] |= (uint64_t)1 << (key_hash(&tasks[i]->key) % 64);
}

static int by_run(const void *va, const void *vb)
{
    const struct task *a = *(struct task *const *)va, *b = *(struct task *const *)vb;
    int c = uuid_cmp(&a->org, &b->org);

    if (c == 0 && a->kind != b->kind)
        c = a->kind < b->kind ? -1 : 1;
    if (c == 0)
        c = uuid_cmp(&a->key, &b->key);
    return c ? c : (a->arrival > b->arrival) - (a->arrival < b->arrival);
}

/* May it join?  Writers of a row another lane is writing wait for that lane, so that a lane never sleeps on a lock it can foresee. */
static bool joins(const struct pool *p, struct task *const *group, int n, const struct task *t)
{
    if (!t->kind->writes)
        return true;
    if (key_elsewhere(p, t))
        return false;
    for (int i = 0; i < n; i++)
        if (t->kind->together && uuid_eq(&group[i]->key, &t->key) && !t->kind->together(group[i], t))
            return false;
    return true;
}

static int group_take(struct pool *p, struct queue *q, int most, struct task **group)
{
    struct task *t = q->first, *next;
    int n = 0;

    for (; t && n < most; t = next) {
        next = t->next;
        if (!joins(p, group, n, t))
            continue;
        queue_remove(q, t);
        group[n++] = t;
    }
    qsort(group, (size_t)n, sizeof *group, by_run);
    return n;
}

static void lane_send(struct pool *p, int lane, struct task *const *group, int n)
{
    usec waited, longest = 0;

    for (int i = 0; i < n; i++) {
        group[i]->state = TASK_SENT;
        group[i]->link = &p->links[lane];
        p->counters.acquires_immediate++;
        waited = loop_now(p->loop) - group[i]->queued_at;
        longest = waited > longest ? waited : longest;
        histogram_add(&p->counters.acquire[POOL_LANE], waited);
        standing_left(&p->lane_standing, waited, p->config.standing);
    }
    drain_left(&p->lane_drain, loop_now(p->loop), longest, n);
    pool_ping(p, &p->links[lane], group, n);
    keys_note(p, lane, group, n);
    p->counters.groups++;
    p->counters.grouped_tasks += (uint64_t)n;
    link_send_group(&p->links[lane], group, n, pool_answer_limit(p));
}

/* The queue whose head waits longer. */
static struct queue *older(struct queue *a, struct queue *b)
{
    if (!a->first || !b->first)
        return a->first ? a : b;
    return a->first->queued_at <= b->first->queued_at ? a : b;
}

static bool lane_fill(struct pool *p, int lane, int idle)
{
    struct task *group[LINK_GROUP];
    struct queue *q = older(&p->reads, &p->writes);
    int share = (q->n + idle - 1) / idle;
    int n = group_take(p, q, share < LINK_GROUP ? share : LINK_GROUP, group);

    if (n == 0) {                   /* writers all wait for another lane: let the readers go */
        q = q == &p->reads ? &p->writes : &p->reads;
        n = group_take(p, q, LINK_GROUP, group);
    }
    if (n > 0)
        lane_send(p, lane, group, n);
    return n > 0;
}

void lane_turn(struct pool *p)
{
    int idle = p->census[POOL_LANE][LINK_IDLE];

    for (int i = 0; i < p->nlanes && idle > 0 && (p->redo || p->reads.first || p->writes.first); i++) {
        struct redo *again = p->redo;

        if (p->links[i].state != LINK_IDLE)
            continue;
        if (again) {
            p->redo = again->next;
            lane_send(p, i, again->tasks, again->n);
            free(again);
        } else if (!lane_fill(p, i, idle)) {
            break;
        }
        idle--;
    }
}

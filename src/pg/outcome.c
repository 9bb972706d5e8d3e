/*
 * A group succeeds or fails as one transaction, so a failure is narrowed down by halves; a lost connection is judged by what
 * its tasks may have done.  Nothing is reported as done that was not committed, nothing as failed that may have been.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pg/pool_parts.h"

static void again_as_group(struct pool *p, struct task *const *tasks, int n)
{
    struct redo *r = malloc(sizeof *r);

    if (!r)
        abort();
    *r = (struct redo){ .next = p->redo, .n = n };
    memcpy(r->tasks, tasks, (size_t)n * sizeof *tasks);
    p->redo = r;
}

static void again(struct pool *p, struct task *t)
{
    t->tries++;
    t->state = TASK_WAITING;
    t->link = NULL;
    p->counters.retries++;
    queue_add_first(pool_queue(p, t), t);
}

/* A group failed as one: find the guilty by halves.  A task that fails alone waits for its lock on a connection of its own. */
static void group_failed(struct pool *p, struct task **tasks, int n, const struct err *e)
{
    if (n > 1) {
        p->counters.bisections++;
        again_as_group(p, tasks + n / 2, n - n / 2);
        again_as_group(p, tasks, n / 2);
    } else if (e->kind == E_BUSY_ROW && !tasks[0]->tries_alone) {
        tasks[0]->tries_alone = true;
        again(p, tasks[0]);
    } else {
        pool_task_done(tasks[0], NULL, 0, e);
    }
}

static void group_succeeded(struct pg_link *k)
{
    static const struct err fine;

    for (int r = 0; r < k->nruns; r++) {
        int cursor = 0;

        for (int i = k->runs[r].first; i < k->runs[r].first + k->runs[r].n; i++) {
            struct rows own = link_group_rows(k, r, i, &cursor);

            pool_task_done(k->tasks[i], &own, 1, &fine);
        }
    }
}

static bool worth_repeating(const struct task *t, const struct err *e)
{
    return e->kind == E_BUSY_ROW && strncmp(e->sqlstate, "40", 2) == 0 && !t->step && t->tries < POOL_TRIES;
}

static void task_finished(struct pool *p, struct pg_link *k)
{
    struct task *t = k->tasks[0];
    struct rows rows[LINK_STMTS];

    if (worth_repeating(t, &k->error))
        again(p, t);
    else
        pool_task_done(t, rows, k->error.kind == E_NONE ? link_task_rows(k, rows) : 0, &k->error);
}

static void busy_count(struct pool *p, const struct pg_link *k)
{
    usec *sum = k - p->links < p->nlanes ? &p->counters.busy_lane : &p->counters.busy_exclusive;

    *sum += loop_now(p->loop) - k->since;
}

/* The plan is stale or the statement unknown: a new connection knows better, and nothing was done. */
static bool session_stale(const struct err *e)
{
    static const char *const states[] = { "0A000", "26000", "42P05" };

    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (strcmp(e->sqlstate, states[i]) == 0)
            return true;
    return false;
}

static void repeat_all(struct pool *p, struct pg_link *k)
{
    for (int i = k->ntasks - 1; i >= 0; i--)
        again(p, k->tasks[i]);
}

void outcome_finished(struct pg_link *k)
{
    struct pool *p = k->pool;
    bool stale = session_stale(&k->error);

    busy_count(p, k);
    if (stale && k->tasks[0]->tries < POOL_TRIES && !k->tasks[0]->step)
        repeat_all(p, k);
    else if (k->tasks[0]->kind && k->error.kind != E_NONE)
        group_failed(p, k->tasks, k->ntasks, &k->error);
    else if (k->tasks[0]->kind)
        group_succeeded(k);
    else
        task_finished(p, k);
    link_release(k);
    if (stale || !link_healthy(k) || p->draining || loop_now(p->loop) > k->recycle_at) {
        link_close(k);
        p->counters.closes++;
    }
    pool_turn_soon(p);
}

/* May it run again although its first run may have been committed? */
static bool repeatable(const struct task *t)
{
    if (t->tries >= POOL_TRIES)
        return false;
    return t->kind ? !t->kind->writes || t->kind->finds_itself : t->read_only;
}

/* What was under way when the connection broke.  A transaction whose end was never sent has not happened. */
static void task_lost(struct pool *p, struct task *t, enum link_phase phase, const struct err *e)
{
    struct err why = *e;
    bool writes = t->kind ? t->kind->writes : !t->read_only;

    if (repeatable(t) && e->kind != E_TIMEOUT) {
        again(p, t);
        return;
    }
    if (writes && (phase == PHASE_ONLY || phase == PHASE_COMMIT))
        fail(&why, E_UNKNOWN_OUTCOME, "the connection was lost after the write was sent; read before you repeat it");
    pool_task_done(t, NULL, 0, &why);
}

void outcome_lost(struct pg_link *k, const struct err *e)
{
    struct pool *p = k->pool;
    int n = k->ntasks;

    k->ntasks = 0;
    p->counters.closes++;
    if (n > 0)
        log_event(LOG_WARN, "connection-lost", "reason=%s tasks=%d", e->message, n);
    for (int i = n - 1; i >= 0; i--)
        task_lost(p, k->tasks[i], k->phase, e);
    pool_turn_soon(p);
}

/*
 * A group succeeds or fails as one transaction, so a failure is narrowed down by halves; a lost connection is judged by what
 * its tasks may have done.  Nothing is reported as done that was not committed, nothing as failed that may have been.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pg/again.h"
#include "pg/pool_parts.h"
#include "pg/roles.h"
#include "pg/upkeep.h"

static void again_as_group(struct pool *p, struct task *const *tasks, int n)
{
    struct redo *r = malloc(sizeof *r);

    if (!r)
        err_die("out of memory: no room for a group to repeat");
    *r = (struct redo){ .next = p->redo, .n = n };
    memcpy(r->tasks, tasks, (size_t)n * sizeof *tasks);
    p->redo = r;
}

static void end(struct pool *p, struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct link_kept *kept = t->kept;

    again_count(p, t, e->kind == E_NONE);
    t->kept = NULL;
    t->state = TASK_DONE;
    t->link = NULL;
    t->done(t, rows, n, e);
    link_kept_free(kept);               /* the rows may be of these */
}

/* A write that may have been done has not failed, whatever became of the second attempt. */
static void end_doubt(struct pool *p, struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct err why = *e;

    if (e->kind == E_NONE) {
        p->counters.outcomes_committed++;
    } else if (t->settled && !t->unproven) {
        p->counters.outcomes_aborted++;
    } else {
        p->counters.outcomes_unresolved++;
        fail(&why, E_UNKNOWN_OUTCOME, "the connection was lost after the write was sent; read before you repeat it");
    }
    end(p, t, rows, n, &why);
}

/* The one place where a task ends. */
void outcome_done(struct pool *p, struct task *t, const struct rows *rows, int n, const struct err *e)
{
    if (t->doubtful)
        end_doubt(p, t, rows, n, e);
    else
        end(p, t, rows, n, e);
}

/* Deadlocks and serialization failures: the server has undone it, and the next attempt meets others.  A key that is taken when its own
   request comes again is held by what is left of the first run, for moments. */
static bool worth_repeating(struct task *t, const struct err *e)
{
    bool undone = e->kind == E_BUSY_ROW && strncmp(e->sqlstate, "40", 2) == 0;
    bool own_first_run = e->kind == E_IN_FLIGHT && t->keyed && t->tries > 0;

    return (undone || own_first_run) && again_possible(t);
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
        again_at_once(p, tasks[0], e);
    } else if (worth_repeating(tasks[0], e)) {
        again_later(p, tasks[0], e);
    } else {
        outcome_done(p, tasks[0], NULL, 0, e);
    }
}

static void group_succeeded(struct pool *p, const struct pg_link *k)
{
    static const struct err fine;

    for (int r = 0; r < k->nruns; r++) {
        int cursor = 0;

        for (int i = k->runs[r].first; i < k->runs[r].first + k->runs[r].n; i++) {
            struct rows own = link_group_rows(k, r, i, &cursor);

            outcome_done(p, k->tasks[i], &own, 1, &fine);
        }
    }
}

/* The plan is stale or the statement unknown: it is to be prepared again, and nothing was done. */
static int stale_state(const struct err *e)
{
    int i = 0;

    while (i < POOL_STALE_STATES && strcmp(e->sqlstate, pool_stale_states[i]) != 0)
        i++;
    return i;
}

static bool session_stale(const struct err *e)
{
    return e->sqlstate[0] && stale_state(e) < POOL_STALE_STATES;
}

/* Looked for, and not there. */
static bool found_undone(const struct task *t, const struct err *e)
{
    return t->doubtful && t->settled && !t->unproven && e->kind == E_DATABASE;
}

static void task_finished(struct pool *p, struct pg_link *k)
{
    struct task *t = k->tasks[0];
    struct rows *rows = arena_array(&k->arena, struct rows, k->nresults);

    if (session_stale(&k->error))
        fail(&k->error, E_BUSY_ROW, "the schema changed while the request was under way");
    if (worth_repeating(t, &k->error))
        again_later(p, t, &k->error);
    else if (found_undone(t, &k->error))
        outcome_undone(p, t);
    else
        outcome_done(p, t, rows, k->error.kind == E_NONE ? link_task_rows(k, rows) : 0, &k->error);
}

/* n tasks had the connection for so long. */
static void busy_count(struct pool *p, struct pg_link *k, usec held, int n)
{
    enum pool_class class = pool_class(p, k);

    p->counters.busy[class] += class == POOL_LANE ? held * n : held;
    for (int i = 0; i < n; i++)
        k->tasks[i]->held += held;
    leak_end(p, k, held);
}

/* What changed for one session has changed for the others.  That names come and go is how a pooler shows itself. */
static void prepare_again(struct pool *p, const struct err *e)
{
    p->counters.reprepares[stale_state(e)]++;
    for (int i = 0; i < p->nlinks; i++)
        p->links[i].names.stale = true;
    if (p->pooler == POOLER_SESSION && strcmp(e->sqlstate, "0A000") != 0)
        pool_pooled(p, "a prepared statement was not what we had left");
}

static void repeat_all(struct pool *p, struct pg_link *k)
{
    for (int i = k->ntasks - 1; i >= 0; i--)
        again_at_once(p, k->tasks[i], &k->error);
}

/* Is the connection still good for others? */
static void settle(struct pool *p, struct pg_link *k)
{
    if (k->state == LINK_CLOSED)
        return;
    if (k->condemned)
        pool_close_link(p, k, k->reason);
    else if (!link_healthy(k))
        pool_close_link(p, k, CLOSE_LOST);
    else if (p->draining)
        pool_close_link(p, k, CLOSE_DRAIN);
    else if (upkeep_recycles(p, k))
        pool_close_link(p, k, CLOSE_RECYCLE);
}

void outcome_finished(struct pg_link *k)
{
    struct pool *p = k->pool;
    bool failed = k->error.kind != E_NONE, stale = failed && session_stale(&k->error);
    bool elsewhere = failed && strcmp(k->error.sqlstate, "25006") == 0 && roles_refused(p, k);

    busy_count(p, k, loop_now(p->loop) - k->since, k->ntasks);
    p->counters.returns += pool_class(p, k) != POOL_CONTROL;
    if (stale)
        prepare_again(p, &k->error);
    if ((stale || elsewhere) && again_possible(k->tasks[0]))
        repeat_all(p, k);
    else if (k->tasks[0]->kind && failed)
        group_failed(p, k->tasks, k->ntasks, &k->error);
    else if (k->tasks[0]->kind)
        group_succeeded(p, k);
    else
        task_finished(p, k);
    link_release(k);
    settle(p, k);
    pool_turn_soon(p);
}

/* May it run again although its first run may have been committed? */
static bool repeatable(const struct task *t)
{
    if (t->tries >= POOL_TRIES)
        return false;
    return t->kind ? !t->kind->writes || t->kind->finds_itself : t->read_only;
}

/*
 * May it have been committed?  Not when its end was never sent, nor when the server answered a statement of an implicit
 * transaction with an error: that one is committed after all its statements have been answered.  libpq's own errors have no
 * SQLSTATE; those of class 08 are a pooler's, which has lost the server as we might have, unless it says that it never sent anything.
 */
static bool in_doubt(const struct pg_link *k, const struct task *t)
{
    bool writes = t->kind ? t->kind->writes : !t->read_only;
    bool answered = k->error.sqlstate[0] && strncmp(k->error.sqlstate, "08", 2) != 0;

    return writes && k->ping != PING_FIRST && !k->unsent && ((k->phase == PHASE_ONLY && !answered) || k->phase == PHASE_COMMIT);
}

void outcome_undone(struct pool *p, struct task *t)
{
    static const struct err lost;
    struct err why = { .retry_after_ms = 1000 };

    t->settled = true;
    t->recovering = false;
    if (t->keyed && again_possible(t)) {
        p->counters.outcomes_aborted++;
        t->doubtful = t->settled = false;
        again_at_once(p, t, &lost);
    } else {
        fail(&why, E_DATABASE, "the connection was lost before the write was committed; nothing was written");
        outcome_done(p, t, NULL, 0, &why);
    }
}

void outcome_recover(struct pool *p, struct task *t, bool ended)
{
    static const struct err lost;

    if (!t->doubtful && again_possible(t)) {
        again_later(p, t, &lost);           /* a backend says goodbye before it lets its locks go */
        return;
    }
    t->recovering = true;
    t->unproven = !ended;
    if (t->recover && t->recover(t))
        again_at_once(p, t, &lost);
    else
        pool_refuse(p, t, E_UNKNOWN_OUTCOME, "nothing can tell what became of it");
}

/* Something can be done about it once the old backend has gone. */
static bool recoverable(const struct task *t, const struct err *e)
{
    if (t->recovering)
        return false;
    return t->doubtful ? t->recover != NULL : t->keyed && t->tries < POOL_TRIES && e->kind != E_TIMEOUT;
}

/* What was under way when the connection broke. */
static void task_lost(struct pool *p, struct pg_link *k, struct task *t, const struct err *e)
{
    struct err why = *e;

    t->doubtful = t->doubtful || in_doubt(k, t);
    if (k->ping == PING_FIRST && t->tries < POOL_TRIES) {
        again_at_once(p, t, e);             /* it was not sent */
    } else if (repeatable(t) && e->kind != E_TIMEOUT) {
        again_at_once(p, t, e);
    } else if (t->doubtful && !t->recovering && witness_start(p, t)) {
        return;
    } else if (recoverable(t, e)) {
        if (!leave_park(p, k->pid, t))
            outcome_recover(p, t, p->pooler == POOLER_NONE);    /* then the server itself has ended it */
    } else {
        if (e->kind != E_TIMEOUT)
            why.retry_after_ms = 1000;
        outcome_done(p, t, NULL, 0, &why);
    }
}

/* What ended this one may have ended others whose end has not been looked at yet: what is repeated must not meet them one by one. */
static void look_at_others(struct pool *p)
{
    for (int i = 0; i < p->nlinks; i++)
        link_look(&p->links[i]);
}

void outcome_lost(struct pg_link *k, const struct err *e)
{
    struct pool *p = k->pool;
    int n = k->ntasks;

    k->ntasks = 0;
    p->lost_at = loop_now(p->loop);
    if (k->ping != PING_NONE)
        p->counters.preping[PREPING_SYNC_DEAD]++;
    else if (n == 0)
        p->counters.preping[PREPING_SOCKET_DEAD]++;
    p->counters.closes[k->reclaimed ? CLOSE_LEAK : e->kind == E_TIMEOUT ? CLOSE_TIMEOUT : CLOSE_LOST]++;
    if (n > 0)
        busy_count(p, k, k->held, n);
    if (n > 0)
        log_event(LOG_WARN, "connection-lost", "reason=%s tasks=%d", e->message, n);
    for (int i = n - 1; i >= 0; i--)
        task_lost(p, k, k->tasks[i], e);
    k->ping = PING_NONE;
    if (n > 0)
        look_at_others(p);
    pool_turn_soon(p);
}

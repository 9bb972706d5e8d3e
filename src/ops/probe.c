/*
 * First a read, then BEGIN, an insert and a delete, and when these were answered COMMIT: so a commit that hangs is told from a
 * server that does not answer.  One look at a time, on the control connection, with limits of its own; what is overdue is cancelled.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/log.h"
#include "embedded.h"

#define SLOW USEC_S

enum phase { PHASE_IDLE, PHASE_READING, PHASE_WRITING };

struct probe {
    struct loop      *loop;
    struct pool      *pool;
    usec              every;
    struct uuid       node;
    struct timer      timer;            /* the next look, or the limit of this one */
    struct task       task;
    struct stmt       stmts[3];
    struct arena      arena;
    enum phase        phase;
    bool              answered;         /* the statements were, before the commit */
    bool              overdue;          /* the limit has passed and the verdict was given */
    bool              read_only;        /* as the session says */
    bool              reached;
    usec              began, tried;     /* this part; the last real write */
    struct probe_seen read, write;
};

/* ---- what it means ---- */

static const struct probe_info infos[PROBE_RESULTS] = {
    [PROBE_NONE]        = { "none",        HEALTH_WARN, true,  false },
    [PROBE_OK]          = { "ok",          HEALTH_PASS, true,  false },
    [PROBE_SLOW]        = { "slow",        HEALTH_WARN, true,  false },
    [PROBE_BUSY]        = { "busy",        HEALTH_WARN, true,  false },
    [PROBE_READ_ONLY]   = { "read_only",   HEALTH_FAIL, true,  true  },
    [PROBE_QUOTA]       = { "quota",       HEALTH_FAIL, true,  true  },
    [PROBE_DISK_FULL]   = { "disk_full",   HEALTH_FAIL, true,  false },
    [PROBE_COMMIT_WAIT] = { "commit_wait", HEALTH_FAIL, true,  false },
    [PROBE_LOCK]        = { "lock",        HEALTH_FAIL, true,  false },
    [PROBE_AUTH]        = { "auth",        HEALTH_FAIL, false, false },
    [PROBE_UNREACHABLE] = { "unreachable", HEALTH_FAIL, false, false },
    [PROBE_ERROR]       = { "error",       HEALTH_FAIL, false, false },
};

const struct probe_info *probe_info(enum probe_result r)
{
    return &infos[r];
}

/* The first prefix that fits. */
static const struct {
    const char        *sqlstate;
    enum probe_result  result;
} states[] = {
    { "25006", PROBE_READ_ONLY },
    { "53100", PROBE_DISK_FULL },
    { "53400", PROBE_QUOTA },           /* configuration_limit_exceeded */
    { "55P03", PROBE_LOCK },
    { "57014", PROBE_SLOW },            /* statement_timeout */
    { "28",    PROBE_AUTH },
    { "08",    PROBE_UNREACHABLE },
    { "57P",   PROBE_UNREACHABLE },
};

enum probe_result probe_classify(const struct err *e, bool down, enum connect_outcome last)
{
    if (e->kind == E_NONE)
        return PROBE_OK;
    for (size_t i = 0; e->sqlstate[0] && i < ARRAY_LEN(states); i++)
        if (strncmp(e->sqlstate, states[i].sqlstate, strlen(states[i].sqlstate)) == 0)
            return states[i].result;
    if (e->kind == E_READ_ONLY)         /* the pool knows, and does not ask */
        return PROBE_READ_ONLY;
    if (e->sqlstate[0])
        return PROBE_ERROR;
    if (last == CONNECT_AUTH)           /* a connection of its own is refused; those of the others may live on */
        return PROBE_AUTH;
    return e->kind == E_BUSY && !down ? PROBE_BUSY : PROBE_UNREACHABLE;
}

static enum probe_result judge(const struct probe *p, const struct err *e, usec took)
{
    struct pool_counters c;
    enum probe_result r;

    pool_counters(p->pool, &c);
    r = probe_classify(e, !c.up, c.last_connect);
    return r == PROBE_OK && took > SLOW ? PROBE_SLOW : r;
}

/* ---- the look ---- */

static void see(struct probe *p, struct probe_seen *s, enum probe_result r, const struct err *e)
{
    usec now = clock_now();

    if (probe_info(r)->status == HEALTH_FAIL && s->result != r)
        log_event(LOG_ERROR, s == &p->write ? "write-probe-failed" : "read-probe-failed", "class=%s reason=%s sqlstate=%s", probe_info(r)->name,
                  e->message, e->sqlstate);
    s->result = r;
    s->at = now;
    s->took = now - p->began;
    s->cause = *e;
    histogram_add(&s->took_all, s->took);
    p->reached = p->reached || r == PROBE_OK || r == PROBE_SLOW;
}

static bool fine(const struct probe *p)
{
    return probe_info(p->write.result)->status == HEALTH_PASS && probe_info(p->read.result)->status == HEALTH_PASS;
}

/* Nodes of one database do not all look at the same moment. */
static void finish(struct probe *p)
{
    usec pause = fine(p) ? p->every - p->every / 10 + (usec)(random() % (p->every / 10)) : p->every / 20;

    p->phase = PHASE_IDLE;
    arena_reset(&p->arena);
    loop_timer(p->loop, &p->timer, clock_now() + pause);
}

static void submit(struct probe *p, enum phase phase, int nstmts)
{
    p->phase = phase;
    p->began = clock_now();
    p->overdue = p->answered = false;
    p->task.stmts = p->stmts;
    p->task.nstmts = nstmts;
    p->task.control = true;
    p->task.until = p->began + p->every / 2;
    p->task.user = p;
    loop_timer(p->loop, &p->timer, p->task.until);
    pool_submit(p->pool, &p->task);
}

static void write_done(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct probe *p = t->user;

    (void)rows, (void)n;
    if (!p->overdue)
        see(p, &p->write, judge(p, e, clock_now() - p->began), e);
    finish(p);
}

static enum txn_next statements_answered(struct task *t, const struct rows *rows, int n, struct err *e)
{
    struct probe *p = t->user;

    (void)rows, (void)n, (void)e;
    p->answered = true;
    return TXN_COMMIT;
}

static void write_begin(struct probe *p)
{
    p->stmts[0] = STMT("health_limits", sql_health_limits);
    stmt_cstr(&p->arena, &p->stmts[0], arena_printf(&p->arena, "%lld", (long long)(p->every / 4 / USEC_MS)));
    stmt_cstr(&p->arena, &p->stmts[0], arena_printf(&p->arena, "%lld", (long long)(p->every / 10 / USEC_MS)));
    p->stmts[1] = STMT("health_write", sql_health_write);
    stmt_uuid(&p->arena, &p->stmts[1], &p->node);
    p->stmts[2] = STMT("health_delete", sql_health_delete);
    stmt_uuid(&p->arena, &p->stmts[2], &p->node);
    p->task = (struct task){ .step = statements_answered, .done = write_done };
    p->tried = clock_now();
    submit(p, PHASE_WRITING, 3);
}

/* A write that is refused costs all connections, because another server may be the one to ask: not twice a second. */
static bool known_read_only(const struct probe *p)
{
    return p->read_only && p->write.result == PROBE_READ_ONLY && clock_now() - p->tried < p->every;
}

static void read_done(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    struct probe *p = t->user;

    if (!p->overdue)
        see(p, &p->read, judge(p, e, clock_now() - p->began), e);
    if (p->overdue || e->kind != E_NONE) {
        if (!p->overdue)
            see(p, &p->write, p->read.result, e);
        finish(p);
        return;
    }
    p->read_only = n > 0 && rows[0].n > 0 && rows_bool(&rows[0], 0, 0);
    if (known_read_only(p)) {
        p->write.at = clock_now();
        finish(p);
    } else {
        write_begin(p);
    }
}

static void read_begin(struct probe *p)
{
    p->stmts[0] = STMT("health_read", sql_health_read);
    p->task = (struct task){ .read_only = true, .done = read_done };
    submit(p, PHASE_READING, 1);
}

/* It has taken too long: say so now, and stop it; done() is still to come. */
static void overdue(struct probe *p)
{
    struct err e = { 0 };

    p->overdue = true;
    if (p->answered)
        fail(&e, E_TIMEOUT, "the statements were answered and the commit was not: does synchronous_standby_names name a standby that is away?");
    else
        fail(&e, E_TIMEOUT, "no answer within %.1f s", (double)(p->every / 2) / 1e6);
    if (p->phase == PHASE_READING)
        see(p, &p->read, PROBE_UNREACHABLE, &e);
    see(p, &p->write, p->answered ? PROBE_COMMIT_WAIT : PROBE_UNREACHABLE, &e);
    pool_abandon(p->pool, &p->task);
}

/* Who still waits for a connection is told by the pool. */
static void fire(struct timer *t)
{
    struct probe *p = CONTAINER(t, struct probe, timer);

    if (p->phase == PHASE_IDLE)
        read_begin(p);
    else if (p->task.link)
        overdue(p);
}

struct probe *probe_open(struct loop *l, struct pool *pool, usec every)
{
    struct probe *p = calloc(1, sizeof *p);

    if (!p)
        err_die("out of memory: no room for the health probe");
    *p = (struct probe){ .loop = l, .pool = pool, .every = every, .node = uuid_v7(), .timer.fire = fire };
    loop_timer(l, &p->timer, clock_now());
    return p;
}

void probe_close(struct probe *p)
{
    loop_untimer(&p->timer);
    arena_free(&p->arena);
    free(p);
}

const struct probe_seen *probe_reading(const struct probe *p)
{
    return &p->read;
}

const struct probe_seen *probe_writing(const struct probe *p)
{
    return &p->write;
}

bool probe_reached(const struct probe *p)
{
    return p->reached;
}

void probe_soon(struct probe *p)
{
    if (p->phase == PHASE_IDLE && p->timer.at > clock_now() + p->every / 20)
        loop_timer(p->loop, &p->timer, clock_now() + p->every / 20);
}

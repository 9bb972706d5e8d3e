/*
 * A connection in pipeline mode.  Everything sent is noted in `expected`; results come back in that order, up to one Sync.
 * The first error is kept, what follows it is aborted by the server, and nothing counts before the Sync has come.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "pg/failure.h"
#include "pg/session.h"

void link_state(struct pg_link *k, enum link_state to)
{
    static const unsigned legal[] = {           /* from which states each may be entered */
        [LINK_CLOSED]     = 1u << LINK_CONNECTING | 1u << LINK_IDLE | 1u << LINK_BUSY,
        [LINK_CONNECTING] = 1u << LINK_CLOSED,
        [LINK_IDLE]       = 1u << LINK_CONNECTING | 1u << LINK_BUSY,
        [LINK_BUSY]       = 1u << LINK_IDLE,
    };

    assert(legal[to] & 1u << k->state);
    if (k->state == LINK_BUSY)
        k->held = loop_now(k->loop) - k->since;
    k->census[k->state]--;
    k->census[to]++;
    k->state = to;
    k->since = loop_now(k->loop);
}

/* ---- closing ---- */

static void results_drop(struct pg_link *k)
{
    for (int i = 0; i < k->nruns; i++)
        PQclear(k->runs[i].answer);
    for (int i = 0; i < k->nresults; i++)
        PQclear(k->results[i]);
    k->nruns = k->nresults = 0;
}

void link_close(struct pg_link *k)
{
    int fd;

    if (k->state == LINK_CLOSED)
        return;
    loop_unwatch(&k->watch);
    loop_untimer(&k->timer);
    results_drop(k);
    dial_stop(&k->dial);
    fd = dial_goodbye(k->pg, k->torn);      /* a second descriptor: it shows when the backend has gone */
    k->pg = NULL;
    if ((!k->ended || k->pooler != POOLER_NONE) && (fd >= 0 || k->pid != 0))
        k->events->left(k, fd, k->pid);
    else if (fd >= 0)
        close(fd);
    k->ended = k->torn = false;
    arena_free(&k->arena);
    k->names = (struct names){ 0 };
    k->condemned = false;
    link_state(k, LINK_CLOSED);
}

/* Should it turn out that COMMIT was done, these rows are the answer. */
static struct link_kept *keep(struct pg_link *k)
{
    struct link_kept *kept = calloc(1, sizeof *kept);

    if (!kept)
        abort();
    kept->n = k->nresults;
    memcpy(kept->results, k->results, (size_t)k->nresults * sizeof *k->results);
    k->nresults = 0;
    return kept;
}

void link_lose(struct pg_link *k, const struct err *e)
{
    struct err why = *e;

    if (k->state == LINK_BUSY && k->phase == PHASE_COMMIT && k->ntasks == 1)
        k->tasks[0]->kept = keep(k);
    k->torn = e->kind != E_TIMEOUT;
    link_close(k);
    k->events->lost(k, &why);
}

/* ---- sending ---- */

static void expect_add(struct pg_link *k, enum expect what, int index, const char *name)
{
    k->expected[k->nexpected++] = (struct expected){ what, index, name };
}

/* libpq takes everything into its memory, or the connection is broken, which shows later; half of a transaction must never leave. */
static void queued(const struct pg_link *k, int ok)
{
    if (!ok && PQstatus(k->pg) == CONNECTION_OK)
        err_die("out of memory: no room for a statement: %s", PQerrorMessage(k->pg));
}

static void send_statement(struct pg_link *k, const struct stmt *s, enum expect what, int index)
{
    const char *name = k->pooler == POOLER_TRANSACTION ? NULL : s->name;    /* the next backend would not know it */

    if (name && !names_known(&k->names, name)) {
        if (names_add(&k->names, name)) {
            queued(k, PQsendPrepare(k->pg, name, s->sql, 0, NULL));
            expect_add(k, EXPECT_PREPARE, 0, name);
        } else {
            name = NULL;
        }
    }
    if (name)
        queued(k, PQsendQueryPrepared(k->pg, name, s->n, s->value, s->length, s->format, 1));
    else
        queued(k, PQsendQueryParams(k->pg, s->sql, s->n, NULL, s->value, s->length, s->format, 1));
    expect_add(k, what, index, NULL);
}

static void send_plain(struct pg_link *k, const char *name, const char *sql)
{
    struct stmt s = STMT(name, sql);

    send_statement(k, &s, EXPECT_FRAME, 0);
}

static const struct uuid none;

/* Enter the organization, until the transaction ends.  The one place that knows how. */
static void send_organization(struct pg_link *k, const struct uuid *org, struct stmt s)
{
    bool entered = !uuid_eq(org, &none);
    char text[UUID_TEXT];

    if (entered)
        uuid_format(org, text);
    stmt_text(&k->arena, &s, entered ? (struct span){ text, sizeof text } : SPAN(""));
    send_statement(k, &s, EXPECT_FRAME, 0);
}

static void send_change(struct pg_link *k, const struct uuid *org)
{
    send_organization(k, org, STMT("organization", "SELECT " SESSION_ENTER));
}

/* The frame of a transaction.  Behind a pooler the session's settings are its first part. */
static void send_entry(struct pg_link *k, const struct uuid *org)
{
    if (k->entry)
        send_organization(k, org, STMT("entry", k->entry));
    else if (!uuid_eq(org, &none))
        send_change(k, org);
}

static void overdue(struct timer *t)
{
    struct pg_link *k = CONTAINER(t, struct pg_link, timer);
    struct err e = { 0 };

    if (k->ping != PING_NONE)
        fail(&e, E_DATABASE, "%s: a connection that was idle for long is dead", k->shown);
    else
        fail(&e, E_TIMEOUT, "%s: no answer from the server", k->shown);
    link_lose(k, &e);
}

/* Half a kilobyte that hardly ever holds anything. */
static void forget_error(struct pg_link *k)
{
    if (k->error.kind != E_NONE)
        k->error = (struct err){ 0 };
}

static void send_begin(struct pg_link *k, usec timeout, int statements)
{
    k->timer.fire = overdue;
    forget_error(k);
    k->unsent = false;
    k->nexpected = k->next_expected = 0;
    k->expected = arena_array(&k->arena, struct expected, statements + 1);
    if (k->state != LINK_BUSY)
        link_state(k, LINK_BUSY);
    loop_timer(k->loop, &k->timer, loop_now(k->loop) + timeout);
}

/* Before a transaction, never inside one.  Who has prepared nothing has nothing to forget, and no right to what others have. */
static void send_forget(struct pg_link *k)
{
    if (k->names.stale && k->names.n > 0)
        send_statement(k, &STMT(NULL, "DEALLOCATE ALL"), EXPECT_FRAME, 0);
    if (k->names.stale)
        k->names = (struct names){ 0 };
}

static void flush(struct pg_link *k)
{
    int left = PQflush(k->pg);

    loop_watch(k->loop, &k->watch, left > 0 ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

/* Everything was queued inside libpq; a connection that broke meanwhile shows when it is read. */
static void send_end(struct pg_link *k)
{
    queued(k, PQpipelineSync(k->pg));
    flush(k);
}

/*
 * Which transaction this is, and on which timeline: should the answer to COMMIT get lost, the server can still be asked what became of
 * it.  Known before COMMIT is sent, and without a round trip of its own.
 */
static void send_witness(struct pg_link *k)
{
    struct stmt s = STMT("witness", "SELECT pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text, CASE WHEN pg_catalog.pg_is_in_recovery() THEN ''"
                                    " ELSE pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8) END");

    send_statement(k, &s, EXPECT_WITNESS, 0);
}

/* A Sync of its own in front.  False: its answer is awaited before anything else is sent. */
static bool send_ping(struct pg_link *k, struct task *const *tasks, int n, usec timeout)
{
    if (k->ping == PING_NONE)
        return true;
    k->limit = timeout;
    k->phase = PHASE_ONLY;
    k->ntasks = n;
    memmove(k->tasks, tasks, (size_t)n * sizeof *tasks);
    send_begin(k, LINK_PING, 0);
    if (k->ping == PING_FIRST)
        send_end(k);
    else
        PQpipelineSync(k->pg);
    return k->ping == PING_AHEAD;
}

#define MERGE_MAX 4

static void send_run(struct pg_link *k, int run)
{
    struct link_run *r = &k->runs[run];
    struct stmt stmts[MERGE_MAX] = { 0 };
    int n = k->tasks[r->first]->kind->merge(&k->tasks[r->first], r->n, &k->arena, stmts, MERGE_MAX);

    for (int i = 0; i < n; i++)
        send_statement(k, &stmts[i], i == n - 1 ? EXPECT_ANSWER : EXPECT_FRAME, run);
}

static bool same_run(const struct task *a, const struct task *b)
{
    return a->kind == b->kind && uuid_eq(&a->org, &b->org);
}

void link_send_group(struct pg_link *k, struct task *const *tasks, int n, usec timeout)
{
    assert(n > 0 && n <= LINK_GROUP);
    if (!send_ping(k, tasks, n, timeout))
        return;
    send_begin(k, k->ping == PING_NONE ? timeout : LINK_PING, n * (2 * MERGE_MAX + 2));
    send_forget(k);
    k->phase = PHASE_ONLY;
    k->ntasks = n;
    memmove(k->tasks, tasks, (size_t)n * sizeof *tasks);
    for (int i = 0; i < n; i++) {
        if (i == 0 || !same_run(tasks[i - 1], tasks[i]))
            k->runs[k->nruns++] = (struct link_run){ .first = i };
        k->runs[k->nruns - 1].n++;
    }
    for (int i = 0; i < k->nruns; i++) {
        const struct uuid *org = &tasks[k->runs[i].first]->org;

        if (i == 0)
            send_entry(k, org);
        else if (!uuid_eq(&tasks[k->runs[i - 1].first]->org, org))
            send_change(k, org);
        send_run(k, i);
    }
    send_end(k);
}

static void send_statements(struct pg_link *k, const struct task *t)
{
    assert(t->nstmts <= LINK_STMTS);
    for (int i = 0; i < t->nstmts; i++)
        send_statement(k, &t->stmts[i], EXPECT_ROWS, i);
    k->nresults = t->nstmts;
    memset(k->results, 0, (size_t)k->nresults * sizeof *k->results);
    if (t->step && !t->read_only)
        send_witness(k);
}

void link_send_task(struct pg_link *k, struct task *t, usec timeout)
{
    if (!send_ping(k, &t, 1, timeout))
        return;
    send_begin(k, k->ping == PING_NONE ? timeout : LINK_PING, 2 * t->nstmts + 6);
    send_forget(k);
    k->phase = t->step ? PHASE_STEP : PHASE_ONLY;
    k->ntasks = 1;
    k->tasks[0] = t;
    if (t->step)
        send_plain(k, "begin", "BEGIN");
    send_entry(k, &t->org);
    send_statements(k, t);
    send_end(k);
}

/* ---- receiving ---- */

static void note_error(struct pg_link *k, const PGresult *res)
{
    if (k->error.kind == E_NONE)
        failure_result(res, false, &k->error);
    k->ended = k->ended || failure_ends_session(k->error.sqlstate);
    k->unsent = k->unsent || (k->pooler != POOLER_NONE && pooler_unsent(PQresultErrorMessage(res)));
}

static void copy(char *out, size_t room, const struct rows *r, int col)
{
    struct span v = rows_get(r, 0, col);

    snprintf(out, room, "%.*s", SPAN_ARG(v));
}

static void note_witness(struct pg_link *k, PGresult *res)
{
    struct task *t = k->tasks[0];
    struct rows r = { .result = res, .n = 1 };

    copy(t->witness.xid, sizeof t->witness.xid, &r, 0);
    copy(t->witness.timeline, sizeof t->witness.timeline, &r, 1);
    t->witness.at = loop_now(k->loop);
}

/* Names whose PREPARE did not succeed are unknown to the server.  Rare: all are made anew. */
static void take_result(struct pg_link *k, PGresult *res)
{
    struct expected x = k->expected[k->next_expected++];
    ExecStatusType status = PQresultStatus(res);
    bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;

    if (status == PGRES_FATAL_ERROR)
        note_error(k, res);
    if (!good && x.what == EXPECT_PREPARE)
        k->names.stale = true;
    if (good && x.what == EXPECT_WITNESS)
        note_witness(k, res);
    if (good && x.what == EXPECT_ANSWER)
        k->runs[x.index].answer = res;
    else if (good && x.what == EXPECT_ROWS)
        k->results[x.index] = res;
    else
        PQclear(res);
}

static void finish(struct pg_link *k, const struct err *verdict)
{
    if (verdict)
        k->error = *verdict;
    k->events->finished(k);
}

static void next_phase(struct pg_link *k, enum link_phase phase)
{
    struct task *t = k->tasks[0];

    if (phase != PHASE_COMMIT)
        results_drop(k);                /* the last rows are still to be rendered once COMMIT has succeeded */
    send_begin(k, k->timer.at - loop_now(k->loop), phase == PHASE_STEP ? 2 * t->nstmts + 4 : 2);
    k->phase = phase;
    if (phase == PHASE_STEP)
        send_statements(k, t);
    else if (phase == PHASE_COMMIT)
        send_plain(k, "commit", "COMMIT");
    else
        send_plain(k, "rollback", "ROLLBACK");
    send_end(k);
}

static void run_step(struct pg_link *k)
{
    struct task *t = k->tasks[0];
    struct rows *rows = arena_array(&k->arena, struct rows, k->nresults);
    struct err e = { 0 };
    int n = link_task_rows(k, rows);

    switch (t->step(t, rows, n, &e)) {
    case TXN_MORE:
        next_phase(k, PHASE_STEP);
        break;
    case TXN_COMMIT:
        t->verdict = (struct err){ 0 };
        next_phase(k, PHASE_COMMIT);
        break;
    case TXN_ROLLBACK:
        t->verdict = e;
        next_phase(k, PHASE_ROLLBACK);
        break;
    }
}

/* It lives: now the work, or what is left of the time for it. */
static void pinged(struct pg_link *k)
{
    enum link_ping ping = k->ping;

    k->ping = PING_NONE;
    k->events->alive(k);
    if (ping == PING_AHEAD)
        loop_timer(k->loop, &k->timer, clock_now() + k->limit);
    else if (k->tasks[0]->kind)
        link_send_group(k, k->tasks, k->ntasks, k->limit);
    else
        link_send_task(k, k->tasks[0], k->limit);
}

/* The Sync has come: all of the pipeline is known. */
static void take_sync(struct pg_link *k)
{
    bool open = PQtransactionStatus(k->pg) != PQTRANS_IDLE;

    if (k->phase == PHASE_STEP && k->error.kind == E_NONE) {
        run_step(k);
    } else if (k->phase == PHASE_STEP && open) {
        k->tasks[0]->verdict = k->error;
        next_phase(k, PHASE_ROLLBACK);
    } else {
        finish(k, k->phase == PHASE_ROLLBACK ? &k->tasks[0]->verdict : NULL);
    }
}

static void broken(struct pg_link *k)
{
    struct err e = { 0 };

    failure_lost(k->pg, k->shown, &e);
    if (k->ended)
        fail(&e, E_DATABASE, "%s: the server ended the connection", k->shown);
    memcpy(e.sqlstate, k->error.sqlstate, sizeof e.sqlstate);
    link_lose(k, &e);
}

/*
 * An error that no server named is libpq's own: it had no memory for what came, or did not understand it.  Then an answer is
 * missing, and what it would have said is not known: the same as with a lost connection.
 */
static bool answer_missing(const PGresult *res)
{
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);

    return PQresultStatus(res) == PGRES_FATAL_ERROR && (!sqlstate || !*sqlstate);
}

/* One result.  False when there is none to take now. */
static bool take_one(struct pg_link *k)
{
    PGresult *res;

    if (PQisBusy(k->pg))
        return false;
    res = PQgetResult(k->pg);
    if (!res)
        return PQstatus(k->pg) == CONNECTION_OK;        /* the mark between two statements */
    if (answer_missing(res)) {
        PQclear(res);
        broken(k);
        return false;
    }
    if (PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
        PQclear(res);
        if (k->ping != PING_NONE)
            pinged(k);
        else
            take_sync(k);
        return k->state == LINK_BUSY;
    }
    if (k->next_expected < k->nexpected)
        take_result(k, res);
    else
        PQclear(res);
    return true;
}

/* Nothing is expected of a server that was asked nothing: its last words, or its end.  Reported settings may change, too. */
static void idle_ready(struct pg_link *k, int events)
{
    bool alive = PQconsumeInput(k->pg);

    PQfreemem(PQnotifies(k->pg));           /* has what came parsed; we listen to nothing */
    if (!alive || k->ended || (events & LOOP_HANGUP) || PQstatus(k->pg) == CONNECTION_BAD)
        broken(k);
}

void link_look(struct pg_link *k)
{
    if (k->state == LINK_IDLE)
        idle_ready(k, 0);
}

void link_serve(struct watch *w, int events)
{
    struct pg_link *k = CONTAINER(w, struct pg_link, watch);

    if (k->state == LINK_IDLE) {
        idle_ready(k, events);
        return;
    }
    if (events & LOOP_WRITE)
        flush(k);
    PQconsumeInput(k->pg);                  /* what had come before it broke is still to be taken */
    while (k->state == LINK_BUSY && take_one(k)) {
        /* take_one() does the work */
    }
    if (k->state == LINK_BUSY && PQstatus(k->pg) == CONNECTION_BAD)
        broken(k);
}

/* ---- afterwards ---- */

void link_release(struct pg_link *k)
{
    results_drop(k);
    arena_reset(&k->arena);
    forget_error(k);
    k->ntasks = 0;
    loop_untimer(&k->timer);
    link_state(k, LINK_IDLE);
}

bool link_healthy(struct pg_link *k)
{
    return k->state == LINK_IDLE && !k->condemned && !k->ended && PQstatus(k->pg) == CONNECTION_OK && PQtransactionStatus(k->pg) == PQTRANS_IDLE;
}

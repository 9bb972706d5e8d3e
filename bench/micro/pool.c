/*
 * What the pool itself costs: a connection is lent to a task and comes back, nothing is sent or received.
 *
 * It is the program's own pool, 10 + 20 with one lane per core, all of them open and idle.  libpq's functions that would send or look at
 * a socket are replaced below, the event loop's turn is made by hand, and the end of the work is reported as link.c does when
 * the Sync has come.  What stays is what every request pays: the queue, the choice of a connection, its states, its deadline as
 * a timer, the counters and histograms, and the pool's judgement whether it is still good.
 *
 * usage: bench-pool ROUNDS LOANS      one number a round: nanoseconds a loan
 */
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "pg/outcome.h"
#include "pg/pool_parts.h"

/* ---- libpq, as an idle connection without a network: the program's symbols win over the library's ---- */

int PQpipelineSync(PGconn *pg)
{
    (void)pg;
    return 1;
}

int PQflush(PGconn *pg)
{
    (void)pg;
    return 0;
}

int PQsocket(const PGconn *pg)
{
    (void)pg;
    return -1;
}

void PQfinish(PGconn *pg)
{
    (void)pg;
}

ConnStatusType PQstatus(const PGconn *pg)
{
    (void)pg;
    return CONNECTION_OK;
}

const char *PQparameterStatus(const PGconn *pg, const char *name)
{
    (void)pg;
    (void)name;
    return "off";
}

PGTransactionStatusType PQtransactionStatus(const PGconn *pg)
{
    (void)pg;
    return PQTRANS_IDLE;
}

/* ---- the pool ---- */

static void nothing(struct watch *w, int events)
{
    (void)w;
    (void)events;
}

static void open_all(struct pool *p, struct loop *l)
{
    for (int i = 0; i < p->nlinks; i++) {
        struct pg_link *k = &p->links[i];
        int ends[2];

        if (pipe(ends) < 0)
            err_die("pipe: %m");
        k->watch = (struct watch){ .fd = ends[0], .ready = nothing };
        loop_watch(l, &k->watch, LOOP_READ);
        k->recycle_at = INT64_MAX;
        k->shown = "nowhere";
        k->dial.hosts = &p->hosts;
        link_state(k, LINK_CONNECTING);
        link_state(k, LINK_IDLE);
    }
}

static void done(struct task *t, const struct rows *rows, int n, const struct err *e)
{
    uint64_t *loans = t->user;

    (void)rows;
    (void)n;
    *loans += e->kind == E_NONE;
}

/* Borrowed when the turn has made a link busy with it; returned when the pool has heard that it finished. */
static void loan(struct pool *p, struct task *t)
{
    pool_submit(p, t);
    p->turn.run(&p->turn);
    outcome_finished(t->link);
}

/* Of this thread's work: nothing here waits, and other programs are not what is measured. */
static double nanoseconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void round_of(struct pool *p, long loans)
{
    uint64_t lent = 0;
    struct task t = { .read_only = true, .until = INT64_MAX, .done = done, .user = &lent };
    double begun = nanoseconds();

    for (long i = 0; i < loans; i++)
        loan(p, &t);
    printf("%.1f\n", (nanoseconds() - begun) / (double)loans);
    if (lent != (uint64_t)loans)
        err_die("%llu of %ld loans came back", (unsigned long long)lent, loans);
}

int main(int argc, char **argv)
{
    struct pg_target target = { .shown = "nowhere", .attrs = PG_READ_WRITE };
    struct pool_config c = {
        .target = &target, .size = 10, .overflow = 20, .lanes = (int)sysconf(_SC_NPROCESSORS_ONLN), .queue = 1000, .timeout = 30 * USEC_S,
        .recycle = 3600 * USEC_S, .connect_timeout = 5 * USEC_S, .query_timeout = 5 * USEC_S, .lock_timeout = USEC_S,
    };
    struct loop *l;
    struct pool *p;
    struct err e = { 0 };

    if (argc != 3 || atol(argv[1]) < 1 || atol(argv[2]) < 1) {
        fprintf(stderr, "usage: bench-pool ROUNDS LOANS\n");
        return 2;
    }
    if (!loop_open(&l, &e) || !pool_open(l, &c, &p, &e))
        err_die("%s", e.message);
    open_all(p, l);
    for (long i = 0; i < atol(argv[1]); i++)
        round_of(p, atol(argv[2]));
    pool_close(p);
    loop_close(l);
    return 0;
}

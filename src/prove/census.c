/*
 * One statement again and again; while the server does not answer, there is nothing to see.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/census.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVERY         (10 * USEC_MS)
#define CONNECT_LIMIT (10 * USEC_S)

struct census {
    pthread_t       thread;
    bool            running;
    struct pg_conn *conn;
    char           *tag;
    atomic_bool     stop;
    atomic_int      most;
    atomic_long     samples;
};

static void look(struct census *w)
{
    struct stmt s = STMT(NULL, "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usename = current_user"
                               " AND application_name LIKE '%' || $1::pg_catalog.text");
    struct arena a = ARENA;
    struct err ignored = { 0 };
    struct rows r;

    stmt_cstr(&a, &s, w->tag);
    if (pg_run(w->conn, &s, &r, &ignored)) {
        int n = (int)rows_i64(&r, 0, 0), most = atomic_load(&w->most);

        while (n > most && !atomic_compare_exchange_weak(&w->most, &most, n))
            continue;
        atomic_fetch_add(&w->samples, 1);
        rows_free(&r);
    }
    arena_free(&a);
}

static void *run(void *arg)
{
    struct census *w = arg;

    while (!atomic_load(&w->stop)) {
        look(w);
        usleep(EVERY);
    }
    return NULL;
}

bool census_open(const struct pg_target *t, const char *tag, struct census **out, struct err *e)
{
    struct pg_session session = { .role = PG_SERVICE, .application_name = "keelson prove" };
    struct census *w = calloc(1, sizeof *w);
    sigset_t all, old;

    if (!w || !(w->tag = strdup(tag)))
        err_die("out of memory");
    *out = w;
    if (!pg_open(t, &session, clock_now() + CONNECT_LIMIT, &w->conn, e))
        return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    w->running = pthread_create(&w->thread, NULL, run, w) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return w->running || fail(e, E_IO, "no thread to watch the server with");
}

void census_close(struct census *w)
{
    if (!w)
        return;
    atomic_store(&w->stop, true);
    if (w->running)
        pthread_join(w->thread, NULL);
    pg_close(w->conn);
    free(w->tag);
    free(w);
}

int census_most(struct census *w)
{
    return atomic_exchange(&w->most, 0);
}

long census_samples(const struct census *w)
{
    return atomic_load(&w->samples);
}

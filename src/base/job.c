/*
 * Two parties, one word: whoever comes second to `state` frees.  The thread writes to the descriptor as its last act, so a result
 * that can be seen can be taken.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/job.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/thread.h"

enum { RUNNING, FINISHED, ABANDONED };

struct job {
    void (*run)(void *arg);
    void (*drop)(void *arg);
    void      *arg;
    int        fd;
    atomic_int state;
};

static atomic_int under_way;

static void job_free(struct job *j)
{
    close(j->fd);
    free(j);
}

static void *job_thread(void *arg)
{
    struct job *j = arg;
    int was = RUNNING;

    j->run(j->arg);
    atomic_fetch_sub(&under_way, 1);
    eventfd_write(j->fd, 1);                /* before the exchange: afterwards the job may be gone */
    if (!atomic_compare_exchange_strong(&j->state, &was, FINISHED)) {
        j->drop(j->arg);
        job_free(j);
    }
    return NULL;
}

bool job_start(void (*run)(void *arg), void (*drop)(void *arg), void *arg, struct job **out, struct err *e)
{
    struct job *j;
    int rc;

    *out = NULL;
    if (atomic_fetch_add(&under_way, 1) >= JOB_MOST) {
        atomic_fetch_sub(&under_way, 1);
        return fail(e, E_BUSY, "%d threads wait already", JOB_MOST);
    }
    j = calloc(1, sizeof *j);
    if (!j)
        err_die("out of memory: no room for a job");
    *j = (struct job){ .run = run, .drop = drop, .arg = arg, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    rc = j->fd < 0 ? 0 : thread_start(job_thread, j);
    if (j->fd >= 0 && rc == 0) {
        *out = j;
        return true;
    }
    fail(e, E_IO, "no thread could be started: %s", strerror(j->fd < 0 ? errno : rc));
    atomic_fetch_sub(&under_way, 1);
    if (j->fd >= 0)
        close(j->fd);
    free(j);
    return false;
}

int job_fd(const struct job *j)
{
    return j->fd;
}

/* The thread may be between its write and its exchange; it is about to do it. */
void *job_end(struct job *j)
{
    void *arg = j->arg;

    while (atomic_load(&j->state) != FINISHED)
        sched_yield();
    job_free(j);
    return arg;
}

void job_abandon(struct job *j)
{
    int was = RUNNING;

    if (!j || atomic_compare_exchange_strong(&j->state, &was, ABANDONED))
        return;
    j->drop(j->arg);
    job_free(j);
}

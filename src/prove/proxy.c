/*
 * The thread, its orders, and the record.  Bytes are carried in proxy_pair.c.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "prove/proxy_parts.h"

/* ---- in the proxy's thread ---- */

static void accept_ready(struct watch *w, int events)
{
    struct proxy *p = CONTAINER(w, struct proxy, listener);
    int fd;

    (void)events;
    while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        proxy_pair_accept(p, fd);
}

static void lift_all(struct proxy *p)
{
    struct proxy_pair *next;

    for (struct proxy_pair *c = p->pairs; c; c = next) {
        next = c->next;
        proxy_pair_lift(c);
    }
}

static void orders_ready(struct watch *w, int events)
{
    struct proxy *p = CONTAINER(w, struct proxy, orders);
    uint64_t ignored;
    bool lift, stop;

    (void)events;
    if (read(w->fd, &ignored, sizeof ignored) < 0)
        return;
    pthread_mutex_lock(&p->lock);
    lift = p->lift;
    stop = p->stop;
    p->lift = false;
    pthread_mutex_unlock(&p->lock);
    if (lift)
        lift_all(p);
    if (lift)
        proxy_gate_busy(p, -1);         /* the order itself, see proxy_lift() */
    if (stop)
        loop_stop(p->loop);
}

static void *run(void *arg)
{
    struct proxy *p = arg;

    loop_run(p->loop);
    while (p->pairs)
        proxy_pair_close(p->pairs, true);
    return NULL;
}

/* ---- open and close ---- */

static bool listen_open(struct proxy *p, struct err *e)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    int fd = p->listener.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, n) != 0 || listen(fd, 128) != 0 || getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        return fail(e, E_IO, "the proxy cannot listen: %m");
    p->port = ntohs(at.sin_port);
    return true;
}

/* Signals belong to the thread that started us. */
static bool thread_start(struct proxy *p, struct err *e)
{
    sigset_t all, old;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&p->thread, NULL, run, p);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    p->running = rc == 0;
    return p->running || fail(e, E_IO, "the proxy cannot be started: %s", strerror(rc));
}

bool proxy_open(const struct proxy_config *c, struct proxy **out, struct err *e)
{
    struct proxy *p = calloc(1, sizeof *p);
    pthread_condattr_t attr;

    if (!p)
        err_die("out of memory");
    *out = p;
    p->config = *c;
    p->listener = (struct watch){ .fd = -1, .ready = accept_ready };
    p->orders = (struct watch){ .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), .ready = orders_ready };
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&p->settled, &attr);
    pthread_condattr_destroy(&attr);
    if (p->orders.fd < 0)
        return fail(e, E_IO, "the proxy cannot be started: %m");
    if (!loop_open(&p->loop, e) || !listen_open(p, e))
        return false;
    loop_watch(p->loop, &p->listener, LOOP_READ);
    loop_watch(p->loop, &p->orders, LOOP_READ);
    return thread_start(p, e);
}

static void order(struct proxy *p)
{
    uint64_t one = 1;

    while (write(p->orders.fd, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

void proxy_close(struct proxy *p)
{
    if (!p)
        return;
    if (p->running) {
        pthread_mutex_lock(&p->lock);
        p->stop = true;
        pthread_mutex_unlock(&p->lock);
        order(p);
        pthread_join(p->thread, NULL);
    }
    loop_unwatch(&p->listener);
    loop_unwatch(&p->orders);
    if (p->listener.fd >= 0)
        close(p->listener.fd);
    if (p->orders.fd >= 0)
        close(p->orders.fd);
    if (p->loop)
        loop_close(p->loop);
    pthread_cond_destroy(&p->settled);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* ---- from another thread ---- */

int proxy_port(const struct proxy *p)
{
    return p->port;
}

bool proxy_tag(struct proxy *p, char out[PROXY_TAG])
{
    pthread_mutex_lock(&p->lock);
    memcpy(out, p->tag, PROXY_TAG);
    pthread_mutex_unlock(&p->lock);
    return out[0] != '\0';
}

void proxy_begin(struct proxy *p, const struct action_case *fault)
{
    pthread_mutex_lock(&p->lock);
    p->record = (struct proxy_record){ 0 };
    p->armed = fault != NULL;
    if (fault)
        p->fault = *fault;
    pthread_mutex_unlock(&p->lock);
}

void proxy_lift(struct proxy *p)
{
    bool asked;

    pthread_mutex_lock(&p->lock);
    p->armed = false;
    asked = p->lift;
    p->lift = true;
    p->busy += !asked;                  /* until it is obeyed: nobody may believe that all has settled */
    pthread_mutex_unlock(&p->lock);
    order(p);
}

bool proxy_settle(struct proxy *p, deadline until)
{
    struct timespec at = { .tv_sec = until / USEC_S, .tv_nsec = until % USEC_S * 1000 };
    bool ok;

    pthread_mutex_lock(&p->lock);
    while (p->busy > 0 && pthread_cond_timedwait(&p->settled, &p->lock, &at) == 0)
        continue;
    ok = p->busy == 0;
    pthread_mutex_unlock(&p->lock);
    return ok;
}

void proxy_record(struct proxy *p, struct proxy_record *out)
{
    pthread_mutex_lock(&p->lock);
    *out = p->record;
    pthread_mutex_unlock(&p->lock);
}

size_t proxy_live(struct proxy *p, int32_t out[PROXY_LIVE])
{
    size_t n = 0;

    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < PROXY_LIVE; i++)
        if (p->live[i] != 0)
            out[n++] = p->live[i];
    pthread_mutex_unlock(&p->lock);
    return n;
}

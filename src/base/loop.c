/*
 * The event loop: level-triggered epoll, a heap of timers, signals through a signalfd.
 *
 * An event names a slot and its generation, not a watch: what a callback removed, or removed and added
 * again, gets nothing that was collected before.  A timer that is set while timers fire waits for the
 * next turn, so no callback can keep a turn from ending.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EVENTS = 256, SIGNALS = 65, NO_SLOT = 0 };   /* slot numbers in watches are index + 1 */

struct slot {
    struct watch *watch;        /* NULL: free                        */
    uint32_t      generation;   /* grows whenever the slot is freed  */
    uint32_t      next_free;    /* slot number, NO_SLOT ends         */
};

struct node {
    deadline      at;
    uint64_t      order;        /* equal deadlines fire as they were set */
    struct timer *timer;
};

struct queue {
    struct deferred *first, **end;
};

struct loop {
    int           epoll, signals;
    bool          stopped;
    usec          now;
    struct histogram lag;
    struct slot  *slots;
    uint32_t      nslots, free_slot;
    struct node  *heap;
    uint32_t      nheap, heap_cap;
    uint64_t      order;
    struct queue  later, running;
    struct watch  signal_watch;
    sigset_t      signal_set;
    struct { void (*handler)(void *arg, int signo); void *arg; } on_signal[SIGNALS];
};

static void *grow(void *p, size_t count, size_t size)
{
    p = reallocarray(p, count, size);
    if (!p)
        err_die("out of memory: the event loop wanted room for %zu entries", count);
    return p;
}

/* ---- open and close ---- */

bool loop_open(struct loop **out, struct err *e)
{
    struct loop *l = calloc(1, sizeof(*l));

    if (!l)
        err_die("out of memory: no room for an event loop");
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0) {
        fail(e, E_IO, "epoll_create: %m");
        free(l);
        return false;
    }
    signal(SIGPIPE, SIG_IGN);
    l->signals = -1;
    sigemptyset(&l->signal_set);
    l->later.end = &l->later.first;
    l->running.end = &l->running.first;
    l->now = clock_now();
    *out = l;
    return true;
}

static void forget_all(struct queue *q)
{
    for (struct deferred *d = q->first; d; d = d->next)
        d->queued = false;
}

void loop_close(struct loop *l)
{
    if (!l)
        return;
    for (uint32_t i = 0; i < l->nslots; i++)
        if (l->slots[i].watch)
            l->slots[i].watch->loop = NULL;
    for (uint32_t i = 0; i < l->nheap; i++)
        l->heap[i].timer->heap = 0;
    forget_all(&l->later);
    forget_all(&l->running);
    if (l->signals >= 0)
        close(l->signals);
    close(l->epoll);
    free(l->slots);
    free(l->heap);
    free(l);
}

/* ---- watches ---- */

static uint32_t slot_take(struct loop *l, struct watch *w)
{
    uint32_t number = l->free_slot;

    if (number == NO_SLOT) {
        uint32_t n = l->nslots ? l->nslots * 2 : 64;

        l->slots = grow(l->slots, n, sizeof(*l->slots));
        for (uint32_t i = n; i-- > l->nslots;) {
            l->slots[i] = (struct slot){ .next_free = l->free_slot };
            l->free_slot = i + 1;
        }
        l->nslots = n;
        number = l->free_slot;
    }
    l->free_slot = l->slots[number - 1].next_free;
    l->slots[number - 1].watch = w;
    return number;
}

static void slot_release(struct loop *l, uint32_t number)
{
    struct slot *s = &l->slots[number - 1];

    s->watch = NULL;
    s->generation++;
    s->next_free = l->free_slot;
    l->free_slot = number;
}

static void control(struct loop *l, int op, struct watch *w)
{
    struct epoll_event ev = {
        .events = (w->events & LOOP_READ ? EPOLLIN : 0u) | (w->events & LOOP_WRITE ? EPOLLOUT : 0u),
        .data.u64 = (uint64_t)l->slots[w->slot - 1].generation << 32 | w->slot,
    };

    if (epoll_ctl(l->epoll, op, w->fd, &ev) < 0)
        err_die("epoll_ctl(%d) on descriptor %d: %m", op, w->fd);
}

void loop_watch(struct loop *l, struct watch *w, int events)
{
    events &= LOOP_READ | LOOP_WRITE;
    if (w->loop && w->events == events)
        return;
    w->events = events;
    if (w->loop) {
        control(l, EPOLL_CTL_MOD, w);
        return;
    }
    w->loop = l;
    w->slot = slot_take(l, w);
    control(l, EPOLL_CTL_ADD, w);
}

void loop_unwatch(struct watch *w)
{
    struct loop *l = w->loop;

    if (!l)
        return;
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);    /* a closed descriptor has left by itself */
    slot_release(l, w->slot);
    w->loop = NULL;
    w->slot = NO_SLOT;
}

static void deliver(struct loop *l, const struct epoll_event *ev)
{
    const struct slot *s = &l->slots[(uint32_t)ev->data.u64 - 1];
    int events = (ev->events & EPOLLIN ? LOOP_READ : 0) | (ev->events & EPOLLOUT ? LOOP_WRITE : 0);

    if (!s->watch || s->generation != (uint32_t)(ev->data.u64 >> 32))
        return;
    events &= s->watch->events;         /* it may have changed since the event was collected */
    if (ev->events & (EPOLLHUP | EPOLLERR))
        events |= LOOP_HANGUP;
    if (events)
        s->watch->ready(s->watch, events);
}

/* ---- timers ---- */

static bool before(const struct node *a, const struct node *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void place(struct loop *l, uint32_t i, struct node n)
{
    l->heap[i] = n;
    n.timer->heap = i + 1;
}

static void sift_up(struct loop *l, uint32_t i, struct node n)
{
    for (; i > 0 && before(&n, &l->heap[(i - 1) / 2]); i = (i - 1) / 2)
        place(l, i, l->heap[(i - 1) / 2]);
    place(l, i, n);
}

static void sift_down(struct loop *l, uint32_t i, struct node n)
{
    for (uint32_t child; (child = 2 * i + 1) < l->nheap; i = child) {
        if (child + 1 < l->nheap && before(&l->heap[child + 1], &l->heap[child]))
            child++;
        if (!before(&l->heap[child], &n))
            break;
        place(l, i, l->heap[child]);
    }
    place(l, i, n);
}

/* Put n where i is now, wherever that belongs. */
static void settle(struct loop *l, uint32_t i, struct node n)
{
    if (i > 0 && before(&n, &l->heap[(i - 1) / 2]))
        sift_up(l, i, n);
    else
        sift_down(l, i, n);
}

void loop_timer(struct loop *l, struct timer *t, deadline at)
{
    struct node n = { at < l->now ? l->now : at, l->order, t };     /* not before what is due already */

    if (at == 0) {
        loop_untimer(t);
        return;
    }
    l->order++;
    t->at = at;
    t->loop = l;
    if (t->heap) {
        settle(l, t->heap - 1, n);
        return;
    }
    if (l->nheap == l->heap_cap) {
        l->heap_cap = l->heap_cap ? l->heap_cap * 2 : 64;
        l->heap = grow(l->heap, l->heap_cap, sizeof(*l->heap));
    }
    sift_up(l, l->nheap++, n);
}

void loop_untimer(struct timer *t)
{
    struct loop *l = t->loop;
    uint32_t i = t->heap - 1;

    if (!t->heap)
        return;
    t->heap = 0;
    l->nheap--;
    if (i < l->nheap)
        settle(l, i, l->heap[l->nheap]);
}

static void fire_due(struct loop *l)
{
    uint64_t fresh = l->order;          /* set from here on: next turn */

    while (l->nheap > 0 && l->heap[0].at <= l->now && l->heap[0].order < fresh) {
        struct timer *t = l->heap[0].timer;

        loop_untimer(t);
        t->fire(t);
    }
}

/* ---- deferred ---- */

void loop_defer(struct loop *l, struct deferred *d)
{
    if (d->queued)
        return;
    d->queued = true;
    d->next = NULL;
    *l->later.end = d;
    l->later.end = &d->next;
}

static void unlink_from(struct queue *q, struct deferred *d)
{
    struct deferred **at = &q->first;

    while (*at && *at != d)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = d->next;
    if (q->end == &d->next)
        q->end = at;
    d->queued = false;
}

void loop_undefer(struct loop *l, struct deferred *d)
{
    if (!d->queued)
        return;
    unlink_from(&l->later, d);
    unlink_from(&l->running, d);
}

static void run_deferred(struct loop *l)
{
    struct deferred *d;

    if (!l->later.first)
        return;
    l->running = l->later;
    l->later = (struct queue){ NULL, &l->later.first };
    while ((d = l->running.first)) {
        l->running.first = d->next;
        if (!d->next)
            l->running.end = &l->running.first;
        d->queued = false;
        d->run(d);
    }
}

/* ---- signals ---- */

static void signal_ready(struct watch *w, int events)
{
    struct loop *l = w->loop;
    struct signalfd_siginfo info;

    (void)events;
    while (read(l->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        uint32_t signo = info.ssi_signo;

        if (signo < SIGNALS && l->on_signal[signo].handler)
            l->on_signal[signo].handler(l->on_signal[signo].arg, (int)signo);
    }
}

bool loop_signal(struct loop *l, int signo, void (*handler)(void *arg, int signo), void *arg, struct err *e)
{
    sigset_t one;
    int fd;

    if (signo <= 0 || signo >= SIGNALS)
        return fail(e, E_INTERNAL, "signal %d does not exist", signo);
    sigemptyset(&one);
    sigaddset(&one, signo);
    if (handler)
        sigaddset(&l->signal_set, signo);
    else
        sigdelset(&l->signal_set, signo);
    fd = signalfd(l->signals, &l->signal_set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return fail(e, E_IO, "signalfd: %m");
    l->on_signal[signo].handler = handler;
    l->on_signal[signo].arg = arg;
    pthread_sigmask(handler ? SIG_BLOCK : SIG_UNBLOCK, &one, NULL);
    if (l->signals < 0) {
        l->signals = fd;
        l->signal_watch = (struct watch){ .fd = fd, .ready = signal_ready };
        loop_watch(l, &l->signal_watch, LOOP_READ);
    }
    return true;
}

/* ---- turns ---- */

/* Milliseconds to sleep, rounded up: waking too early would only turn once more. */
static int patience(const struct loop *l)
{
    usec left;

    if (l->later.first || l->stopped)
        return 0;
    if (l->nheap == 0)
        return -1;
    left = l->heap[0].at - clock_now();
    if (left <= 0)
        return 0;
    return left < 3600 * USEC_S ? (int)((left + USEC_MS - 1) / USEC_MS) : 3600 * 1000;
}

static void turn(struct loop *l)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(l->epoll, events, EVENTS, patience(l));
    usec end;

    if (n < 0 && errno != EINTR)
        err_die("epoll_wait: %m");
    l->now = clock_now();
    for (int i = 0; i < n; i++)
        deliver(l, &events[i]);
    fire_due(l);
    run_deferred(l);
    end = clock_now();
    histogram_add(&l->lag, end - l->now);
}

void loop_run(struct loop *l)
{
    l->now = clock_now();
    while (!l->stopped)
        turn(l);
    l->stopped = false;
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
}

usec loop_now(const struct loop *l)
{
    return l->now;
}

const struct histogram *loop_lag(const struct loop *l)
{
    return &l->lag;
}

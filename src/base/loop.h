/*
 * The event loop: one thread, epoll, timers, signals.  Everything the service does happens
 * in callbacks of one of these.
 *
 * Callbacks may add, change and remove any watch or timer, themselves included; memory of a
 * removed watch may be freed at once (a pending event for it is not delivered).
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_LOOP_H
#define KEELSON_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/histogram.h"

struct loop;

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };   /* HANGUP is always reported: error, or the peer is gone both ways */

struct watch {                   /* owned by the caller, inside its own struct */
    int   fd;
    int   events;                /* LOOP_READ | LOOP_WRITE, 0: only HANGUP */
    void (*ready)(struct watch *w, int events);
    struct loop *loop;           /* NULL while not added */
    uint32_t slot;               /* the loop's business */
};

struct timer {                   /* owned by the caller; zero-initialise and set `fire` */
    deadline at;
    void (*fire)(struct timer *t);
    struct loop *loop;
    uint32_t heap;               /* place in the heap + 1; 0: not set */
};

struct deferred {                /* runs once at the end of this turn, after all events: "flush what gathered" */
    void (*run)(struct deferred *d);
    struct deferred *next;
    bool queued;
};

/* SIGPIPE is ignored from then on: a peer that is gone is an error of write(), not a signal. */
MUST_CHECK bool loop_open(struct loop **out, struct err *e);
void loop_close(struct loop *l);

/* Until loop_stop().  Each turn: events, timers, deferred; then sleeps until the next. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

void loop_watch(struct loop *l, struct watch *w, int events);   /* add, or change what is watched */
void loop_unwatch(struct watch *w);                             /* before closing the fd; harmless if not added */

void loop_timer(struct loop *l, struct timer *t, deadline at);  /* set, or move */
void loop_untimer(struct timer *t);                             /* harmless if not set */

void loop_defer(struct loop *l, struct deferred *d);            /* harmless if already queued */

/* Forget a queued one, before its memory goes away; harmless if not queued. */
void loop_undefer(struct loop *l, struct deferred *d);

/* Deliver `signo` as a call; handler NULL ends delivery.  One handler per signal. */
MUST_CHECK bool loop_signal(struct loop *l, int signo, void (*handler)(void *arg, int signo), void *arg, struct err *e);

usec loop_now(const struct loop *l);       /* the clock as of this turn */
const struct histogram *loop_lag(const struct loop *l);     /* how long turns took: how late others were served */

#endif

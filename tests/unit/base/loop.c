/*
 * The loop: what callbacks may do to each other while events, timers and deferred work are delivered.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/loop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail                 /* a macro there */

static struct loop *loop;
static char trace[512];         /* what happened, in order */

static int setup(void **state)
{
    struct err e = { 0 };

    (void)state;
    trace[0] = '\0';
    return loop_open(&loop, &e) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loop_close(loop);
    return 0;
}

static void note(const char *what)
{
    assert_true(strlen(trace) + strlen(what) + 2 < sizeof(trace));
    strcat(strcat(trace, what), " ");
}

/* A socket pair with one end watched, and what its callback does. */
struct peer {
    struct watch watch;
    int          other;
    const char  *name;
    void       (*act)(struct peer *p, int events);
    struct peer *victim;
};

static void peer_ready(struct watch *w, int events)
{
    struct peer *p = CONTAINER(w, struct peer, watch);

    note(p->name);
    if (p->act)
        p->act(p, events);
}

static struct peer *peer_open(const char *name, int events, void (*act)(struct peer *p, int events))
{
    struct peer *p = calloc(1, sizeof(*p));
    int ends[2];

    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    *p = (struct peer){ { .fd = ends[0], .ready = peer_ready }, ends[1], name, act, NULL };
    loop_watch(loop, &p->watch, events);
    return p;
}

static void peer_close(struct peer *p)
{
    loop_unwatch(&p->watch);
    close(p->watch.fd);
    close(p->other);
    free(p);
}

static void peer_say(struct peer *p)
{
    assert_int_equal(write(p->other, "x", 1), 1);
}

static void peer_hear(struct peer *p)
{
    char c;

    assert_int_equal(read(p->watch.fd, &c, 1), 1);
}

static void fire_stop(struct timer *t)
{
    loop_stop(t->loop);
}

/* Turn until `after` from now. */
static void run_for(usec after)
{
    struct timer end = { .fire = fire_stop };

    loop_timer(loop, &end, clock_now() + after);
    loop_run(loop);
    loop_untimer(&end);
}

/* ---- watches ---- */

static void hear(struct peer *p, int events)
{
    assert_int_equal(events, LOOP_READ);
    peer_hear(p);
}

static void delivers_what_is_watched(void **state)
{
    struct peer *p = peer_open("p", LOOP_READ, hear);

    (void)state;
    run_for(1000);
    assert_string_equal(trace, "");
    peer_say(p);
    peer_say(p);                        /* level triggered: once for each turn with something to read */
    run_for(1000);
    assert_string_equal(trace, "p p ");
    peer_close(p);
}

static void stop_writing(struct peer *p, int events)
{
    assert_int_equal(events, LOOP_WRITE);
    loop_watch(loop, &p->watch, 0);
}

static void changes_what_is_watched(void **state)
{
    struct peer *p = peer_open("w", LOOP_WRITE, stop_writing);

    (void)state;
    peer_say(p);
    run_for(2000);
    assert_string_equal(trace, "w ");           /* neither more writing nor the byte to read */
    p->act = hear;
    loop_watch(loop, &p->watch, LOOP_READ);
    run_for(2000);
    assert_string_equal(trace, "w w ");
    peer_close(p);
}

static void close_on_hangup(struct peer *p, int events)
{
    assert_true(events & LOOP_HANGUP);
    peer_close(p);
}

static void reports_hangup_unasked(void **state)
{
    struct peer *p = peer_open("hup", 0, close_on_hangup);

    (void)state;
    close(p->other);
    p->other = -1;
    run_for(2000);
    assert_string_equal(trace, "hup ");
}

static struct peer *survivor;

static void kill_victim(struct peer *p, int events)
{
    (void)events;
    peer_hear(p);
    if (p->victim) {
        p->victim->victim = NULL;
        peer_close(p->victim);
        p->victim = NULL;
        survivor = p;
    }
}

/* Both are ready in one turn; whoever comes first frees the other, whose event is already collected. */
static void a_freed_watch_hears_nothing(void **state)
{
    struct peer *a = peer_open("x", LOOP_READ, kill_victim), *b = peer_open("x", LOOP_READ, kill_victim);

    (void)state;
    a->victim = b;
    b->victim = a;
    peer_say(a);
    peer_say(b);
    run_for(2000);
    assert_string_equal(trace, "x ");
    peer_close(survivor);
}

static struct peer *replacement;

static void replace_victim(struct peer *p, int events)
{
    (void)events;
    peer_hear(p);
    if (!p->victim || replacement)
        return;
    peer_close(p->victim);
    replacement = peer_open("new", LOOP_READ, NULL);        /* takes the slot, and the descriptor number */
    survivor = p;
}

static void a_new_watch_in_an_old_slot_gets_no_old_event(void **state)
{
    struct peer *pair[2] = { peer_open("old", LOOP_READ, replace_victim), peer_open("old", LOOP_READ, replace_victim) };

    (void)state;
    replacement = NULL;
    pair[0]->victim = pair[1];
    pair[1]->victim = pair[0];
    peer_say(pair[0]);
    peer_say(pair[1]);
    run_for(2000);
    assert_string_equal(trace, "old ");
    assert_non_null(replacement);
    peer_close(replacement);
    peer_close(survivor);
}

static void readd_victim(struct peer *p, int events)
{
    (void)events;
    peer_hear(p);
    if (p->victim) {
        loop_unwatch(&p->victim->watch);
        loop_watch(loop, &p->victim->watch, LOOP_WRITE);    /* what was collected is of the old watch */
        p->victim->act = stop_writing;
        p->victim = NULL;
    }
}

static void a_watch_added_again_starts_afresh(void **state)
{
    struct peer *a = peer_open("a", LOOP_READ, readd_victim), *b = peer_open("b", LOOP_READ, readd_victim);

    (void)state;
    a->victim = b;
    b->victim = NULL;
    peer_say(a);
    peer_say(b);
    run_for(2000);
    assert_true(strcmp(trace, "a b ") == 0 || strcmp(trace, "b a b ") == 0);
    peer_close(a);
    peer_close(b);
}

static void many_watches(void **state)
{
    enum { MANY = 300 };
    struct peer *all[MANY];
    int heard = 0;

    (void)state;
    for (int i = 0; i < MANY; i++)
        all[i] = peer_open(".", LOOP_READ, hear);
    for (int i = 0; i < MANY; i += 3)
        peer_say(all[i]);
    run_for(5000);
    for (const char *p = trace; *p; p++)
        heard += *p == '.';
    assert_int_equal(heard, MANY / 3);
    for (int i = 0; i < MANY; i++)
        peer_close(all[i]);
    loop_unwatch(&(struct watch){ .fd = -1 });          /* never added */
}

/* ---- timers ---- */

struct alarm {
    struct timer timer;
    const char  *name;
    void       (*act)(struct alarm *a);
    struct alarm *other;
};

static void alarm_fire(struct timer *t)
{
    struct alarm *a = CONTAINER(t, struct alarm, timer);

    assert_int_equal(t->heap, 0);
    note(a->name);
    if (a->act)
        a->act(a);
}

#define ALARM(...) ((struct alarm){ .timer.fire = alarm_fire, .name = __VA_ARGS__ })

static void timers_fire_in_order(void **state)
{
    struct alarm a = ALARM("a"), b = ALARM("b"), c = ALARM("c"), d = ALARM("d"), e = ALARM("e");
    usec now = clock_now();

    (void)state;
    loop_timer(loop, &c.timer, now + 3000);
    loop_timer(loop, &d.timer, now + 3000);             /* equal: as they were set */
    loop_timer(loop, &a.timer, now + 9000000);
    loop_timer(loop, &b.timer, now + 2000);
    loop_timer(loop, &a.timer, now + 1000);             /* moved */
    loop_timer(loop, &e.timer, now + 1500);
    loop_timer(loop, &e.timer, 0);                      /* no deadline: never */
    run_for(6000);
    assert_string_equal(trace, "a b c d ");
    assert_true(clock_now() >= now + 6000);             /* never early */
    loop_untimer(&a.timer);
}

static void disarm_other(struct alarm *a)
{
    loop_untimer(&a->other->timer);
}

static void a_timer_taken_back_while_due_does_not_fire(void **state)
{
    struct alarm a = ALARM("a", .act = disarm_other), b = ALARM("b");

    (void)state;
    a.other = &b;
    loop_timer(loop, &a.timer, 1);
    loop_timer(loop, &b.timer, 2);
    run_for(1000);
    assert_string_equal(trace, "a ");
}

static int rearmed;

static void rearm(struct alarm *a)
{
    if (++rearmed < 3)
        loop_timer(loop, &a->timer, 1);
}

/* Set again for the past: its next turn comes, and nobody waits behind it. */
static void a_timer_that_sets_itself_starves_nobody(void **state)
{
    struct alarm a = ALARM("a", .act = rearm), b = ALARM("b");
    struct peer *p = peer_open("p", LOOP_READ, hear);

    (void)state;
    rearmed = 0;
    loop_timer(loop, &a.timer, 1);
    loop_timer(loop, &b.timer, loop_now(loop));
    peer_say(p);
    run_for(2000);
    assert_string_equal(trace, "p a b a a ");
    peer_close(p);
}

/* A thousand timers, half of them removed, in the order of a sort. */
static usec last_fired;

static void check_order(struct alarm *a)
{
    assert_true(a->timer.at >= last_fired);
    last_fired = a->timer.at;
    trace[0] = '\0';
    rearmed++;
}

static void the_heap_keeps_its_order(void **state)
{
    enum { MANY = 1000 };
    static struct alarm all[MANY];
    usec now = clock_now();
    unsigned seed = 12345;

    (void)state;
    rearmed = 0;
    last_fired = 0;
    for (int i = 0; i < MANY; i++) {
        seed = seed * 1103515245 + 12345;
        all[i] = ALARM("", .act = check_order);
        loop_timer(loop, &all[i].timer, now + seed / 65536 % 5000);
    }
    for (int i = 0; i < MANY; i += 2)
        loop_untimer(&all[i * 7 % MANY].timer);
    for (int i = 1; i < MANY; i += 2) {
        seed = seed * 1103515245 + 12345;
        loop_timer(loop, &all[i].timer, now + seed / 65536 % 5000);
    }
    run_for(8000);
    assert_int_equal(rearmed, MANY / 2);
}

/* ---- deferred ---- */

struct job {
    struct deferred deferred;
    const char     *name;
    void          (*act)(struct job *j);
    struct job     *other;
    int             times;
};

static void job_run(struct deferred *d)
{
    struct job *j = CONTAINER(d, struct job, deferred);

    note(j->name);
    if (j->act)
        j->act(j);
}

#define JOB(...) ((struct job){ .deferred.run = job_run, .name = __VA_ARGS__ })

static struct job later_job;

static void defer_twice(struct peer *p, int events)
{
    hear(p, events);
    loop_defer(loop, &later_job.deferred);
    loop_defer(loop, &later_job.deferred);
}

static void deferred_run_once_after_all_events(void **state)
{
    struct peer *a = peer_open("e", LOOP_READ, defer_twice), *b = peer_open("e", LOOP_READ, defer_twice);

    (void)state;
    later_job = JOB("flush");
    peer_say(a);
    peer_say(b);
    run_for(1000);
    assert_string_equal(trace, "e e flush ");
    peer_close(a);
    peer_close(b);
}

static void again(struct job *j)
{
    if (--j->times > 0)
        loop_defer(loop, &j->deferred);
}

static void stop_here(struct job *j)
{
    (void)j;
    loop_stop(loop);
}

static void deferred_may_queue_itself_for_the_next_turn(void **state)
{
    struct job a = JOB("a", .act = again, .times = 3), b = JOB("b");
    usec start = clock_now();

    (void)state;
    loop_defer(loop, &a.deferred);
    loop_defer(loop, &b.deferred);
    run_for(20000);
    assert_string_equal(trace, "a b a a ");
    trace[0] = '\0';
    b.act = stop_here;                      /* without sleeping in between */
    a.times = 2;
    start = clock_now();
    loop_defer(loop, &a.deferred);
    loop_defer(loop, &b.deferred);
    loop_run(loop);
    assert_true(clock_now() - start < USEC_S);
    assert_string_equal(trace, "a b ");
    loop_undefer(loop, &a.deferred);
}

static void drop_other(struct job *j)
{
    loop_undefer(loop, &j->other->deferred);
    loop_undefer(loop, &j->other->deferred);
}

static void deferred_can_be_forgotten(void **state)
{
    struct job a = JOB("a", .act = drop_other), b = JOB("b"), c = JOB("c"), d = JOB("d");

    (void)state;
    a.other = &d;                           /* d is the last: the end of the list moves */
    loop_defer(loop, &a.deferred);
    loop_defer(loop, &b.deferred);
    loop_defer(loop, &c.deferred);
    loop_defer(loop, &d.deferred);
    loop_undefer(loop, &b.deferred);
    run_for(1000);
    assert_string_equal(trace, "a c ");
    loop_undefer(loop, &d.deferred);
    loop_defer(loop, &d.deferred);
    loop_undefer(loop, &d.deferred);
    loop_defer(loop, &b.deferred);
    run_for(1000);
    assert_string_equal(trace, "a c b ");
}

/* ---- signals, stopping, measuring ---- */

static void on_signal(void *arg, int signo)
{
    note(signo == SIGUSR1 ? "usr1" : signo == SIGUSR2 ? "usr2" : "?");
    note(arg);
}

static void signals_are_calls(void **state)
{
    struct err e = { 0 };

    (void)state;
    assert_true(loop_signal(loop, SIGUSR1, on_signal, "x", &e));
    assert_true(loop_signal(loop, SIGUSR2, on_signal, "y", &e));
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR2);
    run_for(2000);
    assert_string_equal(trace, "usr1 x usr2 y ");
    signal(SIGUSR2, SIG_IGN);
    assert_true(loop_signal(loop, SIGUSR2, NULL, NULL, &e));
    kill(getpid(), SIGUSR2);
    kill(getpid(), SIGUSR1);
    run_for(2000);
    assert_string_equal(trace, "usr1 x usr2 y usr1 x ");
    assert_true(loop_signal(loop, SIGUSR1, NULL, NULL, &e));
    assert_false(loop_signal(loop, 0, on_signal, NULL, &e));
    assert_false(loop_signal(loop, 65, on_signal, NULL, &e));
}

static void a_stop_before_the_start_counts(void **state)
{
    (void)state;
    loop_stop(loop);
    loop_run(loop);                         /* returns */
    run_for(100);                           /* and the next run is a new one */
}

static void be_slow(struct alarm *a)
{
    (void)a;
    usleep(5000);
}

static void knows_its_longest_turn(void **state)
{
    struct alarm a = ALARM("slow", .act = be_slow);

    (void)state;
    loop_lag_max(loop);
    loop_timer(loop, &a.timer, 1);
    run_for(1000);
    assert_in_range(loop_lag_max(loop), 5000, 5000000);
    assert_int_equal(loop_lag_max(loop), 0);
    assert_true(loop_now(loop) <= clock_now());
}

static void closing_forgets_everybody(void **state)
{
    struct peer *p = peer_open("p", LOOP_READ, NULL);
    struct alarm a = ALARM("a");
    struct job j = JOB("j");

    loop_timer(loop, &a.timer, clock_now());
    loop_defer(loop, &j.deferred);
    teardown(state);
    assert_null(p->watch.loop);
    assert_int_equal(a.timer.heap, 0);
    assert_false(j.deferred.queued);
    loop_untimer(&a.timer);
    peer_close(p);
    setup(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(delivers_what_is_watched),
        TEST(changes_what_is_watched),
        TEST(reports_hangup_unasked),
        TEST(a_freed_watch_hears_nothing),
        TEST(a_new_watch_in_an_old_slot_gets_no_old_event),
        TEST(a_watch_added_again_starts_afresh),
        TEST(many_watches),
        TEST(timers_fire_in_order),
        TEST(a_timer_taken_back_while_due_does_not_fire),
        TEST(a_timer_that_sets_itself_starves_nobody),
        TEST(the_heap_keeps_its_order),
        TEST(deferred_run_once_after_all_events),
        TEST(deferred_may_queue_itself_for_the_next_turn),
        TEST(deferred_can_be_forgotten),
        TEST(signals_are_calls),
        TEST(a_stop_before_the_start_counts),
        TEST(knows_its_longest_turn),
        TEST(closing_forgets_everybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

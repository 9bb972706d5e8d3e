/*
 * The loop's timers and deferred work: order, taking back, setting again, and that nobody starves.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/loop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail                 /* a macro there */

static struct loop *loop;
static char trace[512];         /* what happened, in order */
static int open_ends[4];
static size_t nopen;

static int setup(void **state)
{
    struct err e = { 0 };

    (void)state;
    trace[0] = '\0';
    nopen = 0;
    return loop_open(&loop, &e) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loop_close(loop);
    while (nopen > 0)
        close(open_ends[--nopen]);
    return 0;
}

static void note(const char *what)
{
    assert_true(strlen(trace) + strlen(what) + 2 < sizeof(trace));
    strcat(strcat(trace, what), " ");
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

static struct job turn_end;

/* ---- timers ---- */

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
    loop_defer(loop, &turn_end.deferred);
    if (++rearmed < 3)
        loop_timer(loop, &a->timer, 1);
}

/* Set again for the past: its next turn comes, and nobody waits behind it. */
static void a_timer_that_sets_itself_starves_nobody(void **state)
{
    struct alarm a = ALARM("a", .act = rearm), b = ALARM("b");

    (void)state;
    rearmed = 0;
    turn_end = JOB("|");
    loop_timer(loop, &a.timer, 1);
    loop_timer(loop, &b.timer, loop_now(loop));
    run_for(2000);
    assert_string_equal(trace, "a b | a | a | ");
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

/* The reading end of a pipe with one byte in it, whose other end stays open. */
static int readable_pipe(void)
{
    int ends[2];

    assert_return_code(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    open_ends[nopen++] = ends[1];
    return ends[0];
}

static struct job later_job;

static void defer_twice(struct watch *w, int events)
{
    char c;

    assert_int_equal(events, LOOP_READ);
    assert_int_equal(read(w->fd, &c, 1), 1);
    note("e");
    loop_defer(loop, &later_job.deferred);
    loop_defer(loop, &later_job.deferred);
}

static void deferred_run_once_after_all_events(void **state)
{
    struct watch a = { .ready = defer_twice }, b = { .ready = defer_twice };

    (void)state;
    later_job = JOB("flush");
    a.fd = readable_pipe();
    b.fd = readable_pipe();
    loop_watch(loop, &a, LOOP_READ);
    loop_watch(loop, &b, LOOP_READ);
    loop_defer(loop, &later_job.deferred);
    run_for(1000);
    assert_string_equal(trace, "e e flush ");
    loop_unwatch(&a);
    loop_unwatch(&b);
    close(a.fd);
    close(b.fd);
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

/* ---- the whole ---- */

static void be_slow(struct alarm *a)
{
    (void)a;
    usleep(5000);
}

static void knows_how_long_its_turns_were(void **state)
{
    struct alarm a = ALARM("slow", .act = be_slow);

    (void)state;
    loop_timer(loop, &a.timer, 1);
    run_for(1000);
    assert_in_range(loop_lag(loop)->sum, 5000, 5000000);
    assert_int_equal(histogram_over(loop_lag(loop), 2500), 1);
    assert_true(loop_now(loop) <= clock_now());
}

static void closing_forgets_everybody(void **state)
{
    struct watch w = { .fd = readable_pipe(), .ready = defer_twice };
    struct alarm a = ALARM("a");
    struct job j = JOB("j");

    loop_watch(loop, &w, LOOP_READ);
    loop_timer(loop, &a.timer, clock_now());
    loop_defer(loop, &j.deferred);
    teardown(state);
    assert_null(w.loop);
    assert_int_equal(a.timer.heap, 0);
    assert_false(j.deferred.queued);
    loop_untimer(&a.timer);
    loop_unwatch(&w);
    close(w.fd);
    setup(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timers_fire_in_order),
        TEST(a_timer_taken_back_while_due_does_not_fire),
        TEST(a_timer_that_sets_itself_starves_nobody),
        TEST(the_heap_keeps_its_order),
        TEST(deferred_run_once_after_all_events),
        TEST(deferred_may_queue_itself_for_the_next_turn),
        TEST(deferred_can_be_forgotten),
        TEST(knows_how_long_its_turns_were),
        TEST(closing_forgets_everybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

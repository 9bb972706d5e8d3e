/*
 * The loop: what callbacks may do to each other while events are delivered; signals; stopping.
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

static void stop_watching_victim(struct peer *p, int events)
{
    (void)events;
    peer_hear(p);
    if (p->victim)
        loop_watch(loop, &p->victim->watch, 0);
}

/* Both are ready in one turn; whoever comes first has the other watched for nothing. */
static void a_change_holds_for_what_is_collected(void **state)
{
    struct peer *a = peer_open("x", LOOP_READ, stop_watching_victim);
    struct peer *b = peer_open("x", LOOP_READ, stop_watching_victim);

    (void)state;
    a->victim = b;
    b->victim = a;
    peer_say(a);
    peer_say(b);
    run_for(2000);
    assert_string_equal(trace, "x ");
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

/* ---- signals and stopping ---- */

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
        TEST(a_change_holds_for_what_is_collected),
        TEST(many_watches),
        TEST(signals_are_calls),
        TEST(a_stop_before_the_start_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * UUIDs: order, version and variant of ours; what is accepted from others; threads and fork().
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/uuid.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/clock.h"

static uint64_t milliseconds(const struct uuid *u)
{
    uint64_t ms = 0;

    for (int i = 0; i < 6; i++)
        ms = ms << 8 | u->b[i];
    return ms;
}

static void ours_are_version_7_and_increase(void **state)
{
    struct uuid last = { { 0 } };

    (void)state;
    for (int i = 0; i < 100000; i++) {
        struct uuid u = uuid_v7();

        assert_true(uuid_cmp(&last, &u) < 0);
        assert_int_equal(u.b[6] >> 4, 7);
        assert_int_equal(u.b[8] >> 6, 2);
        last = u;
    }
    assert_in_range(milliseconds(&last), (uint64_t)clock_wall() / 1000 - 1000, (uint64_t)clock_wall() / 1000 + 1000);
}

enum { THREADS = 4, EACH = 20000 };

static void *make_many(void *arg)
{
    struct uuid *out = arg;

    for (int i = 0; i < EACH; i++)
        out[i] = uuid_v7();
    return NULL;
}

static int order(const void *a, const void *b)
{
    return uuid_cmp(a, b);
}

static void threads_never_share_one(void **state)
{
    struct uuid *all = calloc(THREADS * EACH, sizeof(*all));
    pthread_t threads[THREADS];

    (void)state;
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, make_many, all + t * EACH), 0);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    qsort(all, THREADS * EACH, sizeof(*all), order);
    for (int i = 1; i < THREADS * EACH; i++)        /* the ordered part alone differs, whatever is random */
        assert_true(memcmp(all[i - 1].b, all[i].b, 8) < 0);
    free(all);
}

static void a_forked_child_has_its_own_random_bytes(void **state)
{
    struct uuid mine, theirs;
    int ends[2];
    pid_t pid;

    (void)state;
    assert_return_code(pipe(ends), 0);
    uuid_v7();                                      /* the pool is filled before */
    pid = fork();
    if (pid == 0) {
        theirs = uuid_v7();
        _exit(write(ends[1], &theirs, sizeof(theirs)) == sizeof(theirs) ? 0 : 1);
    }
    mine = uuid_v7();
    assert_int_equal(read(ends[0], &theirs, sizeof(theirs)), sizeof(theirs));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_memory_not_equal(mine.b + 8, theirs.b + 8, 8);
    close(ends[0]);
    close(ends[1]);
}

static void parses_and_formats(void **state)
{
    static const struct { const char *why; struct span in; bool good; } cases[] = {
        { "lower case",            SPAN("0190a6e2-7b1c-7def-8abc-0123456789ab"),  true  },
        { "upper case",            SPAN("0190A6E2-7B1C-7DEF-8ABC-0123456789AB"),  true  },
        { "nil",                   SPAN("00000000-0000-0000-0000-000000000000"),  true  },
        { "no dashes",             SPAN("0190a6e27b1c7def8abc0123456789ab"),      false },
        { "dash moved",            SPAN("0190a6e27-b1c-7def-8abc-0123456789ab"),  false },
        { "braces",                SPAN("{190a6e2-7b1c-7def-8abc-0123456789a}"),  false },
        { "one digit short",       SPAN("0190a6e2-7b1c-7def-8abc-0123456789a"),   false },
        { "one digit more",        SPAN("0190a6e2-7b1c-7def-8abc-0123456789abc"), false },
        { "no digit",              SPAN("0190a6e2-7b1c-7def-8abc-0123456789ag"),  false },
        { "sign",                  SPAN("+190a6e2-7b1c-7def-8abc-0123456789ab"),  false },
        { "NUL inside",            SPAN("0190a6e2-7b1c-7def-8abc-0123456\0009ab"), false },
        { "empty",                 SPAN(""),                                      false },
    };
    char text[UUID_TEXT];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct uuid u = { { 0 } };

        print_message("%s\n", cases[i].why);
        assert_int_equal(uuid_parse(cases[i].in, &u), cases[i].good);
        if (!cases[i].good)
            continue;
        uuid_format(&u, text);
        assert_true(span_ieq((struct span){ text, UUID_TEXT }, cases[i].in));
    }
}

static void formats_lower_case_and_compares(void **state)
{
    struct uuid a, b;
    char text[UUID_TEXT];

    (void)state;
    assert_true(uuid_parse(SPAN("0190A6E2-7B1C-7DEF-8ABC-0123456789AB"), &a));
    uuid_format(&a, text);
    assert_memory_equal(text, "0190a6e2-7b1c-7def-8abc-0123456789ab", UUID_TEXT);
    b = a;
    assert_true(uuid_eq(&a, &b));
    b.b[15]++;
    assert_false(uuid_eq(&a, &b));
    assert_true(uuid_cmp(&a, &b) < 0 && uuid_cmp(&b, &a) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_are_version_7_and_increase),
        cmocka_unit_test(threads_never_share_one),
        cmocka_unit_test(a_forked_child_has_its_own_random_bytes),
        cmocka_unit_test(parses_and_formats),
        cmocka_unit_test(formats_lower_case_and_compares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

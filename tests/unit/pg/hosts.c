/*
 * Whom to try first, how long, and which primary is a former one.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

#define U HOST_UNKNOWN
#define P HOST_PRIMARY
#define R HOST_READ_ONLY
#define S HOST_STANDBY
#define X HOST_REFUSED

static const struct {
    const char    *why;
    int            last;
    enum pg_attrs  attrs;
    enum host_role roles[3];
    int            want[3];
} orders[] = {
    { "at first as the URL says",             -1, PG_READ_WRITE, { U, U, U }, { 0, 1, 2 } },
    { "who served last",                       2, PG_READ_WRITE, { U, U, P }, { 2, 0, 1 } },
    { "unless it was read-only",               0, PG_READ_WRITE, { R, U, U }, { 1, 2, 0 } },
    { "a standby after who is not known",      1, PG_READ_WRITE, { S, P, U }, { 1, 2, 0 } },
    { "all read-only: as the URL says",        2, PG_READ_WRITE, { S, R, S }, { 0, 1, 2 } },
    { "a former primary last",                 1, PG_READ_WRITE, { X, P, S }, { 1, 2, 0 } },
    { "to whom reads suffice: who served last", 1, PG_ANY,       { P, S, P }, { 1, 0, 2 } },
};

static void best_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct pg_target t = { .nhosts = 3, .attrs = orders[i].attrs };
        struct hosts h = { .target = &t, .last = orders[i].last };
        int got[PG_HOSTS];

        for (int k = 0; k < 3; k++)
            h.list[k].role = orders[i].roles[k];
        assert_int_equal(hosts_order(&h, got), 3);
        if (memcmp(got, orders[i].want, sizeof orders[i].want) != 0)
            fail_msg("%s: %d %d %d", orders[i].why, got[0], got[1], got[2]);
    }
}

static const struct { const char *why; usec left, most; int places; usec want; } shares[] = {
    { "alone: its own limit",                 27000, 3000, 1, 3000 },
    { "time for all of them",                 9000,  3000, 3, 3000 },
    { "less: an equal part",                  6000,  3000, 3, 2000 },
    { "what the first did not use is there",  5900,  3000, 2, 2950 },
    { "little is left",                       100,   3000, 1, 100  },
};

static void time_is_divided(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shares); i++)
        if (hosts_share(shares[i].left, shares[i].most, shares[i].places) != shares[i].want)
            fail_msg("%s", shares[i].why);
}

static const struct { const char *why; uint64_t system; int timeline; bool want; } timelines[] = {
    { "the first that is seen is believed",   7, 3, true  },
    { "again",                                7, 3, true  },
    { "who does not tell is believed",        0, 0, true  },
    { "a former primary",                     7, 2, false },
    { "promoted",                             7, 4, true  },
    { "now a former one, too",                7, 3, false },
    { "another system has its own timelines", 8, 1, true  },
    { "which is no way around the first's",   7, 3, false },
    { "a third",                              9, 5, true  },
    { "a fourth",                             10, 5, true },
    { "a fifth: the oldest is forgotten",     11, 5, true },
    { "and begins again",                     7, 1, true  },
    { "the others are remembered",            9, 4, false },
};

static void a_lower_timeline_is_refused(void **state)
{
    struct hosts h = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(timelines); i++)
        if (hosts_current(&h, timelines[i].system, timelines[i].timeline) != timelines[i].want)
            fail_msg("%s", timelines[i].why);
}

static const struct { const char *host; bool needed; } names[] = {
    { "db.example", true }, { "localhost", true }, { "192.0.2.1", false }, { "2001:db8::1", false }, { "fe80::1%eth0", false },
    { "/run/postgresql", false }, { "@abstract", false }, { "", false }, { NULL, false }, { "192.0.2.1.example", true },
};

static void addresses_need_no_lookup(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (resolve_needed(names[i].host) != names[i].needed)
            fail_msg("%s", names[i].host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_first), cmocka_unit_test(time_is_divided), cmocka_unit_test(a_lower_timeline_is_refused),
        cmocka_unit_test(addresses_need_no_lookup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

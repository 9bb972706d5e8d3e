/*
 * The two clocks, and one text form.
 *
 * The calendar is computed here: gmtime() takes a lock and reads the environment.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static usec read_clock(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);              /* cannot fail for these two */
    return (usec)t.tv_sec * USEC_S + t.tv_nsec / 1000;
}

usec clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

usec clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

enum { DAYS_400Y = 146097, DAYS_TO_1970 = 719468 };     /* a Gregorian cycle; 0000-03-01 to 1970-01-01 */

/* Date of a day, counted from 1970-01-01, from year 0 on.  Years begin in March here, so that the leap day comes last. */
static void civil(int64_t day, unsigned *year, unsigned *month, unsigned *mday)
{
    unsigned days = (unsigned)(day + DAYS_TO_1970);
    unsigned cycle = days / DAYS_400Y;
    unsigned doe = days % DAYS_400Y;
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned m = (5 * doy + 2) / 153;

    *mday = doy - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = yoe + cycle * 400 + (*month <= 2 ? 1 : 0);
}

void clock_rfc3339(usec wall, char out[CLOCK_RFC3339])
{
    const int64_t day_us = 86400 * USEC_S;
    const int64_t first = -62135596800 * USEC_S, last = 253402300799 * USEC_S + 999999;    /* years 0001 to 9999 */
    unsigned year, month, mday, us, s;
    int64_t day;

    wall = wall < first ? first : wall > last ? last : wall;
    day = wall / day_us - (wall % day_us < 0 ? 1 : 0);
    s = (unsigned)((wall - day * day_us) / USEC_S);
    us = (unsigned)((wall - day * day_us) % USEC_S);
    civil(day, &year, &month, &mday);
    snprintf(out, CLOCK_RFC3339, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
             year % 10000, month % 100, mday % 100, s / 3600 % 100, s / 60 % 60, s % 60, us % 1000000);
}

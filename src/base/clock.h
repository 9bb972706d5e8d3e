/*
 * Time.  Durations and deadlines are monotonic microseconds; the wall clock is only for
 * logs, identifiers and display, never for a timer.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_CLOCK_H
#define KEELSON_BASE_CLOCK_H

#include <stdint.h>

typedef int64_t usec;         /* a duration or an instant, microseconds */
typedef int64_t deadline;     /* absolute, on the clock of clock_now(); 0 means none */

#define USEC_MS  ((usec)1000)
#define USEC_S   ((usec)1000000)

usec clock_now(void);         /* CLOCK_MONOTONIC */
usec clock_wall(void);        /* microseconds since 1970-01-01 UTC */

/* "2026-11-24T13:42:02.123456Z" of a wall instant; out holds CLOCK_RFC3339 bytes, terminated. */
#define CLOCK_RFC3339 28
void clock_rfc3339(usec wall, char out[CLOCK_RFC3339]);

#endif

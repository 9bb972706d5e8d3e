/*
 * Simulated live interviews: a few interviewers who hold one interview after the other, a turn every second or so.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DEMO_LIVE_H
#define KEELSON_CLI_DEMO_LIVE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "cli/demo_http.h"

#define DEMO_LIVE_MOST 20

struct demo_live {
    struct demo_http    *http;          /* one connection and no patience: waiting is done here */
    uint64_t             seed;
    int                  interviewers;  /* 1..DEMO_LIVE_MOST */
    const volatile bool *stop;
};

/*
 * Until *stop.  Interviews candidates of the demonstration data and new ones, never anybody else's.  Slows down with the number of
 * turns it has made (a night of it is about a hundred thousand messages), and stands back while the service is busy.
 * False: the service was away for a minute, or does not let us in.
 */
MUST_CHECK bool demo_live_run(const struct demo_live *l, struct err *e);

#endif

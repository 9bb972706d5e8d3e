/*
 * The data set of the demonstration, sent to a running Keelson as any application would: arrays of objects, appended turns,
 * transitions.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DEMO_FILL_H
#define KEELSON_CLI_DEMO_FILL_H

#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "cli/demo_http.h"

struct demo_counts { int candidates, resumes, interviews, sessions, messages, assessments; };

struct demo_fill {
    struct demo_http    *http;
    uint64_t             seed;
    int                  candidates;
    const volatile bool *stop;          /* may be NULL */
    bool                 quiet;         /* no progress on stderr */
};

/* How many candidates the organization has, the trash included. */
MUST_CHECK bool demo_fill_there(const struct demo_fill *f, int *n, struct err *e);

/* People are numbered from `there` + 1.  A failure leaves what was sent until then. */
MUST_CHECK bool demo_fill_run(const struct demo_fill *f, int there, struct demo_counts *out, struct err *e);

#endif

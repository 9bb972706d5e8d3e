/*
 * What was found: a row for each request and action, and every broken promise with how to see it again.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_REPORT_H
#define KEELSON_PROVE_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "prove/action.h"
#include "prove/judge.h"
#include "prove/request.h"

struct report_row { int cases, outcomes[JUDGE_OUTCOMES], violations; usec slowest; };

struct report_violation {
    struct report_violation *next;
    const char *name;                   /* of the case; "": of the whole run */
    const char *what, *heard;
};

struct report {
    struct arena            *arena;
    const char              *database;          /* "throwaway", or where it was */
    const char              *repeat;            /* the command line that repeats one case, before its name */
    struct report_row        rows[REQUESTS][ACTIONS];
    struct report_violation *first, *last;
    int                      messages[REQUESTS][WIRE_SIDES];
    int                      cases, planned, violations;
    int                      most, cap;         /* connections the server saw */
    long                     samples;
    usec                     took;
};

struct report_case {
    struct action_case  what;
    enum judge_outcome  outcome;
    usec                recovery;
    const char         *violation, *heard;      /* NULL: none */
    int                 most;
};

void report_add(struct report *r, const struct report_case *c);
/* A promise of the whole run. */
void report_broken(struct report *r, const char *what, const char *heard);

/* `colour`: for a terminal. */
void report_text(const struct report *r, bool colour, struct buf *out);
void report_json(const struct report *r, struct buf *out);

#endif

/*
 * What happens to the people of the demonstration data: who gets how far, which interviews and sessions that takes, when, and how
 * they are judged.  Decided from the seed alone; nothing here talks to anybody.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DEMO_PLAN_H
#define KEELSON_CLI_DEMO_PLAN_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/demo_person.h"
#include "cli/demo_talk.h"

#define DEMO_PATH     4
#define DEMO_SESSIONS 2
#define DEMO_ROUNDS   2

/* One way an interview can go. */
struct demo_course {
    const char *name;
    const char *created;                        /* its first status */
    const char *path[DEMO_PATH];                /* and those that follow */
    struct { const char *end; int least, most; } sessions[DEMO_SESSIONS];   /* how each ends, and how many percent of it took place */
    bool        assessed;
    int         days_least, days_most;          /* from now; negative: ago */
};

/* How far a candidate gets. */
struct demo_fate {
    const char *created;
    const char *path[DEMO_PATH + 1];
    int         weight;
    int         ability_least, ability_most;
    const char *courses[DEMO_ROUNDS];           /* of their interviews */
};

struct demo_candidate { struct demo_person person; const struct demo_fate *fate; };
struct demo_interview { int candidate; int round; const struct demo_course *course; usec start; };     /* start: from now */
struct demo_session   { int interview; int attempt; const char *end; int percent; usec start; };

struct demo_plan {
    struct demo_candidate *candidates; int ncandidates;
    struct demo_interview *interviews; int ninterviews;
    struct demo_session   *sessions;   int nsessions;
};

/* People number first..first + n - 1. */
void demo_plan_make(struct arena *a, uint64_t seed, int first, int n, struct demo_plan *out);

/* How many turns of the talk the session had. */
int demo_plan_said(const struct demo_session *s, const struct demo_talk *t);

/* ---- bodies ---- */
void demo_plan_interview(struct json_out *o, const struct demo_talk *t, const struct demo_interview *i, struct span candidate, usec now);
void demo_plan_session(struct json_out *o, const struct demo_talk *t, struct span interview, int attempt, bool live);
/* What the interviewer remembers after `said` turns. */
void demo_plan_memory(struct json_out *o, struct arena *a, const struct demo_talk *t, int said);

#endif

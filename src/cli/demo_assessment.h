/*
 * How an interview of the demonstration data is judged: scores per criterion from what the answers showed, with the sentences they
 * rest on.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DEMO_ASSESSMENT_H
#define KEELSON_CLI_DEMO_ASSESSMENT_H

#include "cli/demo_plan.h"
#include "cli/demo_talk.h"

#define DEMO_VERDICTS 2

struct demo_verdict {
    const char *kind;                   /* "ai", "human", "hybrid" */
    const char *created;                /* first status */
    const char *path[3];                /* and those that follow */
    const char *reason;                 /* of the last step; may be NULL */
    bool        replaces;               /* the verdict before it */
};

/* How many there are for an interview of that person that went like that. */
int demo_assessment_plan(const struct demo_person *p, const struct demo_course *course, int round, struct demo_verdict out[DEMO_VERDICTS]);

/* `supersedes` SPAN_NONE: none. */
void demo_assessment_write(struct json_out *o, struct arena *a, const struct demo_talk *t, const struct demo_verdict *v, struct span interview,
                           struct span session, struct span supersedes);

#endif

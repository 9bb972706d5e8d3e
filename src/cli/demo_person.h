/*
 * Candidates of the demonstration data: invented people, each made from a seed and a number alone.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DEMO_PERSON_H
#define KEELSON_CLI_DEMO_PERSON_H

#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/demo_texts.h"

struct demo_person {
    uint64_t                  seed;
    int                       number;           /* from 1; also in email address and reference, so both are unique */
    const struct demo_people *people;
    const struct demo_role   *role;
    const struct demo_name   *given, *family;
    const char               *full_name;        /* native spelling and order */
    const char               *spoken;           /* given name in Latin letters */
    const char               *latin;            /* whole name in Latin letters */
    const char               *email, *phone;
    const char               *company, *previous, *product, *city, *study, *skill;
    int                       years;            /* of experience */
    int                       ability;          /* 0..100: how well they answer */
    int                       skills[6];        /* into role->skills */
};

/* Texts live in `a` or are static. */
void demo_person_make(struct arena *a, uint64_t seed, int number, struct demo_person *out);

/* What POST /v1/candidates and /v1/resumes take.  `edition` 1 is an older resume of the same person, 2 the newest. */
void demo_person_candidate(struct json_out *o, const struct demo_person *p, const char *status);
void demo_person_resume(struct json_out *o, struct arena *a, const struct demo_person *p, struct span candidate, int edition);

/* The resume as plain text. */
struct span demo_person_text(struct arena *a, const struct demo_person *p);

/* {name}, {company} and the like replaced; what is no name of ours stays.  Beside the person's: `ask` for {ask}, may be NULL. */
struct span demo_person_fill(struct arena *a, const struct demo_person *p, const char *text, const char *ask);

#endif

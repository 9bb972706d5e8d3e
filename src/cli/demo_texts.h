/*
 * What is said in the demonstration data: questions and answers by topic, exercises, small talk, other languages, names.
 *
 * Tables of text and nothing else.  A sentence stands for itself, so that any selection in order makes an answer.  In braces are
 * names the composer fills in: {name} {company} {previous} {product} {years} {city} {skill} {role} {study} {interviewer}; other
 * braces are text.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DEMO_TEXTS_H
#define KEELSON_CLI_DEMO_TEXTS_H

#include <stdbool.h>

#define DEMO_POINTS 5
#define DEMO_MORE   2

struct demo_more {                      /* a question that digs deeper */
    const char *ask;
    const char *good[2];
    const char *poor;
};

struct demo_question {
    const char *key;                    /* "sql-isolation" */
    const char *about;                  /* continues "explained ..." */
    const char *ask[2];                 /* two wordings of the same */
    const char *points[DEMO_POINTS];    /* what a good answer consists of */
    const char *vague[2];               /* what is said instead by who does not know */
    struct demo_more more[DEMO_MORE];   /* the first may build on a good answer, the second stands alone */
};

struct demo_topic {
    const char *key;                    /* "sql" */
    const char *criterion;              /* as it is scored */
    const char *opening;                /* the interviewer turns to it */
    const char *rubric[3];              /* what makes 1, 3 and 5 points */
    const struct demo_question *questions; int n;
};

struct demo_exercise {
    const char *topic, *key, *about, *language;
    const char *ask;
    const char *plan;                   /* the candidate thinks aloud first */
    const char *wrong, *wrong_out, *wrong_err;      /* a first attempt with a mistake, and what running it says */
    const char *hint;                   /* the interviewer about the mistake */
    const char *seen;                   /* the candidate sees it; the right code follows */
    const char *right, *right_out;
    const char *after, *after_good, *after_poor;    /* a question about the solution */
};

/* A short interview in another language: question and two possible answers a line. */
struct demo_exchange { const char *ask, *answer[2]; };
struct demo_script {
    const char *language;               /* BCP 47 */
    const char *title;                  /* of the interview */
    const char *system;
    const char *criterion;
    const struct demo_exchange *exchanges; int n;
    const char *goodbye, *thanks;
    const char *rationale, *summary;    /* of its assessment */
};

struct demo_role {
    const char *title, *label;          /* the position, and the profession in a resume */
    const char *topics[4];              /* keys; the last may be NULL */
    const char *skills[12];
    const char *work[6];                /* what somebody did there: lines of a resume */
};

/* Names: native spelling, and the Latin one for the email address and for speaking; NULL where they are the same. */
struct demo_name { const char *native, *latin; };
struct demo_people {
    const char *locale, *country, *timezone, *phone;
    const char *cities[4];
    const char *study[2];               /* where one graduates */
    const char *language;               /* in English, for the resume */
    bool family_first;
    const struct demo_name *given, *family; int ngiven, nfamily;
};

struct demo_list { const char *const *of; int n; };
struct demo_exchanges { const struct demo_exchange *of; int n; };

extern const struct demo_topic demo_texts_sql, demo_texts_data, demo_texts_c, demo_texts_python, demo_texts_frontend, demo_texts_sre,
                               demo_texts_product, demo_texts_behaviour, demo_texts_design;
extern const struct demo_exercise demo_texts_exercises[];   extern const int demo_texts_nexercises;
extern const struct demo_script   demo_texts_scripts[];     extern const int demo_texts_nscripts;
extern const struct demo_role     demo_texts_roles[];       extern const int demo_texts_nroles;
extern const struct demo_people   demo_texts_people[];      extern const int demo_texts_npeople;

/* Small talk and everything between the questions. */
struct demo_scenes {
    const char *system;
    struct demo_exchanges greeting, greeting_human, format, format_human, closer_look;
    struct demo_list introduce, introduction;
    struct demo_list opener, brief, spoken, hedge, experience;  /* around an answer; `brief` before one to a further question */
    struct demo_list praise, neutral, patient, next;            /* the interviewer after one, and before the next */
    struct demo_list aside, aside_answer;                       /* the candidate asks something back; same index */
    struct demo_list observer, observer_pleased;
    struct demo_list any_questions, wants_to_know, told;        /* the last two by the same index */
    struct demo_list goodbye, thanks;
    struct demo_list interviewers, companies, products;
    struct demo_list overridden, rejected, withdrawn, cancelled, terminated, failed;    /* reasons */
};
extern const struct demo_scenes demo_texts_scenes;

#endif

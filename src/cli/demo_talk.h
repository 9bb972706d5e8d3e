/*
 * A whole interview as it is spoken, made from a seed, a number and the person interviewed: what is said by whom, tool calls and
 * their results, and which sentences an assessor would point at.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DEMO_TALK_H
#define KEELSON_CLI_DEMO_TALK_H

#include "base/arena.h"
#include "base/json.h"
#include "cli/demo_person.h"

#define DEMO_TALK_TURNS    240
#define DEMO_TALK_EVIDENCE 64

enum demo_kind { DEMO_AI_TEXT, DEMO_AI_VOICE, DEMO_HUMAN, DEMO_ASSISTED };
enum demo_level { DEMO_WEAK, DEMO_FAIR, DEMO_STRONG };

struct demo_turn {
    const char *role;                   /* as the messages of a session name it */
    const char *name;                   /* who, or which tool; may be NULL */
    struct span content;                /* n = 0: none, there are tool calls */
    const char *tool_calls;             /* JSON; may be NULL */
    const char *tool_call_id;           /* may be NULL */
    const char *phase, *topic, *question;       /* the last two may be NULL */
    bool        generated;              /* by a model */
    int         pause_ms;               /* since the turn before */
    int         input_tokens, output_tokens;
};

/* What an answer showed. */
struct demo_evidence {
    const char     *criterion, *about;
    int             seq;                /* of the answer, from 1 */
    struct span     quote;              /* stands in that answer as it is */
    enum demo_level level;
};

struct demo_talk {
    const struct demo_person *person;
    const struct demo_script *script;   /* NULL: in English */
    enum demo_kind            kind;
    const char               *title, *language;
    const char               *provider, *model;     /* NULL with a human interviewer */
    const char               *interviewer;          /* a person's name, or NULL */
    struct demo_turn          turns[DEMO_TALK_TURNS];           int n;
    struct demo_evidence      evidence[DEMO_TALK_EVIDENCE];     int nevidence;
    const char               *criteria[5];                      int ncriteria;
};

/* Memory in `a`, which also holds the result; `p` is kept.  Attempts of one round differ in what is said, not in what they are. */
struct demo_talk *demo_talk_make(struct arena *a, const struct demo_person *p, int round, int attempt);

/* As a message to append.  `occurred` 0: now, the service decides. */
void demo_talk_message(struct json_out *o, const struct demo_talk *t, int seq, usec occurred);
/* Time between the first turn and turn `seq`. */
usec demo_talk_elapsed(const struct demo_talk *t, int seq);
const char *demo_talk_kind(const struct demo_talk *t);       /* "ai_text" */

#endif

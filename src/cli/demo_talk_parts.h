/*
 * How an interview is put together, for demo_talk.c: adding turns, choosing texts, and the scenes of a question and an exercise.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DEMO_TALK_PARTS_H
#define KEELSON_CLI_DEMO_TALK_PARTS_H

#include "cli/demo_random.h"
#include "cli/demo_talk.h"

struct demo_composer {
    struct arena            *arena;
    struct demo_talk        *talk;
    struct demo_random       random;
    const char              *phase;
    const struct demo_topic *topic;     /* NULL outside of one */
    const char              *question;  /* its key; NULL outside of one */
    bool                     turning;   /* a topic has begun, and nothing was asked about it yet */
    const char              *recent[8]; /* chosen lately, not to be said again at once */
    int                      nrecent;
    int                      calls;     /* of tools */
    size_t                   heard;     /* bytes so far: what a model reads again with each turn */
};

/* ---- turns ---- */
void demo_talk_say(struct demo_composer *c, const char *role, struct span content);
void demo_talk_ask(struct demo_composer *c, struct span content);           /* the interviewer */
void demo_talk_answer(struct demo_composer *c, struct span content);        /* the candidate */
/* A call and its result; both buffers are used up. */
void demo_talk_tool(struct demo_composer *c, const char *name, struct buf *args, struct buf *result, int took_ms);
/* Something in the last turn, quoted. */
void demo_talk_evidence(struct demo_composer *c, const char *criterion, const char *about, struct span quote, enum demo_level level);

/* ---- texts ---- */
const char *demo_talk_pick(struct demo_composer *c, const struct demo_list *l);     /* none that was picked lately */
struct span demo_talk_fill(struct demo_composer *c, const char *text);
struct span demo_talk_join(struct demo_composer *c, const char *first, const char *then);   /* with a blank, filled */
void demo_talk_member(struct json_out *o, const char *key, const char *value);
enum demo_level demo_talk_level(struct demo_composer *c);

/* ---- scenes ---- */
void demo_talk_question(struct demo_composer *c, const struct demo_question *q);
void demo_talk_exercise(struct demo_composer *c, const struct demo_exercise *x);

#endif

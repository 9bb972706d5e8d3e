/*
 * The interviewer follows the plan of the position: topic by topic, digging where an answer stays general.  How well the
 * candidate answers depends on the person and on the day.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_talk.h"

#include <string.h>

#include "base/attr.h"
#include "cli/demo_talk_parts.h"

#define STREAM 16

static const struct { const char *provider, *model; } models[] = {
    { "anthropic", "claude-sonnet-4" }, { "openai", "gpt-4.1" }, { "mistral", "mistral-large-2411" }, { "vllm", "llama-3.3-70b-instruct" },
};
static const struct { const char *name; int weight; } kinds[] = {
    [DEMO_AI_TEXT] = { "ai_text", 50 }, [DEMO_AI_VOICE] = { "ai_voice", 25 }, [DEMO_HUMAN] = { "human", 10 }, [DEMO_ASSISTED] = { "human_ai_assisted", 15 },
};
static const struct demo_topic *const topics[] = {
    &demo_texts_sql, &demo_texts_data, &demo_texts_c, &demo_texts_python, &demo_texts_frontend, &demo_texts_sre, &demo_texts_product,
    &demo_texts_behaviour, &demo_texts_design,
};

const char *demo_talk_kind(const struct demo_talk *t)
{
    return kinds[t->kind].name;
}

static const struct demo_topic *topic_find(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(topics); i++)
        if (strcmp(topics[i]->key, key) == 0)
            return topics[i];
    return NULL;
}

/* ---- around the questions ---- */

static void exchange(struct demo_composer *c, const char *before, const struct demo_exchanges *l)
{
    const struct demo_exchange *x = &l->of[demo_random_below(&c->random, l->n)];

    demo_talk_ask(c, demo_talk_join(c, before, x->ask));
    demo_talk_answer(c, demo_talk_fill(c, x->answer[demo_random_below(&c->random, 2)]));
}

static void open_talk(struct demo_composer *c)
{
    const struct demo_scenes *s = &demo_texts_scenes;
    bool human = c->talk->kind == DEMO_HUMAN;

    c->phase = "opening";
    if (!human)
        demo_talk_say(c, "system", demo_talk_fill(c, s->system));
    exchange(c, "", human ? &s->greeting_human : &s->greeting);
    exchange(c, "", human ? &s->format_human : &s->format);
    c->phase = "experience";
    demo_talk_ask(c, demo_talk_fill(c, demo_talk_pick(c, &s->introduce)));
    demo_talk_answer(c, demo_talk_fill(c, demo_talk_pick(c, &s->introduction)));
    exchange(c, demo_talk_pick(c, &s->neutral), &s->closer_look);
}

static void close_talk(struct demo_composer *c)
{
    const struct demo_scenes *s = &demo_texts_scenes;
    int first = demo_random_below(&c->random, s->told.n), n = demo_random_between(&c->random, 1, 2);

    c->phase = "closing";
    c->topic = NULL;
    c->question = NULL;
    demo_talk_ask(c, demo_talk_fill(c, demo_talk_pick(c, &s->any_questions)));
    for (int i = 0; i < n; i++) {
        int at = (first + 3 * i) % s->told.n;

        demo_talk_answer(c, demo_talk_fill(c, s->wants_to_know.of[at]));
        demo_talk_ask(c, demo_talk_fill(c, s->told.of[at]));
    }
    demo_talk_answer(c, SPAN("Thank you, that answers it."));
    demo_talk_ask(c, demo_talk_fill(c, demo_talk_pick(c, &s->goodbye)));
    demo_talk_answer(c, demo_talk_fill(c, demo_talk_pick(c, &s->thanks)));
}

/* ---- topics ---- */

static void topic_rubric(struct demo_composer *c, const struct demo_topic *t)
{
    struct buf args = BUF(4096), result = BUF(4096);
    struct json_out a = JSON_OUT(&args), r = JSON_OUT(&result);
    static const char *const points[] = { "1", "3", "5" };

    json_open(&a, '{');
    demo_talk_member(&a, "topic", t->key);
    demo_talk_member(&a, "position", c->talk->person->role->title);
    json_close(&a, '}');
    json_open(&r, '{');
    demo_talk_member(&r, "criterion", t->criterion);
    json_key(&r, "levels");
    json_open(&r, '{');
    for (size_t i = 0; i < ARRAY_LEN(points); i++)
        demo_talk_member(&r, points[i], t->rubric[i]);
    json_close(&r, '}');
    json_close(&r, '}');
    demo_talk_tool(c, "get_rubric", &args, &result, 250);
}

static const struct demo_exercise *exercise_find(struct demo_composer *c, const char *topic)
{
    const struct demo_exercise *found[8];
    int n = 0;

    for (int i = 0; i < demo_texts_nexercises && n < (int)ARRAY_LEN(found); i++)
        if (strcmp(demo_texts_exercises[i].topic, topic) == 0)
            found[n++] = &demo_texts_exercises[i];
    return n > 0 ? found[demo_random_below(&c->random, n)] : NULL;
}

/* Two or three different questions, in the order of the table. */
static void topic_run(struct demo_composer *c, const struct demo_topic *t)
{
    int left = demo_random_between(&c->random, 2, 3);
    int from = demo_random_below(&c->random, t->n - left + 1);

    c->talk->criteria[c->talk->ncriteria++] = t->criterion;
    c->topic = t;
    c->phase = "question";
    c->turning = true;
    if (c->talk->kind != DEMO_HUMAN)
        topic_rubric(c, t);
    for (int i = from; i < t->n && left > 0; i++)
        if (t->n - i <= left || demo_random_chance(&c->random, 60)) {
            demo_talk_question(c, &t->questions[i]);
            left--;
        }
}

static void topics_run(struct demo_composer *c)
{
    const struct demo_role *role = c->talk->person->role;
    const struct demo_exercise *exercise;
    bool done = c->talk->kind == DEMO_AI_VOICE || c->talk->kind == DEMO_HUMAN;
    int skip = role->topics[3] && demo_random_chance(&c->random, 55) ? demo_random_between(&c->random, 1, 2) : -1;

    for (int i = 0; i < (int)ARRAY_LEN(role->topics); i++) {
        if (!role->topics[i] || i == skip)
            continue;
        topic_run(c, topic_find(role->topics[i]));
        exercise = done ? NULL : exercise_find(c, role->topics[i]);
        if (exercise) {
            demo_talk_exercise(c, exercise);
            done = true;
        }
    }
}

/* ---- other languages ---- */

static void script_run(struct demo_composer *c, const struct demo_script *s)
{
    c->talk->criteria[c->talk->ncriteria++] = s->criterion;
    c->phase = "opening";
    demo_talk_say(c, "system", demo_talk_fill(c, s->system));
    for (int i = 0; i < s->n; i++) {
        const struct demo_exchange *x = &s->exchanges[i];
        struct span said = demo_talk_fill(c, x->answer[demo_random_below(&c->random, 2)]);

        c->phase = i < 2 ? "opening" : i + 1 < s->n ? "question" : "closing";
        demo_talk_ask(c, demo_talk_fill(c, x->ask));
        demo_talk_answer(c, said);
        if (i > 2 && i + 1 < s->n)
            demo_talk_evidence(c, s->criterion, s->criterion, said, demo_talk_level(c));
    }
    demo_talk_ask(c, demo_talk_fill(c, s->goodbye));
    demo_talk_answer(c, demo_talk_fill(c, s->thanks));
}

/* ---- the whole ---- */

/* A first interview in the candidate's own language, where there is one. */
static const struct demo_script *script_of(struct demo_random *r, const struct demo_person *p)
{
    for (int i = 0; i < demo_texts_nscripts; i++)
        if (strncmp(p->people->locale, demo_texts_scripts[i].language, 2) == 0)
            return demo_random_chance(r, 35) ? &demo_texts_scripts[i] : NULL;
    return NULL;
}

static enum demo_kind kind_of(struct demo_random *r)
{
    int at = demo_random_below(r, 100), kind = 0;

    while (at >= kinds[kind].weight)
        at -= kinds[kind++].weight;
    return (enum demo_kind)kind;
}

static void describe(struct arena *a, struct demo_talk *t, int round)
{
    const struct demo_person *p = t->person;
    struct demo_random r = demo_random_of(p->seed, STREAM, (uint64_t)p->number * 64 + (uint64_t)round);
    int model = demo_random_below(&r, (int)ARRAY_LEN(models));
    const struct demo_list *names = &demo_texts_scenes.interviewers;

    t->script = round == 1 ? script_of(&r, p) : NULL;
    t->kind = t->script ? DEMO_AI_TEXT : kind_of(&r);
    t->language = t->script ? t->script->language : "en";
    t->interviewer = t->kind == DEMO_HUMAN || t->kind == DEMO_ASSISTED ? names->of[demo_random_below(&r, names->n)] : NULL;
    if (t->kind != DEMO_HUMAN) {
        t->provider = models[model].provider;
        t->model = models[model].model;
    }
    t->title = arena_printf(a, "%s: %s", t->script ? t->script->title : round == 1 ? "Technical interview" : round == 2 ? "Second interview" : "Final interview",
                            p->role->title);
}

struct demo_talk *demo_talk_make(struct arena *a, const struct demo_person *p, int round, int attempt)
{
    struct demo_talk *t = arena_new(a, struct demo_talk);
    uint64_t number = (uint64_t)p->number * 64 + (uint64_t)round * 8 + (uint64_t)attempt;
    struct demo_composer c = { .arena = a, .talk = t, .random = demo_random_of(p->seed, STREAM + 1, number) };

    t->person = p;
    describe(a, t, round);
    if (t->script) {
        script_run(&c, t->script);
        return t;
    }
    open_talk(&c);
    topics_run(&c);
    close_talk(&c);
    return t;
}

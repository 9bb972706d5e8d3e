/*
 * A question with its answer and what follows from it; an exercise with its first attempt, the mistake in it and the correction.
 */
// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <string.h>

#include "base/attr.h"
#include "cli/demo_talk_parts.h"

#define ANSWER_MAX ((size_t)16 * 1024)

/* ---- choosing ---- */

static bool technical(const struct demo_composer *c)
{
    return c->topic != &demo_texts_behaviour && c->topic != &demo_texts_product;
}

static bool recent(const struct demo_composer *c, const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(c->recent); i++)
        if (c->recent[i] == text)
            return *text != '\0';
    return false;
}

const char *demo_talk_pick(struct demo_composer *c, const struct demo_list *l)
{
    const char *text = l->of[demo_random_below(&c->random, l->n)];

    for (int tries = 0; tries < 6 && recent(c, text); tries++)
        text = l->of[demo_random_below(&c->random, l->n)];
    c->recent[c->nrecent++ % (int)ARRAY_LEN(c->recent)] = text;
    return text;
}

struct span demo_talk_fill(struct demo_composer *c, const char *text)
{
    return demo_person_fill(c->arena, c->talk->person, text, NULL);
}

struct span demo_talk_join(struct demo_composer *c, const char *first, const char *then)
{
    return demo_talk_fill(c, arena_printf(c->arena, "%s%s%s", first, *first && *then ? " " : "", then));
}

void demo_talk_member(struct json_out *o, const char *key, const char *value)
{
    json_key(o, key);
    json_cstring(o, value);
}

/* The person's ability, give or take the day and the topic. */
enum demo_level demo_talk_level(struct demo_composer *c)
{
    int today = c->talk->person->ability + demo_random_between(&c->random, -22, 22);

    return today >= 52 ? DEMO_STRONG : today >= 30 ? DEMO_FAIR : DEMO_WEAK;
}

static const char *acknowledge(struct demo_composer *c, enum demo_level level)
{
    const struct demo_scenes *s = &demo_texts_scenes;

    if (level == DEMO_STRONG && demo_random_chance(&c->random, 60))
        return demo_talk_pick(c, &s->praise);
    return demo_talk_pick(c, level == DEMO_WEAK ? &s->patient : &s->neutral);
}

/* ---- answers ---- */

/* "The lock ..." may follow "Um, " as "the lock ..."; "EXPLAIN" and "I" stay. */
static bool may_be_lowered(const char *text)
{
    static const char *const words[] = { "The ", "A ", "An ", "First", "If ", "In ", "By ", "Each ", "It", "We ", "They ", "Most ", "Only ", "Often ", "With ", "When ",
                                         "For ", "That", "There", "Under ", "Usually ", "Not ", "How ", "Before ", "On ", "As " };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strncmp(text, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

static void begin(struct demo_composer *c, struct buf *b, const struct demo_list *opener, const char *text)
{
    const struct demo_scenes *s = &demo_texts_scenes;

    if (c->talk->kind == DEMO_AI_VOICE && demo_random_chance(&c->random, 45) && (may_be_lowered(text) || strncmp(text, "I", 1) == 0)) {
        buf_str(b, demo_talk_pick(c, &s->spoken));
        if (may_be_lowered(text))
            buf_char(b, (char)tolower((unsigned char)*text++));
    } else {
        buf_str(b, demo_talk_pick(c, opener));
    }
    buf_str(b, text);
}

static struct span finish(struct demo_composer *c, struct buf *b)
{
    struct span text = demo_talk_fill(c, buf_cstr(b));

    buf_free(b);
    return text;
}

/* How many sentences of the good answer are said: of a strong one most, of a fair one two. */
static struct span informed(struct demo_composer *c, const struct demo_question *q, enum demo_level level, const char **quote)
{
    const struct demo_scenes *s = &demo_texts_scenes;
    struct buf b = BUF(ANSWER_MAX);
    int there = 0, said = 0, wanted;

    while (there < DEMO_POINTS && q->points[there])
        there++;
    wanted = level == DEMO_STRONG ? demo_random_between(&c->random, 3, there < 4 ? there : 4) : 2;
    for (int i = 0; i < there && said < wanted; i++) {      /* the first is what the others hang on */
        if (i > 0 && there - i > wanted - said && !demo_random_chance(&c->random, 60))
            continue;
        if (said == 0)
            begin(c, &b, &s->opener, q->points[i]);
        else
            buf_printf(&b, "%s%s", said == 2 && c->talk->kind == DEMO_AI_TEXT && demo_random_chance(&c->random, 40) ? "\n\n" : " ", q->points[i]);
        if (++said == 2)                /* the first may have been lowered */
            *quote = q->points[i];
    }
    if (level == DEMO_FAIR && technical(c) && demo_random_chance(&c->random, 60))
        buf_printf(&b, " %s", demo_talk_pick(c, &s->hedge));
    if (level == DEMO_STRONG && technical(c) && demo_random_chance(&c->random, 25))
        buf_printf(&b, " %s", demo_talk_pick(c, &s->experience));
    return finish(c, &b);
}

static struct span vague(struct demo_composer *c, const struct demo_question *q, const char **quote)
{
    *quote = q->vague[demo_random_below(&c->random, 2)];
    return demo_talk_fill(c, *quote);
}

/* ---- between ---- */

/* Something that interrupts: a lost connection, a question back. */
static void aside(struct demo_composer *c, const char *ask)
{
    const struct demo_scenes *s = &demo_texts_scenes;
    int at = demo_random_below(&c->random, technical(c) ? s->aside.n : s->aside.n - 2);     /* the last two are about systems */

    demo_talk_answer(c, demo_talk_fill(c, s->aside.of[at]));
    demo_talk_ask(c, demo_person_fill(c->arena, c->talk->person, s->aside_answer.of[at], demo_talk_fill(c, ask).p));
}

static void observe(struct demo_composer *c, enum demo_level level)
{
    const struct demo_scenes *s = &demo_texts_scenes;

    if (c->talk->kind == DEMO_ASSISTED && demo_random_chance(&c->random, 25))
        demo_talk_say(c, "observer", demo_talk_fill(c, demo_talk_pick(c, level == DEMO_STRONG ? &s->observer_pleased : &s->observer)));
}

static void note(struct demo_composer *c, const struct demo_question *q, enum demo_level level, struct span quote)
{
    struct buf args = BUF(ANSWER_MAX), result = BUF(256);
    struct json_out o = JSON_OUT(&args);

    if (c->talk->kind == DEMO_HUMAN || !demo_random_chance(&c->random, 75)) {
        buf_free(&args);
        return;
    }
    json_open(&o, '{');
    demo_talk_member(&o, "question", q->key);
    json_key(&o, "points");
    json_int(&o, level == DEMO_STRONG ? demo_random_between(&c->random, 4, 5) : level == DEMO_FAIR ? 3 : demo_random_between(&c->random, 1, 2));
    json_key(&o, "quote");
    json_string(&o, quote);
    json_close(&o, '}');
    buf_printf(&result, "{\"stored\":true,\"note\":\"n-%02d\"}", c->calls + 1);
    demo_talk_tool(c, "record_note", &args, &result, 60);
}

static void dig(struct demo_composer *c, const struct demo_question *q, const struct demo_more *m, enum demo_level before)
{
    enum demo_level level = demo_talk_level(c);
    struct buf b = BUF(ANSWER_MAX);
    struct span said, quote;
    const char *text = level == DEMO_WEAK || (level == DEMO_FAIR && demo_random_chance(&c->random, 40)) ? m->poor : m->good[demo_random_below(&c->random, 2)];

    if (text == m->poor)
        level = DEMO_WEAK;
    demo_talk_ask(c, demo_talk_join(c, acknowledge(c, before), m->ask));
    begin(c, &b, &demo_texts_scenes.brief, text);
    said = finish(c, &b);
    demo_talk_answer(c, said);
    quote = demo_talk_fill(c, text + 1);        /* the first letter may have been lowered */
    if (quote.n < said.n)
        quote = (struct span){ said.p + said.n - quote.n - 1, quote.n + 1 };
    demo_talk_evidence(c, c->topic->criterion, q->about, quote, level);
}

/* ---- a question ---- */

static const char *lead(struct demo_composer *c)
{
    const struct demo_scenes *s = &demo_texts_scenes;
    const char *text = c->turning ? c->topic->opening : demo_talk_pick(c, &s->next);

    c->turning = false;
    return arena_printf(c->arena, "%s%s%s", demo_talk_pick(c, &s->neutral), *text ? " " : "", text);
}

void demo_talk_question(struct demo_composer *c, const struct demo_question *q)
{
    enum demo_level level = demo_talk_level(c);
    const char *ask = q->ask[demo_random_below(&c->random, 2)], *quote = NULL;
    struct span said, quoted;

    c->question = q->key;
    c->phase = "question";
    demo_talk_ask(c, demo_talk_join(c, lead(c), ask));
    if (demo_random_chance(&c->random, 9))
        aside(c, ask);
    said = level == DEMO_WEAK ? vague(c, q, &quote) : informed(c, q, level, &quote);
    demo_talk_answer(c, said);
    quoted = quote ? demo_talk_fill(c, quote) : said;
    demo_talk_evidence(c, c->topic->criterion, q->about, quoted, level);
    observe(c, level);
    c->phase = "follow-up";
    if (level != DEMO_WEAK && demo_random_chance(&c->random, 85))
        dig(c, q, &q->more[0], level);
    if (demo_random_chance(&c->random, level == DEMO_WEAK ? 80 : 45))
        dig(c, q, &q->more[1], c->talk->evidence[c->talk->nevidence - 1].level);
    note(c, q, level, quoted);
}

/* ---- an exercise ---- */

static void run_code(struct demo_composer *c, const struct demo_exercise *x, const char *code, const char *out, const char *problem)
{
    struct buf args = BUF(ANSWER_MAX), result = BUF(ANSWER_MAX);
    struct json_out a = JSON_OUT(&args), r = JSON_OUT(&result);

    json_open(&a, '{');
    demo_talk_member(&a, "language", x->language);
    demo_talk_member(&a, "code", code);
    demo_talk_member(&a, "tests", x->key);
    json_close(&a, '}');
    json_open(&r, '{');
    json_key(&r, "exit_code");
    json_int(&r, *problem ? 1 : 0);
    demo_talk_member(&r, "stdout", out);
    demo_talk_member(&r, "stderr", problem);
    json_key(&r, "duration_ms");
    json_int(&r, demo_random_between(&c->random, 40, 900));
    json_close(&r, '}');
    demo_talk_tool(c, "run_code", &args, &result, 700);
}

static struct span with_code(struct demo_composer *c, const char *text, const struct demo_exercise *x, const char *code)
{
    const char *whole = arena_printf(c->arena, "%s\n\n```%s\n%s```", text, x->language, code);

    return span_of(whole);
}

static void attempt(struct demo_composer *c, const struct demo_exercise *x, enum demo_level *level)
{
    if (*level == DEMO_STRONG && demo_random_chance(&c->random, 45)) {
        demo_talk_answer(c, with_code(c, x->plan, x, x->right));
        run_code(c, x, x->right, x->right_out, "");
        return;
    }
    demo_talk_answer(c, with_code(c, x->plan, x, x->wrong));
    run_code(c, x, x->wrong, x->wrong_out, x->wrong_err);
    demo_talk_ask(c, span_of(x->hint));
    if (*level == DEMO_WEAK) {
        demo_talk_answer(c, SPAN("Hm. I don't see it right now, sorry. I'd need the debugger for that."));
        demo_talk_evidence(c, c->topic->criterion, x->about, SPAN("I don't see it right now, sorry."), DEMO_WEAK);
        return;
    }
    demo_talk_answer(c, with_code(c, x->seen, x, x->right));
    demo_talk_evidence(c, c->topic->criterion, x->about, span_of(x->seen), *level);
    run_code(c, x, x->right, x->right_out, "");
}

void demo_talk_exercise(struct demo_composer *c, const struct demo_exercise *x)
{
    enum demo_level level = demo_talk_level(c);

    c->phase = "exercise";
    c->question = x->key;
    demo_talk_ask(c, span_of(x->ask));
    if (demo_random_chance(&c->random, 30)) {
        demo_talk_answer(c, SPAN("May I use the standard library? And should it be as short as possible or as readable as possible?"));
        demo_talk_ask(c, SPAN("Yes, whatever comes with the language. Readable, please."));
    }
    attempt(c, x, &level);
    if (level == DEMO_WEAK) {
        demo_talk_ask(c, SPAN("That's all right. The idea was the right one, and that is what I wanted to see. Let's go on."));
        return;
    }
    demo_talk_ask(c, span_of(x->after));
    demo_talk_answer(c, span_of(level == DEMO_STRONG ? x->after_good : x->after_poor));
    demo_talk_evidence(c, c->topic->criterion, x->about, span_of(level == DEMO_STRONG ? x->after_good : x->after_poor), level);
}

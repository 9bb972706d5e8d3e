/*
 * Turns of an interview: who, what, how long after the one before, at how many tokens.
 */
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "cli/demo_talk_parts.h"

#define ARGUMENTS_MAX ((size_t)16 * 1024)
#define PROMPT_TOKENS 180               /* tools and framing, sent with each turn */

static int tokens(size_t bytes)
{
    return (int)(bytes / 4) + 3;
}

/* People read, think, then type or speak; models answer in seconds. */
static int pause_of(struct demo_composer *c, const char *role, size_t bytes)
{
    int words = (int)(bytes / 6) + 1;
    bool spoken = c->talk->kind != DEMO_AI_TEXT;

    if (c->talk->n == 0 || strcmp(role, "system") == 0)
        return 0;
    if (strcmp(role, "user") == 0)
        return demo_random_between(&c->random, 4000, 40000) + words * (spoken ? 400 : 1300);
    if (strcmp(role, "assistant") == 0)
        return demo_random_between(&c->random, 900, 3800) + (c->talk->kind == DEMO_HUMAN || spoken ? words * 300 : words * 25);
    return demo_random_between(&c->random, 2000, 20000);
}

static struct demo_turn *add(struct demo_composer *c, const char *role, struct span content)
{
    struct demo_turn *t = &c->talk->turns[c->talk->n];
    bool assistant = strcmp(role, "assistant") == 0;

    if (c->talk->n == DEMO_TALK_TURNS)
        err_die("an interview of the demonstration data has more than %d turns", DEMO_TALK_TURNS);
    *t = (struct demo_turn){
        .role = role, .content = content, .phase = c->phase, .topic = c->topic ? c->topic->key : NULL, .question = c->question,
        .generated = assistant && c->talk->model, .pause_ms = pause_of(c, role, content.n),
    };
    if (t->generated) {
        t->input_tokens = tokens(c->heard) + PROMPT_TOKENS;
        t->output_tokens = tokens(content.n);
    }
    c->heard += content.n;
    c->talk->n++;
    return t;
}

void demo_talk_say(struct demo_composer *c, const char *role, struct span content)
{
    struct demo_turn *t = add(c, role, content);

    if (strcmp(role, "observer") == 0)
        t->name = c->talk->interviewer;
}

void demo_talk_ask(struct demo_composer *c, struct span content)
{
    struct demo_turn *t = add(c, "assistant", content);

    if (!t->generated)
        t->name = c->talk->interviewer;
}

void demo_talk_answer(struct demo_composer *c, struct span content)
{
    add(c, "user", content);
}

void demo_talk_tool(struct demo_composer *c, const char *name, struct buf *args, struct buf *result, int took_ms)
{
    const char *id = arena_printf(c->arena, "call_%02d_%04x", ++c->calls, demo_random_below(&c->random, 0x10000));
    struct buf calls = BUF(ARGUMENTS_MAX);
    struct json_out o = JSON_OUT(&calls);
    struct demo_turn *t = add(c, "assistant", SPAN_NONE);

    json_open(&o, '[');
    json_open(&o, '{');
    demo_talk_member(&o, "id", id);
    demo_talk_member(&o, "type", "tool_call");
    demo_talk_member(&o, "name", name);
    json_key(&o, "args");
    json_raw(&o, buf_span(args));
    json_close(&o, '}');
    json_close(&o, ']');
    t->tool_calls = arena_strdup(c->arena, buf_span(&calls));
    t->output_tokens = tokens(calls.n);
    c->heard += calls.n;
    t = add(c, "tool", arena_span(c->arena, buf_span(result)));
    t->name = name;
    t->tool_call_id = id;
    t->pause_ms = took_ms + demo_random_below(&c->random, took_ms);
    buf_free(&calls);
    buf_free(args);
    buf_free(result);
}

void demo_talk_evidence(struct demo_composer *c, const char *criterion, const char *about, struct span quote, enum demo_level level)
{
    if (c->talk->nevidence < DEMO_TALK_EVIDENCE)
        c->talk->evidence[c->talk->nevidence++] = (struct demo_evidence){ criterion, about, c->talk->n, quote, level };
}

/* ---- as messages ---- */

usec demo_talk_elapsed(const struct demo_talk *t, int seq)
{
    usec sum = 0;

    for (int i = 1; i < seq && i < t->n; i++)
        sum += t->turns[i].pause_ms * USEC_MS;
    return sum;
}

static void provenance(struct json_out *o, const struct demo_talk *t, const struct demo_turn *u)
{
    demo_talk_member(o, "provider", t->provider);
    demo_talk_member(o, "model", t->model);
    demo_talk_member(o, "prompt_version", t->script ? "screening/1.2" : "interviewer/2.3");
    json_key(o, "input_tokens");
    json_int(o, u->input_tokens);
    json_key(o, "output_tokens");
    json_int(o, u->output_tokens);
}

static void metadata(struct json_out *o, const struct demo_turn *u)
{
    json_key(o, "metadata");
    json_open(o, '{');
    demo_talk_member(o, "phase", u->phase);
    if (u->topic)
        demo_talk_member(o, "topic", u->topic);
    if (u->question)
        demo_talk_member(o, "question", u->question);
    if (u->generated) {
        json_key(o, "latency_ms");
        json_int(o, u->pause_ms);
    }
    json_close(o, '}');
}

void demo_talk_message(struct json_out *o, const struct demo_talk *t, int seq, usec occurred)
{
    const struct demo_turn *u = &t->turns[seq - 1];
    char text[CLOCK_RFC3339], id[16];

    snprintf(id, sizeof id, "turn-%d", seq);
    json_open(o, '{');
    demo_talk_member(o, "role", u->role);
    if (u->name)
        demo_talk_member(o, "name", u->name);
    if (u->content.n > 0) {
        json_key(o, "content");
        json_string(o, u->content);
    }
    if (u->tool_calls) {
        json_key(o, "tool_calls");
        json_raw(o, span_of(u->tool_calls));
    }
    if (u->tool_call_id)
        demo_talk_member(o, "tool_call_id", u->tool_call_id);
    demo_talk_member(o, "client_message_id", id);
    if (u->generated)
        provenance(o, t, u);
    metadata(o, u);
    if (occurred) {
        clock_rfc3339(occurred, text);
        demo_talk_member(o, "occurred_at", text);
    }
    json_close(o, '}');
}

/*
 * The score of a criterion is the mean of what its answers showed; the best and the weakest of them are quoted.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_assessment.h"

#include <string.h>

#include "base/attr.h"
#include "cli/demo_random.h"
#include "cli/demo_talk_parts.h"

#define STREAM 48

struct judged {                         /* one criterion; scores in tenths, 10..50 */
    const char                 *criterion;
    int                         score, answers;
    const struct demo_evidence *best, *worst;
};

/* ---- what becomes of it ---- */

static const struct { const char *course; int weight; struct demo_verdict verdicts[DEMO_VERDICTS]; int n; } ends[] = {
    { "done",   56, { { "ai", "submitted", { "approved" }, NULL, false } }, 1 },
    { "done",   12, { { "ai", "submitted", { "under_review", "approved" }, NULL, false } }, 1 },
    { "done",   10, { { "ai", "submitted", { "overridden" }, "overridden", false }, { "human", "submitted", { "approved" }, NULL, false } }, 2 },
    { "done",    6, { { "ai", "submitted", { "under_review", "rejected" }, NULL, false }, { "human", "submitted", { "approved" }, NULL, true } }, 2 },
    { "done",    6, { { "ai", "submitted", { "voided" }, NULL, false }, { "hybrid", "submitted", { "approved" }, NULL, true } }, 2 },
    { "done",   10, { { "ai", "submitted", { "approved" }, NULL, false }, { "human", "submitted", { "approved" }, NULL, false } }, 2 },
    { "review", 45, { { "ai", "submitted", { NULL }, NULL, false } }, 1 },
    { "review", 35, { { "ai", "submitted", { "under_review" }, NULL, false } }, 1 },
    { "review", 20, { { "ai", "submitted", { NULL }, NULL, false }, { "human", "draft", { NULL }, NULL, false } }, 2 },
};

int demo_assessment_plan(const struct demo_person *p, const struct demo_course *course, int round, struct demo_verdict out[DEMO_VERDICTS])
{
    struct demo_random r = demo_random_of(p->seed, STREAM, (uint64_t)(p->number * 8 + round));
    const char *of = strcmp(course->name, "review") == 0 ? "review" : "done";
    int at = demo_random_below(&r, 100);
    const struct demo_list *reasons = &demo_texts_scenes.overridden;

    if (!course->assessed)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (strcmp(ends[i].course, of) != 0 || (at -= ends[i].weight) >= 0)
            continue;
        memcpy(out, ends[i].verdicts, sizeof ends[i].verdicts);
        if (out[0].reason)
            out[0].reason = reasons->of[demo_random_below(&r, reasons->n)];
        return ends[i].n;
    }
    return 0;
}

/* ---- judging ---- */

static int judge(const struct demo_talk *t, int shift, struct judged out[])
{
    static const int tenths[] = { [DEMO_WEAK] = 17, [DEMO_FAIR] = 31, [DEMO_STRONG] = 46 };
    int n = 0;

    for (int i = 0; i < t->ncriteria; i++) {
        struct judged j = { .criterion = t->criteria[i] };
        int sum = 0;

        for (int k = 0; k < t->nevidence; k++) {
            const struct demo_evidence *e = &t->evidence[k];

            if (e->criterion != j.criterion)
                continue;
            sum += tenths[e->level];
            j.answers++;
            j.best = !j.best || e->level > j.best->level ? e : j.best;
            j.worst = !j.worst || e->level < j.worst->level ? e : j.worst;
        }
        if (j.answers == 0)
            continue;
        j.score = sum / j.answers + shift;
        j.score = j.score > 50 ? 50 : j.score < 10 ? 10 : j.score;
        out[n++] = j;
    }
    return n;
}

static int weight(int i)                /* the first topic of a position counts twice */
{
    return i == 0 ? 2 : 1;
}

static int overall(const struct judged *j, int n)      /* in tenths of a percent */
{
    int sum = 0, weights = 0;

    for (int i = 0; i < n; i++) {
        sum += j[i].score * weight(i);
        weights += weight(i);
    }
    return n > 0 ? sum * 20 / weights : 0;
}

static const char *recommendation(int score)
{
    static const struct { int least; const char *name; } names[] = {
        { 850, "strong_yes" }, { 700, "yes" }, { 560, "mixed" }, { 400, "no" }, { 0, "definitely_not" },
    };
    size_t i = 0;

    while (score < names[i].least)
        i++;
    return names[i].name;
}

/* ---- in words ---- */

static const char *rationale(struct arena *a, const struct demo_talk *t, const struct judged *j)
{
    if (t->script)
        return t->script->rationale;
    if (j->best->level == DEMO_WEAK)
        return arena_printf(a, "Stayed on the surface throughout; could not go deeper on %s when asked.", j->worst->about);
    if (j->worst->level == DEMO_STRONG)
        return arena_printf(a, "Convincing from the first answer on; explained %s without prompting and named what it costs.", j->best->about);
    if (j->worst->about == j->best->about)
        return arena_printf(a, "Knows the main points of %s; the further questions showed where it ends.", j->best->about);
    return arena_printf(a, "%s on %s; remained %s on %s.", j->best->level == DEMO_STRONG ? "Concrete and correct" : "Sound", j->best->about,
                        j->worst->level == DEMO_WEAK ? "vague" : "brief", j->worst->about);
}

static const char *summary(struct arena *a, const struct demo_talk *t, const struct demo_verdict *v, const struct judged *j, int n, int score)
{
    static const char *const advice[] = { "I would hire.", "I would invite to the next round.", "The team should talk about it.", "I would not go on." };
    const struct judged *best = &j[0], *worst = &j[0];
    int at = score >= 850 ? 0 : score >= 700 ? 1 : score >= 520 ? 2 : 3;

    if (t->script)
        return t->script->summary;
    for (int i = 1; i < n; i++) {
        best = j[i].score > best->score ? &j[i] : best;
        worst = j[i].score < worst->score ? &j[i] : worst;
    }
    if (v->kind[0] != 'a')
        return arena_printf(a, "I have read the whole conversation. What stays with me is %s: \"%.*s\" Under %s I would have asked more about %s. %s",
                            best->best->about, SPAN_ARG(best->best->quote), worst->criterion, worst->worst->about,
                            advice[at]);
    return arena_printf(a, "%s answered %d questions in %d minutes. Strongest in %s, especially %s. %s %s: \"%.*s\" %s", t->person->spoken, t->nevidence,
                        (int)(demo_talk_elapsed(t, t->n) / USEC_S / 60), best->criterion, best->best->about,
                        worst->worst->level == DEMO_WEAK ? "Weakest in" : "Least said about", worst->criterion, SPAN_ARG(worst->worst->quote),
                        advice[at]);
}

/* ---- as an object ---- */

static void tenths_member(struct json_out *o, struct arena *a, const char *key, int tenths)
{
    json_key(o, key);
    json_raw(o, span_of(arena_printf(a, "%d.%d", tenths / 10, tenths % 10)));
}

static void quote(struct json_out *o, const struct demo_evidence *e, struct span session)
{
    json_open(o, '{');
    demo_talk_member(o, "criterion", e->criterion);
    json_key(o, "session_id");
    json_string(o, session);
    json_key(o, "seqs");
    json_open(o, '[');
    json_int(o, e->seq);
    json_close(o, ']');
    json_key(o, "quote");
    json_string(o, e->quote);
    json_close(o, '}');
}

static void evidence(struct json_out *o, const struct judged *j, int n, struct span session)
{
    json_key(o, "evidence");
    json_open(o, '[');
    for (int i = 0; i < n; i++) {
        quote(o, j[i].best, session);
        if (j[i].worst != j[i].best)
            quote(o, j[i].worst, session);
    }
    json_close(o, ']');
}

static void scores(struct json_out *o, struct arena *a, const struct demo_talk *t, const struct judged *j, int n)
{
    json_key(o, "scores");
    json_open(o, '[');
    for (int i = 0; i < n; i++) {
        json_open(o, '{');
        demo_talk_member(o, "criterion", j[i].criterion);
        tenths_member(o, a, "score", j[i].score);
        json_key(o, "max_score");
        json_int(o, 5);
        json_key(o, "weight");
        json_int(o, weight(i));
        demo_talk_member(o, "rationale", rationale(a, t, &j[i]));
        json_key(o, "evidence_seq");
        json_open(o, '[');
        for (int k = 0; k < t->nevidence; k++)
            if (t->evidence[k].criterion == j[i].criterion)
                json_int(o, t->evidence[k].seq);
        json_close(o, ']');
        json_close(o, '}');
    }
    json_close(o, ']');
}

static const char *assessor(struct arena *a, const struct demo_talk *t, const struct demo_verdict *v)
{
    const struct demo_list *names = &demo_texts_scenes.interviewers;
    const char *person = names->of[(t->person->number + t->n) % names->n];

    if (strcmp(v->kind, "ai") == 0)
        return arena_printf(a, "assessor/1.4 (%s)", t->model ? t->model : "claude-sonnet-4");
    return strcmp(v->kind, "human") == 0 ? person : arena_printf(a, "%s with assessor/1.4", person);
}

static void details(struct json_out *o, const struct demo_talk *t)
{
    json_key(o, "details");
    json_open(o, '{');
    demo_talk_member(o, "rubric", t->script ? "screening/2025-1" : "technical/2025-3");
    demo_talk_member(o, "language", t->language);
    json_key(o, "minutes");
    json_int(o, demo_talk_elapsed(t, t->n) / USEC_S / 60);
    json_key(o, "answers");
    json_int(o, t->nevidence);
    json_close(o, '}');
}

void demo_assessment_write(struct json_out *o, struct arena *a, const struct demo_talk *t, const struct demo_verdict *v, struct span interview,
                           struct span session, struct span supersedes)
{
    struct judged j[ARRAY_LEN(t->criteria)];
    struct demo_random r = demo_random_of(t->person->seed, STREAM + 1, (uint64_t)(t->person->number * 2 + (v->kind[0] == 'a')));
    int n = judge(t, v->kind[0] == 'a' ? 0 : demo_random_between(&r, -3, 4), j), score = overall(j, n);

    json_open(o, '{');
    json_key(o, "interview_id");
    json_string(o, interview);
    json_key(o, "session_id");
    json_string(o, session);
    if (supersedes.p) {
        json_key(o, "supersedes_id");
        json_string(o, supersedes);
    }
    demo_talk_member(o, "assessor_kind", v->kind);
    demo_talk_member(o, "assessor_name", assessor(a, t, v));
    demo_talk_member(o, "status", v->created);
    demo_talk_member(o, "recommendation", recommendation(score));
    tenths_member(o, a, "overall_score", score);
    json_key(o, "confidence");
    json_raw(o, span_of(arena_printf(a, "0.%02d", demo_random_between(&r, 61, 97))));
    demo_talk_member(o, "summary", summary(a, t, v, j, n, score));
    evidence(o, j, n, session);
    scores(o, a, t, j, n);
    details(o, t);
    json_close(o, '}');
}

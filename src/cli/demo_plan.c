/*
 * Two tables say what may happen; chance picks rows by weight.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_plan.h"

#include <string.h>

#include "base/attr.h"
#include "cli/demo_random.h"

#define STREAM  32
#define MINUTE  (60 * USEC_S)
#define HOUR    (60 * MINUTE)
#define DAY     (24 * HOUR)

static const struct demo_course courses[] = {
    /* name       created      path                                            sessions: end, percent held        assessed  days */
    { "draft",     "draft",     { NULL },                                       { { NULL, 0, 0 } },                       false,   0,   0 },
    { "scheduled", "scheduled", { NULL },                                       { { NULL, 0, 0 } },                       false,   1,  12 },
    { "invited",   "scheduled", { "invited" },                                  { { NULL, 0, 0 } },                       false,   1,   7 },
    { "waiting",   "invited",   { "in_progress" },                              { { "created", 0, 0 } },                  false,   0,   0 },
    { "live",      "scheduled", { "in_progress" },                              { { "active", 25, 80 } },                 false,   0,   0 },
    { "paused",    "invited",   { "in_progress" },                              { { "paused", 30, 70 } },                 false,  -2,  -1 },
    { "review",    "scheduled", { "in_progress", "awaiting_review" },           { { "completed", 100, 100 } },            true,   -5,  -1 },
    { "done",      "scheduled", { "in_progress", "awaiting_review", "completed" }, { { "completed", 100, 100 } },         true,  -40,  -6 },
    { "retried",   "scheduled", { "in_progress", "awaiting_review", "completed" }, { { "failed", 8, 45 }, { "completed", 100, 100 } }, true, -30, -5 },
    { "resumed",   "invited",   { "in_progress", "completed" },                 { { "abandoned", 10, 40 }, { "completed", 100, 100 } }, true, -30, -5 },
    { "stopped",   "scheduled", { "in_progress", "cancelled" },                 { { "terminated", 20, 55 } },             false, -35,  -3 },
    { "cancelled", "scheduled", { "cancelled" },                                { { NULL, 0, 0 } },                       false, -20,  -2 },
    { "no_show",   "scheduled", { "no_show" },                                  { { NULL, 0, 0 } },                       false, -25,  -2 },
    { "expired",   "invited",   { "expired" },                                  { { "abandoned", 0, 5 } },                false, -35, -10 },
};

static const struct demo_fate fates[] = {
    /* created        path                                              weight  ability   interviews */
    { "new",          { NULL },                                             8,   0, 100, { NULL } },
    { "screening",    { NULL },                                             3,   0, 100, { "draft" } },
    { "screening",    { NULL },                                             3,   0, 100, { "scheduled" } },
    { "screening",    { NULL },                                             2,   0, 100, { "invited" } },
    { "screening",    { NULL },                                             2,   0, 100, { "expired", "scheduled" } },
    { "interviewing", { NULL },                                             1,   0, 100, { "waiting" } },
    { "interviewing", { NULL },                                             4,  30, 100, { "done", "scheduled" } },
    { "interviewing", { NULL },                                             2,   0, 100, { "live" } },
    { "interviewing", { NULL },                                             2,  30, 100, { "done", "live" } },
    { "interviewing", { NULL },                                             2,   0, 100, { "paused" } },
    { "interviewing", { NULL },                                             6,   0, 100, { "review" } },
    { "interviewing", { NULL },                                             2,   0, 100, { "no_show", "scheduled" } },
    { "interviewing", { NULL },                                             1,   0, 100, { "cancelled", "invited" } },
    { "screening",    { "interviewing", "assessed" },                      11,  35, 100, { "done", "done" } },
    { "screening",    { "interviewing", "assessed" },                       7,  35, 100, { "retried", "review" } },
    { "screening",    { "interviewing", "assessed", "offer" },              6,  52, 100, { "done", "done" } },
    { "screening",    { "interviewing", "assessed", "offer", "hired" },    10,  55, 100, { "done", "done" } },
    { "screening",    { "interviewing", "assessed", "offer", "hired" },     3,  55, 100, { "resumed", "done" } },
    { "screening",    { "interviewing", "rejected" },                       7,   0,  48, { "done" } },
    { "screening",    { "interviewing", "assessed", "rejected" },           8,   0,  60, { "done", "done" } },
    { "new",          { "interviewing", "withdrawn" },                      3,   0, 100, { "stopped" } },
    { "new",          { "interviewing", "assessed", "withdrawn" },          2,  40, 100, { "done", "cancelled" } },
    { "screening",    { "withdrawn" },                                      1,   0, 100, { NULL } },
    { "screening",    { "interviewing", "assessed", "rejected", "archived" }, 4, 0,  60, { "done", "retried" } },
};

/* ---- deciding ---- */

static const struct demo_course *course_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(courses); i++)
        if (strcmp(courses[i].name, name) == 0)
            return &courses[i];
    err_die("the demonstration data has no course %s", name);
}

static const struct demo_fate *draw_fate(struct demo_random *r, int ability)
{
    int sum = 0, at;

    for (size_t i = 0; i < ARRAY_LEN(fates); i++)
        sum += ability >= fates[i].ability_least && ability <= fates[i].ability_most ? fates[i].weight : 0;
    at = demo_random_below(r, sum);
    for (size_t i = 0; i < ARRAY_LEN(fates); i++) {
        if (ability < fates[i].ability_least || ability > fates[i].ability_most)
            continue;
        if ((at -= fates[i].weight) < 0)
            return &fates[i];
    }
    return &fates[0];
}

/* During working hours; what is held now began a moment ago. */
static usec draw_start(struct demo_random *r, const struct demo_course *c)
{
    if (c->days_least == 0 && c->days_most == 0)
        return -demo_random_between(r, 4, 40) * MINUTE;
    return demo_random_between(r, c->days_least, c->days_most) * DAY + demo_random_between(r, -4, 4) * HOUR + 15 * demo_random_below(r, 4) * MINUTE;
}

static void add_interview(struct demo_plan *plan, struct demo_random *r, int candidate, int round, const char *name)
{
    struct demo_interview *i = &plan->interviews[plan->ninterviews];
    const struct demo_course *c = course_find(name);

    *i = (struct demo_interview){ .candidate = candidate, .round = round, .course = c, .start = draw_start(r, c) };
    for (int k = 0; k < DEMO_SESSIONS && c->sessions[k].end; k++)
        plan->sessions[plan->nsessions++] = (struct demo_session){
            .interview = plan->ninterviews, .attempt = k + 1, .end = c->sessions[k].end, .start = i->start + k * DAY,
            .percent = demo_random_between(r, c->sessions[k].least, c->sessions[k].most),
        };
    plan->ninterviews++;
}

void demo_plan_make(struct arena *a, uint64_t seed, int first, int n, struct demo_plan *out)
{
    *out = (struct demo_plan){
        .candidates = arena_array(a, struct demo_candidate, n), .ncandidates = n,
        .interviews = arena_array(a, struct demo_interview, n * DEMO_ROUNDS), .sessions = arena_array(a, struct demo_session, n * DEMO_ROUNDS * DEMO_SESSIONS),
    };
    for (int i = 0; i < n; i++) {
        struct demo_candidate *c = &out->candidates[i];
        struct demo_random r = demo_random_of(seed, STREAM, (uint64_t)(first + i));

        demo_person_make(a, seed, first + i, &c->person);
        c->fate = draw_fate(&r, c->person.ability);
        for (int k = 0; k < DEMO_ROUNDS && c->fate->courses[k]; k++)
            add_interview(out, &r, i, k + 1, c->fate->courses[k]);
    }
}

int demo_plan_said(const struct demo_session *s, const struct demo_talk *t)
{
    return t->n * s->percent / 100;
}

/* ---- bodies ---- */

static void time_member(struct json_out *o, const char *key, usec wall)
{
    char text[CLOCK_RFC3339];

    clock_rfc3339(wall, text);
    json_key(o, key);
    json_cstring(o, text);
}

static void member(struct json_out *o, const char *key, const char *value)
{
    json_key(o, key);
    json_cstring(o, value);
}

static void strings(struct json_out *o, const char *key, const char *const *of, int n)
{
    json_key(o, key);
    json_open(o, '[');
    for (int i = 0; i < n; i++)
        json_cstring(o, of[i]);
    json_close(o, ']');
}

void demo_plan_interview(struct json_out *o, const struct demo_talk *t, const struct demo_interview *i, struct span candidate, usec now)
{
    usec start = (now + i->start) / MINUTE / 5 * MINUTE * 5;

    json_open(o, '{');
    json_key(o, "candidate_id");
    json_string(o, candidate);
    member(o, "title", t->title);
    member(o, "kind", demo_talk_kind(t));
    json_key(o, "round");
    json_int(o, i->round);
    member(o, "language", t->language);
    member(o, "status", i->course->created);
    if (strcmp(i->course->name, "draft") != 0) {
        time_member(o, "scheduled_start", start);
        time_member(o, "scheduled_end", start + HOUR);
    }
    if (strcmp(i->course->created, "invited") == 0)
        time_member(o, "expires_at", start + 7 * DAY);
    json_key(o, "duration_limit_s");
    json_int(o, 3600);
    json_key(o, "plan");
    json_open(o, '{');
    strings(o, "topics", t->criteria, t->ncriteria);
    member(o, "rubric", t->script ? "screening/2025-1" : "technical/2025-3");
    json_close(o, '}');
    json_key(o, "metadata");
    json_open(o, '{');
    member(o, "position", t->person->role->title);
    if (t->interviewer)
        member(o, "interviewer", t->interviewer);
    json_close(o, '}');
    json_close(o, '}');
}

void demo_plan_session(struct json_out *o, const struct demo_talk *t, struct span interview, int attempt, bool live)
{
    static const char *const browsers[] = { "Firefox 133", "Chrome 131", "Safari 18.1", "Edge 131" };
    static const char *const devices[] = { "laptop", "laptop", "phone", "desktop", "tablet" };
    const struct demo_person *p = t->person;

    json_open(o, '{');
    json_key(o, "interview_id");
    json_string(o, interview);
    json_key(o, "attempt");
    json_int(o, attempt);
    json_key(o, "client");
    json_open(o, '{');
    member(o, "browser", browsers[p->number % (int)ARRAY_LEN(browsers)]);
    member(o, "device", devices[p->number % (int)ARRAY_LEN(devices)]);
    member(o, "timezone", p->people->timezone);
    json_close(o, '}');
    json_key(o, "metadata");
    json_open(o, '{');
    member(o, "language", t->language);
    if (t->model)
        member(o, "model", t->model);
    if (live) {
        json_key(o, "live");
        json_boolean(o, true);
    }
    json_close(o, '}');
    json_close(o, '}');
}

/* Keys of what was asked among the first turns, each once. */
static void covered(struct json_out *o, const struct demo_talk *t, int said)
{
    const char *last = "";

    json_key(o, "covered");
    json_open(o, '[');
    for (int i = 0; i < said; i++)
        if (t->turns[i].question && strcmp(t->turns[i].question, last) != 0) {
            last = t->turns[i].question;
            json_cstring(o, last);
        }
    json_close(o, ']');
}

void demo_plan_memory(struct json_out *o, struct arena *a, const struct demo_talk *t, int said)
{
    const struct demo_person *p = t->person;
    const struct demo_evidence *good = NULL, *poor = NULL;

    for (int i = 0; i < t->nevidence && t->evidence[i].seq <= said; i++) {
        if (t->evidence[i].level == DEMO_STRONG)
            good = &t->evidence[i];
        else if (t->evidence[i].level == DEMO_WEAK)
            poor = &t->evidence[i];
    }
    if (good && poor && good->about == poor->about)
        poor = NULL;
    json_open(o, '{');
    member(o, "summary", arena_printf(a, "%s, %s at %s for %s, %d years.%s%s%s%s", p->spoken, p->role->label, p->company, p->product, p->years,
                                      good ? " Convincing on " : "", good ? good->about : "", poor ? ". To be asked again: " : "", poor ? poor->about : ""));
    json_key(o, "facts");
    json_open(o, '{');
    member(o, "employer", p->company);
    member(o, "before", p->previous);
    member(o, "strongest", p->skill);
    json_key(o, "years");
    json_int(o, p->years);
    json_close(o, '}');
    covered(o, t, said);
    if (good) {
        json_key(o, "remember");
        json_string(o, good->quote);
    }
    json_key(o, "turns");
    json_int(o, said);
    json_close(o, '}');
}

/*
 * One interviewer acts at a time: the one whose turn is due.  Whatever goes wrong in an interview ends that interview only.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_live.h"

#include <poll.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/demo_assessment.h"
#include "cli/demo_fill.h"
#include "cli/demo_plan.h"
#include "cli/demo_random.h"

#define STREAM        80
#define BODY_MAX      ((size_t)1024 * 1024)
#define WAIT_LEAST    USEC_S
#define WAIT_MOST     (30 * USEC_S)
#define AWAY_LIMIT    (60 * USEC_S)
#define SLOWER_AFTER  5000              /* turns until the pace is half of what it was */
#define REFUSALS_MOST 20                /* in a row: then something is wrong with us */
#define ROUND_AGAIN   3

enum stage {
    STAGE_FREE,                         /* looks for somebody to interview             */
    STAGE_TALK, STAGE_PAUSE, STAGE_RESUME,
    STAGE_OVER, STAGE_REVIEW, STAGE_JUDGE, STAGE_APPROVE, STAGE_CLOSE,      /* held to its end */
    STAGE_BROKEN, STAGE_CANCEL,                                             /* ended early     */
    STAGES
};

struct interviewer {
    enum stage         stage;
    struct arena       arena;           /* of the present interview */
    struct demo_person person;
    struct demo_talk  *talk;
    struct span        candidate, interview, session, assessment;
    int                round, said, until;      /* until: turns of the talk that are going to be held */
    usec               due, wait;       /* wait: how long to stand back, while the service is busy */
};

struct person_ref { uint64_t seed; int number; struct span id; };

struct live {
    const struct demo_live *job;
    struct arena            arena;
    struct demo_random      random;
    struct person_ref      *known; int nknown;  /* candidates of ours that may be interviewed */
    int                     number;             /* of the newest candidate */
    struct interviewer      interviewers[DEMO_LIVE_MOST];
    long                    turns, finished;
    int                     refusals;
    usec                    away_since;         /* 0: the service answers */
};

/* ---- requests ---- */

struct body { struct buf b; struct json_out o; };

static struct body *body_new(struct arena *a)
{
    struct body *b = arena_new(a, struct body);

    b->b = BUF(BODY_MAX);
    b->o = JSON_OUT(&b->b);
    return b;
}

/* Send it; `id` gets the id of the object that comes back, unless NULL.  The body is used up. */
static bool send(struct live *l, struct arena *a, const char *method, const char *path, struct body *b, struct span *id, struct err *e)
{
    struct demo_request r = { .method = method, .path = path, .body = b ? buf_span(&b->b) : SPAN_NONE, .once = id != NULL, .keep = id != NULL };
    struct json *doc = NULL;
    bool ok = demo_http_run(l->job->http, &r, 1, l->job->stop, e);

    if (ok && id) {
        ok = json_parse(a, arena_span(a, buf_span(&r.answer)), &doc, e) &&
             (json_find(doc, "id") || fail(e, E_INTERNAL, "%s %s: no id came back", method, path));
        if (ok)
            *id = arena_span(a, json_text(a, json_find(doc, "id")));
    }
    buf_free(&r.answer);
    if (b)
        buf_free(&b->b);
    return ok;
}

static bool move(struct live *l, struct arena *a, const char *resource, struct span id, const char *to, const char *reason, struct err *e)
{
    struct body *b = body_new(a);

    json_open(&b->o, '{');
    json_key(&b->o, "to");
    json_cstring(&b->o, to);
    if (reason) {
        json_key(&b->o, "reason");
        json_cstring(&b->o, reason);
    }
    json_close(&b->o, '}');
    return send(l, a, "POST", arena_printf(a, "/v1/%s/%s/transitions", resource, id.p), b, NULL, e);
}

static bool get(struct live *l, struct arena *a, const char *path, struct json **out, struct err *e)
{
    struct demo_request r = { .method = "GET", .path = path, .keep = true };
    bool ok = demo_http_run(l->job->http, &r, 1, l->job->stop, e) && json_parse(a, arena_span(a, buf_span(&r.answer)), out, e);

    buf_free(&r.answer);
    return ok;
}

/* ---- before: who is there, and what an earlier run left ---- */

static bool known_read(struct live *l, struct err *e)
{
    struct json *doc = NULL;
    const struct json *items;

    if (!get(l, &l->arena, "/v1/candidates?status=in.(new,screening,interviewing)&limit=200&fields=id,metadata", &doc, e))
        return false;
    items = json_find(doc, "items");
    l->known = arena_array(&l->arena, struct person_ref, items ? items->count : 0);
    for (const struct json *c = items ? items->first : NULL; c; c = c->next) {
        const struct json *metadata = json_find(c, "metadata"), *demo = metadata ? json_find(metadata, "demo") : NULL;
        const struct json *seed = demo ? json_find(demo, "seed") : NULL, *number = demo ? json_find(demo, "number") : NULL;
        int64_t s, n;

        if (seed && number && json_i64(seed, &s) && json_i64(number, &n) && n > 0 && n < 1000000000)
            l->known[l->nknown++] = (struct person_ref){ (uint64_t)s, (int)n, arena_span(&l->arena, json_text(&l->arena, json_find(c, "id"))) };
    }
    return true;
}

/* Sessions of interviewers that are no more. */
static bool leftovers_end(struct live *l, struct err *e)
{
    static const char reason[] = "The demonstration was started again.";
    struct arena a = ARENA;
    struct json *doc = NULL;
    const struct json *items;
    bool ok = get(l, &a, "/v1/sessions?status=in.(active,paused)&metadata=cs.%7B%22live%22:true%7D&limit=200&fields=id,interview_id", &doc, e);

    items = ok ? json_find(doc, "items") : NULL;
    for (const struct json *s = items ? items->first : NULL; s && ok; s = s->next)
        ok = move(l, &a, "sessions", arena_span(&a, json_text(&a, json_find(s, "id"))), "abandoned", reason, e) &&
             move(l, &a, "interviews", arena_span(&a, json_text(&a, json_find(s, "interview_id"))), "cancelled", reason, e);
    if (!ok && e->kind == E_CONFLICT) {         /* somebody else has ended it meanwhile */
        err_clear(e);
        ok = true;
    }
    arena_free(&a);
    return ok;
}

/* ---- an interview begins: several requests, and all of them again when one fails; a candidate without an interview does no harm ---- */

static bool candidate_new(struct live *l, struct interviewer *i, struct err *e)
{
    struct body *candidate = body_new(&i->arena), *resume = body_new(&i->arena);

    demo_person_make(&i->arena, l->job->seed, ++l->number, &i->person);
    i->round = 1;
    demo_person_candidate(&candidate->o, &i->person, "new");
    if (!send(l, &i->arena, "POST", "/v1/candidates", candidate, &i->candidate, e))
        return false;
    demo_person_resume(&resume->o, &i->arena, &i->person, i->candidate, 2);
    return send(l, &i->arena, "POST", "/v1/resumes", resume, NULL, e);
}

static bool candidate_choose(struct live *l, struct interviewer *i, struct err *e)
{
    int at;

    if (l->nknown == 0 || demo_random_chance(&l->random, 40))
        return candidate_new(l, i, e);
    at = demo_random_below(&l->random, l->nknown);
    demo_person_make(&i->arena, l->known[at].seed, l->known[at].number, &i->person);
    i->candidate = l->known[at].id;
    i->round = ROUND_AGAIN;
    l->known[at] = l->known[--l->nknown];
    return true;
}

static bool interview_make(struct live *l, struct interviewer *i, struct err *e)
{
    static const struct demo_course course = { .name = "live", .created = "scheduled" };
    struct demo_interview interview = { .round = i->round, .course = &course };
    struct body *b = body_new(&i->arena), *s = body_new(&i->arena);

    demo_plan_interview(&b->o, i->talk, &interview, i->candidate, clock_wall());
    if (!send(l, &i->arena, "POST", "/v1/interviews", b, &i->interview, e) || !move(l, &i->arena, "interviews", i->interview, "in_progress", NULL, e))
        return false;
    demo_plan_session(&s->o, i->talk, i->interview, 1, true);
    return send(l, &i->arena, "POST", "/v1/sessions", s, &i->session, e);
}

static bool begin(struct live *l, struct interviewer *i, struct err *e)
{
    arena_reset(&i->arena);
    if (!candidate_choose(l, i, e))
        return false;
    i->talk = demo_talk_make(&i->arena, &i->person, i->round, demo_random_between(&l->random, 1, 7));
    if (!interview_make(l, i, e))
        return false;
    if (!move(l, &i->arena, "candidates", i->candidate, "interviewing", NULL, e)) {
        if (e->kind != E_CONFLICT)
            return false;
        err_clear(e);                   /* is there already */
    }
    i->said = 0;
    i->until = demo_random_chance(&l->random, 12) ? i->talk->n * demo_random_between(&l->random, 20, 70) / 100 : i->talk->n;
    i->stage = STAGE_TALK;
    return true;
}

/* ---- it goes on ---- */

/* Real pauses are far longer; these are in proportion. */
static usec pace(const struct live *l, int pause_ms)
{
    usec real = pause_ms * USEC_MS / 25, least = 300 * USEC_MS, most = 2500 * USEC_MS;

    real = real < least ? least : real > most ? most : real;
    return real + real * l->turns / SLOWER_AFTER;
}

/* One turn; a tool answers together with the call. */
static bool talk(struct live *l, struct interviewer *i, struct err *e)
{
    struct arena a = ARENA;
    struct body *b = body_new(&a);
    int n = i->talk->turns[i->said].tool_calls && i->said + 1 < i->talk->n ? 2 : 1;
    bool ok;

    json_open(&b->o, '[');
    for (int k = 1; k <= n; k++)
        demo_talk_message(&b->o, i->talk, i->said + k, 0);
    json_close(&b->o, ']');
    ok = send(l, &a, "POST", arena_printf(&a, "/v1/sessions/%s/messages", i->session.p), b, NULL, e);
    arena_free(&a);
    if (!ok)
        return false;
    i->said += n;
    l->turns += n;
    i->due = clock_now() + (i->said < i->talk->n ? pace(l, i->talk->turns[i->said].pause_ms) : USEC_S);
    if (i->said >= i->until)
        i->stage = i->said >= i->talk->n ? STAGE_OVER : STAGE_BROKEN;
    else if (demo_random_below(&l->random, 400) == 0)
        i->stage = STAGE_PAUSE;
    return true;
}

static bool judge(struct live *l, struct interviewer *i, struct err *e)
{
    static const struct demo_verdict verdict = { .kind = "ai", .created = "submitted" };
    struct body *b = body_new(&i->arena);

    demo_assessment_write(&b->o, &i->arena, i->talk, &verdict, i->interview, i->session, SPAN_NONE);
    return send(l, &i->arena, "POST", "/v1/assessments", b, &i->assessment, e);
}

static void goes_on(struct interviewer *i, enum stage stage, usec pause)
{
    i->stage = stage;
    i->due = clock_now() + pause;
}

static const char *any(struct live *l, const struct demo_list *of)
{
    return of->of[demo_random_below(&l->random, of->n)];
}

/* One request, and only when it has succeeded the next stage: what fails is done again. */
static bool act(struct live *l, struct interviewer *i, struct err *e)
{
    const struct { const char *resource; struct span id; const char *to, *reason; enum stage then; usec pause; } moves[STAGES] = {
        [STAGE_PAUSE]   = { "sessions",    i->session,    "paused",          NULL, STAGE_RESUME, 12 * USEC_S },
        [STAGE_RESUME]  = { "sessions",    i->session,    "active",          NULL, STAGE_TALK, USEC_S },
        [STAGE_OVER]    = { "sessions",    i->session,    "completed",       NULL, STAGE_REVIEW, USEC_S / 4 },
        [STAGE_REVIEW]  = { "interviews",  i->interview,  "awaiting_review", NULL, STAGE_JUDGE, 3 * USEC_S },
        [STAGE_APPROVE] = { "assessments", i->assessment, "approved",        NULL, STAGE_CLOSE, USEC_S / 4 },
        [STAGE_CLOSE]   = { "interviews",  i->interview,  "completed",       NULL, STAGE_FREE, 4 * USEC_S },
        [STAGE_BROKEN]  = { "sessions",    i->session,    "terminated",      any(l, &demo_texts_scenes.terminated), STAGE_CANCEL, USEC_S / 4 },
        [STAGE_CANCEL]  = { "interviews",  i->interview,  "cancelled",       "Ended early; a new one was made.", STAGE_FREE, 4 * USEC_S },
    };
    enum stage now = i->stage;

    if (now == STAGE_FREE)
        return begin(l, i, e);
    if (now == STAGE_TALK)
        return talk(l, i, e);
    if (now == STAGE_JUDGE) {
        if (!judge(l, i, e))
            return false;
        l->finished++;
        /* Some wait for somebody to look at them. */
        goes_on(i, demo_random_chance(&l->random, 60) ? STAGE_APPROVE : STAGE_FREE, 6 * USEC_S);
        return true;
    }
    if (!move(l, &i->arena, moves[now].resource, moves[now].id, moves[now].to, moves[now].reason, e))
        return false;
    goes_on(i, moves[now].then, moves[now].pause);
    return true;
}

/* ---- when it does not work ---- */

static bool is_busy(const struct err *e)
{
    return e->kind == E_BUSY || e->kind == E_RATE || e->kind == E_TIMEOUT;
}

/* The service asks for rest, or is away: everybody stands back.  Anything else ends this interview. */
static bool stand_back(struct live *l, struct interviewer *i, struct err *e)
{
    usec now = clock_now(), asked = e->retry_after_ms * USEC_MS;
    bool all = is_busy(e) || e->kind == E_IO;

    i->wait = i->wait == 0 ? WAIT_LEAST : i->wait * 2 < WAIT_MOST ? i->wait * 2 : WAIT_MOST;
    i->wait = asked > i->wait ? asked : i->wait;
    if (!all) {
        log_event(LOG_WARN, "demo-interview-dropped", "reason=%s", e->message);
        i->stage = STAGE_FREE;
        if (++l->refusals >= REFUSALS_MOST || e->kind == E_UNAUTHENTICATED || e->kind == E_FORBIDDEN)
            return false;
    }
    if (e->kind != E_IO)
        l->away_since = 0;
    else if (l->away_since == 0)
        l->away_since = now;
    else if (now - l->away_since > AWAY_LIMIT)
        return false;
    for (int k = 0; k < l->job->interviewers; k++)
        if ((all || &l->interviewers[k] == i) && l->interviewers[k].due < now + i->wait)
            l->interviewers[k].due = now + i->wait;
    err_clear(e);
    return true;
}

static struct interviewer *next(struct live *l)
{
    struct interviewer *first = &l->interviewers[0];

    for (int i = 1; i < l->job->interviewers; i++)
        if (l->interviewers[i].due < first->due)
            first = &l->interviewers[i];
    return first;
}

static bool work(struct live *l, struct err *e)
{
    while (!*l->job->stop) {
        struct interviewer *i = next(l);
        usec wait = i->due - clock_now();

        if (wait > 0) {
            poll(NULL, 0, (int)(wait / USEC_MS) + 1);
        } else if (act(l, i, e)) {
            i->wait = 0;
            l->refusals = 0;
            l->away_since = 0;
        } else if (!*l->job->stop && !stand_back(l, i, e)) {
            return false;
        }
    }
    err_clear(e);
    return true;
}

bool demo_live_run(const struct demo_live *job, struct err *e)
{
    struct demo_fill count = { .http = job->http, .stop = job->stop };
    struct live l = { .job = job, .random = demo_random_of((uint64_t)clock_wall(), STREAM, 0) };
    bool ok = demo_fill_there(&count, &l.number, e) && leftovers_end(&l, e) && known_read(&l, e);

    for (int i = 0; i < job->interviewers; i++)
        l.interviewers[i].due = clock_now() + i * USEC_S;
    if (ok) {
        log_event(LOG_INFO, "demo-live", "interviewers=%d", job->interviewers);
        ok = work(&l, e);
        log_event(LOG_INFO, "demo-ended", "turns=%ld interviews=%ld", l.turns, l.finished);
    } else if (*job->stop) {
        err_clear(e);
        ok = true;
    }
    for (int i = 0; i < job->interviewers; i++)
        arena_free(&l.interviewers[i].arena);
    arena_free(&l.arena);
    return ok;
}

/*
 * In the order in which rows depend on each other.  What happens to them afterwards, the transitions, runs in steps: the first of
 * every object, then the second.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_fill.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/demo_assessment.h"
#include "cli/demo_plan.h"
#include "cli/demo_random.h"

#define STREAM        64
#define BODY_MAX      ((size_t)8 * 1024 * 1024)
#define CHUNK         50                /* objects in one array */
#define TOGETHER      16                /* requests in one run */
#define SESSIONS      32                /* conversations in memory at once */
#define TURNS         100               /* messages in one append */
#define ONE_IN_FILES  12                /* candidates whose resume is a file too */
#define ONE_IN_TRASH  37
#define QUIET_FIRST   (2 * USEC_S)

struct move { const char *resource; struct span id; const char *to, *reason; int step; };
struct judgement { struct demo_verdict verdict; int session; int replaces; };     /* indices of a session, of a judgement */

struct fill {
    const struct demo_fill *job;
    struct arena            arena;
    struct demo_plan        plan;
    usec                    wall, began, shown;
    struct span            *candidates, *resumes, *older, *interviews, *sessions, *assessments;     /* identifiers */
    struct move            *moves;      int nmoves;
    struct judgement       *judged;     int njudged, nfirst;    /* the first are those that replace nothing */
    struct demo_counts      counts;
};

/* ---- progress ---- */

static void show(struct fill *f, const char *what, int done, int of)
{
    usec now = clock_now();

    if (f->job->quiet || now - f->began < QUIET_FIRST || now - f->shown < USEC_S)
        return;
    f->shown = now;
    fprintf(stderr, "demo: %s %d of %d\n", what, done, of);
}

/* ---- requests ---- */

static bool run(struct fill *f, struct demo_request *r, size_t n, struct err *e)
{
    return n == 0 || demo_http_run(f->job->http, r, n, f->job->stop, e);
}

/* The ids of {"items":[{"id":...},...]}, or of one object, in order. */
static bool take_ids(struct fill *f, struct demo_request *r, struct span *ids, int n, struct err *e)
{
    struct arena a = ARENA;
    struct json *doc = NULL;
    const struct json *item, *id;
    int i = 0;
    bool ok = json_parse(&a, buf_span(&r->answer), &doc, e);
    const struct json *items = ok ? json_find(doc, "items") : NULL;

    for (item = items ? items->first : NULL; item && i < n; item = item->next) {
        id = json_find(item, "id");
        if (id && id->type == JSON_STRING)
            ids[i++] = arena_span(&f->arena, json_text(&a, id));
    }
    arena_free(&a);
    buf_free(&r->answer);
    return ok && (i == n || fail(e, E_INTERNAL, "POST %s: %d of %d objects came back", r->path, i, n));
}

static struct span write_array(struct fill *f, struct arena *a, int from, int n, void (*write)(struct fill *, struct arena *, struct json_out *, int))
{
    struct buf b = BUF(BODY_MAX);
    struct json_out o = JSON_OUT(&b);
    struct span body;

    json_open(&o, '[');
    for (int i = from; i < from + n; i++)
        write(f, a, &o, i);
    json_close(&o, ']');
    body = arena_span(a, buf_span(&b));
    buf_free(&b);
    return body;
}

/* Objects 0..n - 1, in arrays, several at a time. */
static bool create(struct fill *f, const char *path, int n, void (*write)(struct fill *, struct arena *, struct json_out *, int), struct span *ids, struct err *e)
{
    bool ok = true;

    for (int at = 0; ok && at < n; at += CHUNK * TOGETHER) {
        struct demo_request r[TOGETHER];
        struct arena a = ARENA;
        size_t k = 0;

        for (int from = at; from < n && k < TOGETHER; from += CHUNK)
            r[k++] = (struct demo_request){ .method = "POST", .path = path, .once = true, .keep = true,
                                            .body = write_array(f, &a, from, n - from < CHUNK ? n - from : CHUNK, write) };
        ok = run(f, r, k, e);
        for (size_t i = 0; i < k && ok; i++) {
            int from = at + (int)i * CHUNK;

            ok = take_ids(f, &r[i], ids + from, n - from < CHUNK ? n - from : CHUNK, e);
        }
        for (size_t i = 0; i < k; i++)
            buf_free(&r[i].answer);
        arena_free(&a);
        show(f, path + strlen("/v1/"), at, n);
    }
    return ok;
}

/* ---- objects ---- */

static struct demo_talk *talk_of(struct fill *f, struct arena *a, const struct demo_interview *i, int attempt)
{
    return demo_talk_make(a, &f->plan.candidates[i->candidate].person, i->round, attempt);
}

static void write_candidate(struct fill *f, struct arena *a, struct json_out *o, int i)
{
    (void)a;
    demo_person_candidate(o, &f->plan.candidates[i].person, f->plan.candidates[i].fate->created);
}

static void write_older_resume(struct fill *f, struct arena *a, struct json_out *o, int i)
{
    demo_person_resume(o, a, &f->plan.candidates[i * 4].person, f->candidates[i * 4], 1);
}

static void write_resume(struct fill *f, struct arena *a, struct json_out *o, int i)
{
    demo_person_resume(o, a, &f->plan.candidates[i].person, f->candidates[i], 2);
}

static void write_interview(struct fill *f, struct arena *a, struct json_out *o, int i)
{
    const struct demo_interview *interview = &f->plan.interviews[i];

    demo_plan_interview(o, talk_of(f, a, interview, 1), interview, f->candidates[interview->candidate], f->wall);
}

static void write_session(struct fill *f, struct arena *a, struct json_out *o, int i)
{
    const struct demo_session *s = &f->plan.sessions[i];
    const struct demo_interview *interview = &f->plan.interviews[s->interview];

    demo_plan_session(o, talk_of(f, a, interview, s->attempt), f->interviews[s->interview], s->attempt, false);
}

static void write_judgement(struct fill *f, struct arena *a, struct json_out *o, int i)
{
    struct judgement *j = &f->judged[i];
    const struct demo_session *s = &f->plan.sessions[j->session];
    struct demo_talk *t = talk_of(f, a, &f->plan.interviews[s->interview], s->attempt);

    demo_assessment_write(o, a, t, &j->verdict, f->interviews[s->interview], f->sessions[j->session],
                          j->verdict.replaces ? f->assessments[j->replaces] : SPAN_NONE);
}

static void write_replacement(struct fill *f, struct arena *a, struct json_out *o, int i)
{
    write_judgement(f, a, o, f->nfirst + i);
}

/* ---- conversations ---- */

struct talking { struct demo_talk *talk; int session, said; };

static struct span append_body(struct fill *f, struct arena *a, const struct talking *t, int from)
{
    usec began = f->wall + f->plan.sessions[t->session].start;
    struct buf b = BUF(BODY_MAX);
    struct json_out o = JSON_OUT(&b);
    struct span body;

    json_open(&o, '[');
    for (int seq = from + 1; seq <= t->said && seq <= from + TURNS; seq++)
        demo_talk_message(&o, t->talk, seq, began + demo_talk_elapsed(t->talk, seq));
    json_close(&o, ']');
    body = arena_span(a, buf_span(&b));
    buf_free(&b);
    return body;
}

static struct span memory_body(struct arena *a, const struct talking *t)
{
    struct buf b = BUF(BODY_MAX);
    struct json_out o = JSON_OUT(&b);
    struct span body;

    demo_plan_memory(&o, a, t->talk, t->said);
    body = arena_span(a, buf_span(&b));
    buf_free(&b);
    return body;
}

/* Turns of one session follow each other; those of different ones do not. */
static bool append(struct fill *f, struct arena *a, const struct talking *t, int n, struct err *e)
{
    bool ok = true, more = true;

    for (int from = 0; ok && more; from += TURNS) {
        struct demo_request r[SESSIONS];
        size_t k = 0;

        for (int i = 0; i < n; i++)
            if (t[i].said > from)
                r[k++] = (struct demo_request){ .method = "POST", .body = append_body(f, a, &t[i], from),
                                                .path = arena_printf(a, "/v1/sessions/%s/messages", f->sessions[t[i].session].p) };
        more = k > 0;
        ok = run(f, r, k, e);
    }
    return ok;
}

static bool remember(struct fill *f, struct arena *a, const struct talking *t, int n, struct err *e)
{
    struct demo_request r[SESSIONS];
    size_t k = 0;

    for (int i = 0; i < n; i++)
        if (t[i].said > 10)
            r[k++] = (struct demo_request){ .method = "PUT", .headers = "If-Match: *\r\n", .body = memory_body(a, &t[i]),
                                            .path = arena_printf(a, "/v1/sessions/%s/memory?through_seq=%d", f->sessions[t[i].session].p, t[i].said) };
    return run(f, r, k, e);
}

static bool converse(struct fill *f, struct err *e)
{
    bool ok = true;

    for (int at = 0; ok && at < f->plan.nsessions; at += SESSIONS) {
        struct talking t[SESSIONS];
        struct arena a = ARENA;
        int n = 0;

        for (; n < SESSIONS && at + n < f->plan.nsessions; n++) {
            const struct demo_session *s = &f->plan.sessions[at + n];

            t[n] = (struct talking){ .talk = talk_of(f, &a, &f->plan.interviews[s->interview], s->attempt), .session = at + n };
            t[n].said = demo_plan_said(s, t[n].talk);
            f->counts.messages += t[n].said;
        }
        ok = append(f, &a, t, n, e) && remember(f, &a, t, n, e);
        arena_free(&a);
        show(f, "conversations", at + n, f->plan.nsessions);
    }
    return ok;
}

/* ---- judgements ---- */

static void judge(struct fill *f, bool replacing)
{
    int last = 0;

    for (int i = 0; i < f->plan.nsessions; i++) {
        const struct demo_session *s = &f->plan.sessions[i];
        const struct demo_interview *interview = &f->plan.interviews[s->interview];
        struct demo_verdict verdicts[DEMO_VERDICTS];
        int n = strcmp(s->end, "completed") == 0
                ? demo_assessment_plan(&f->plan.candidates[interview->candidate].person, interview->course, interview->round, verdicts) : 0;

        while (replacing && n > 0 && last < f->nfirst && f->judged[last].session != i)
            last++;
        for (int k = 0; k < n; k++)
            if (verdicts[k].replaces == replacing)
                f->judged[f->njudged++] = (struct judgement){ .verdict = verdicts[k], .session = i, .replaces = last };
    }
    if (!replacing)
        f->nfirst = f->njudged;
}

static bool assess(struct fill *f, struct err *e)
{
    f->judged = arena_array(&f->arena, struct judgement, f->plan.nsessions * DEMO_VERDICTS);
    f->assessments = arena_array(&f->arena, struct span, f->plan.nsessions * DEMO_VERDICTS);
    judge(f, false);
    judge(f, true);
    return create(f, "/v1/assessments", f->nfirst, write_judgement, f->assessments, e) &&
           create(f, "/v1/assessments", f->njudged - f->nfirst, write_replacement, f->assessments + f->nfirst, e);
}

/* ---- what becomes of them ---- */

static const char *reason_for(struct fill *f, const char *to, int i)
{
    const struct demo_scenes *s = &demo_texts_scenes;
    const struct { const char *to; const struct demo_list *reasons; } table[] = {
        { "rejected", &s->rejected }, { "withdrawn", &s->withdrawn }, { "cancelled", &s->cancelled }, { "terminated", &s->terminated }, { "failed", &s->failed },
    };
    struct demo_random r = demo_random_of(f->job->seed, STREAM, (uint64_t)i);

    for (size_t k = 0; k < sizeof table / sizeof *table; k++)
        if (strcmp(table[k].to, to) == 0)
            return table[k].reasons->of[demo_random_below(&r, table[k].reasons->n)];
    return NULL;
}

static void move_add(struct fill *f, const char *resource, struct span id, const char *to, const char *reason, int step)
{
    f->moves[f->nmoves++] = (struct move){ resource, id, to, reason, step };
}

static void moves_plan(struct fill *f)
{
    const struct demo_plan *p = &f->plan;

    f->moves = arena_array(&f->arena, struct move, p->ncandidates * (DEMO_PATH + 1) + p->ninterviews * DEMO_PATH + p->nsessions + f->njudged * 3);
    for (int i = 0; i < p->nsessions; i++)
        if (strcmp(p->sessions[i].end, "created") != 0 && strcmp(p->sessions[i].end, "active") != 0)
            move_add(f, "sessions", f->sessions[i], p->sessions[i].end, reason_for(f, p->sessions[i].end, i), 0);
    for (int i = 0; i < p->ninterviews; i++)
        for (int k = 0; k < DEMO_PATH && p->interviews[i].course->path[k]; k++)
            move_add(f, "interviews", f->interviews[i], p->interviews[i].course->path[k], reason_for(f, p->interviews[i].course->path[k], i), k);
    for (int i = 0; i < p->ncandidates; i++)
        for (int k = 0; k < DEMO_PATH + 1 && p->candidates[i].fate->path[k]; k++)
            move_add(f, "candidates", f->candidates[i], p->candidates[i].fate->path[k], reason_for(f, p->candidates[i].fate->path[k], i), k);
    for (int i = 0; i < f->njudged; i++)
        for (int k = 0; k < 3 && f->judged[i].verdict.path[k]; k++)
            move_add(f, "assessments", f->assessments[i], f->judged[i].verdict.path[k], f->judged[i].verdict.reason, k);
}

static struct demo_request move_request(struct arena *a, const struct move *m)
{
    struct buf b = BUF(BODY_MAX);
    struct json_out o = JSON_OUT(&b);
    struct span body;

    json_open(&o, '{');
    json_key(&o, "to");
    json_cstring(&o, m->to);
    if (m->reason) {
        json_key(&o, "reason");
        json_cstring(&o, m->reason);
    }
    json_close(&o, '}');
    body = arena_span(a, buf_span(&b));
    buf_free(&b);
    return (struct demo_request){ .method = "POST", .path = arena_printf(a, "/v1/%s/%s/transitions", m->resource, m->id.p), .once = true, .body = body };
}

static bool moves_run(struct fill *f, struct err *e)
{
    bool ok = true;

    moves_plan(f);
    for (int step = 0; ok && step <= DEMO_PATH; step++) {
        struct demo_request *r = arena_array(&f->arena, struct demo_request, f->nmoves);
        size_t n = 0;

        for (int i = 0; i < f->nmoves; i++)
            if (f->moves[i].step == step)
                r[n++] = move_request(&f->arena, &f->moves[i]);
        ok = run(f, r, n, e);
        show(f, "transitions, step", step + 1, DEMO_PATH + 1);
    }
    return ok;
}

/* ---- files and trash ---- */

static bool files(struct fill *f, struct err *e)
{
    int n = f->plan.ncandidates / ONE_IN_FILES;
    struct demo_request *put = arena_array(&f->arena, struct demo_request, n), *patch = arena_array(&f->arena, struct demo_request, n);

    for (int i = 0; i < n; i++) {
        const struct demo_person *p = &f->plan.candidates[i * ONE_IN_FILES].person;
        const char *id = f->resumes[i * ONE_IN_FILES].p;

        put[i] = (struct demo_request){ .method = "PUT", .type = "text/plain;charset=utf-8", .body = demo_person_text(&f->arena, p), .headers = "If-Match: *\r\n",
                                        .path = arena_printf(&f->arena, "/v1/resumes/%s/file?name=resume-%d.txt", id, p->number) };
        patch[i] = (struct demo_request){ .method = "PATCH", .type = "application/merge-patch+json", .body = SPAN("{\"parse_status\":\"parsed\"}"),
                                          .headers = "If-Match: *\r\n", .path = arena_printf(&f->arena, "/v1/resumes/%s", id) };
    }
    return run(f, put, (size_t)n, e) && run(f, patch, (size_t)n, e);
}

static bool trash(struct fill *f, struct err *e)
{
    struct demo_request *r = arena_array(&f->arena, struct demo_request, f->plan.ncandidates + f->plan.ninterviews);
    size_t n = 0;

    for (int i = ONE_IN_TRASH - 1; i < f->plan.ncandidates; i += ONE_IN_TRASH)
        r[n++] = (struct demo_request){ .method = "DELETE", .path = arena_printf(&f->arena, "/v1/candidates/%s", f->candidates[i].p) };
    for (int i = 0; i < f->plan.ninterviews; i++)
        if (strcmp(f->plan.interviews[i].course->name, "cancelled") == 0 && f->plan.interviews[i].candidate % ONE_IN_TRASH != ONE_IN_TRASH - 1)
            r[n++] = (struct demo_request){ .method = "DELETE", .path = arena_printf(&f->arena, "/v1/interviews/%s", f->interviews[i].p) };
    return run(f, r, n, e);
}

/* ---- all of it ---- */

bool demo_fill_there(const struct demo_fill *job, int *n, struct err *e)
{
    struct demo_request r = { .method = "GET", .path = "/v1/candidates?limit=1&include=trash&count=exact&fields=id", .keep = true };
    struct arena a = ARENA;
    struct json *doc = NULL;
    int64_t count = 0;
    bool ok = demo_http_run(job->http, &r, 1, job->stop, e) && json_parse(&a, buf_span(&r.answer), &doc, e);

    if (ok && !(json_find(doc, "count") && json_i64(json_find(doc, "count"), &count)))
        ok = fail(e, E_INTERNAL, "GET %s: there is no count in the answer", r.path);
    *n = (int)count;
    buf_free(&r.answer);
    arena_free(&a);
    return ok;
}

static bool people(struct fill *f, struct err *e)
{
    int n = f->plan.ncandidates, older = (n + 3) / 4;

    f->candidates = arena_array(&f->arena, struct span, n);
    f->resumes = arena_array(&f->arena, struct span, n);
    f->older = arena_array(&f->arena, struct span, older);
    f->counts.candidates = n;
    f->counts.resumes = n + older;
    return create(f, "/v1/candidates", n, write_candidate, f->candidates, e) && create(f, "/v1/resumes", older, write_older_resume, f->older, e) &&
           create(f, "/v1/resumes", n, write_resume, f->resumes, e);
}

static bool interviews(struct fill *f, struct err *e)
{
    f->interviews = arena_array(&f->arena, struct span, f->plan.ninterviews);
    f->sessions = arena_array(&f->arena, struct span, f->plan.nsessions);
    f->counts.interviews = f->plan.ninterviews;
    f->counts.sessions = f->plan.nsessions;
    return create(f, "/v1/interviews", f->plan.ninterviews, write_interview, f->interviews, e) &&
           create(f, "/v1/sessions", f->plan.nsessions, write_session, f->sessions, e);
}

bool demo_fill_run(const struct demo_fill *job, int there, struct demo_counts *out, struct err *e)
{
    struct fill f = { .job = job, .wall = clock_wall(), .began = clock_now() };
    bool ok;

    demo_plan_make(&f.arena, job->seed, there + 1, job->candidates, &f.plan);
    ok = people(&f, e) && interviews(&f, e) && converse(&f, e) && assess(&f, e) && moves_run(&f, e) && files(&f, e) && trash(&f, e);
    f.counts.assessments = f.njudged;
    *out = f.counts;
    arena_free(&f.arena);
    return ok;
}

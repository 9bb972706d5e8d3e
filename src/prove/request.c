/*
 * Each writes a text that nobody wrote before, so that finding it is finding that very request.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/request.h"

#include "base/attr.h"
#include "base/json.h"
#include "base/uuid.h"

#define CANDIDATE "SELECT count(*) FROM keelson.candidates WHERE org_id = $1::uuid AND "

const struct request requests[REQUESTS] = {
    { "read",       "read one candidate",             "GET",    REQUEST_ON_PERSON,  "/v1/candidates/", "",                .success = 200 },
    { "tail",       "the last messages of a session", "GET",    REQUEST_ON_SESSION, "/v1/sessions/",   "/messages?tail=1&role=system",
      .success = 200 },
    { "append",     "append a message",               "POST",   REQUEST_ON_SESSION, "/v1/sessions/",   "/messages",       .success = 201,
      .body = "{\"role\":\"user\",\"content\":\"%s\"}", .found = 200,
      .finds = "SELECT count(*) FROM keelson.interview_messages WHERE org_id = $1::uuid AND session_id = $2::uuid"
               " AND content::text LIKE '%' || $3::text || '%'" },
    { "create",     "create a candidate",             "POST",   REQUEST_ON_NOTHING, "/v1/candidates",  "",                .success = 201,
      .body = "{\"full_name\":\"%s\"}", .finds = CANDIDATE "($2::uuid IS NULL OR id = $2) AND full_name = $3::text" },
    { "keyed",      "the same with Idempotency-Key",  "POST",   REQUEST_ON_NOTHING, "/v1/candidates",  "",                .success = 201,
      .keyed = true,
      .body = "{\"full_name\":\"%s\"}", .finds = CANDIDATE "($2::uuid IS NULL OR id = $2) AND full_name = $3::text" },
    { "change",     "change a candidate, If-Match",   "PATCH",  REQUEST_ON_FRESH,   "/v1/candidates/", "",                .success = 200,
      .if_match = true,
      .body = "{\"headline\":\"%s\"}", .type = "application/merge-patch+json", .finds = CANDIDATE "id = $2::uuid AND headline = $3::text" },
    { "transition", "move a candidate on",            "POST",   REQUEST_ON_FRESH,   "/v1/candidates/", "/transitions",    .success = 200,
      .body = "{\"to\":\"screening\",\"reason\":\"%s\"}",
      .finds = CANDIDATE "id = $2::uuid AND status = 'screening' AND status_reason = $3::text" },
    { "delete",     "move a candidate to the trash",  "DELETE", REQUEST_ON_FRESH,   "/v1/candidates/", "",                .success = 204,
      .finds = CANDIDATE "id = $2::uuid AND deleted_at IS NOT NULL AND $3::text IS NOT NULL" },
};

int request_find(struct span name)
{
    for (int i = 0; i < REQUESTS; i++)
        if (span_is(name, requests[i].name))
            return i;
    return -1;
}

static const char *nonce_new(struct arena *a)
{
    struct uuid u = uuid_v7();
    char text[UUID_TEXT];

    uuid_format(&u, text);
    return arena_printf(a, "prove-%.*s", UUID_TEXT, text);
}

/* ---- preparing: nothing is broken yet, so anything but success is a reason to stop ---- */

static bool make(const struct client *c, struct arena *a, const char *path, const char *body, const char **id, const char **etag, struct err *e)
{
    struct client_request r = { .method = "POST", .path = path, .body = body };
    const struct json *made;
    struct answer answer;
    struct json *doc;

    if (!client_run(c, &r, a, &answer, e))
        return false;
    if (answer.shape != ANSWER_WHOLE || answer.status != 201)
        return fail(e, E_DATABASE, "POST %s, before anything is broken: %d %s", path, answer.status, answer.code);
    if (!json_parse(a, answer.body, &doc, e))
        return false;
    made = json_find(doc, "id");
    if (id)
        *id = made ? arena_strdup(a, json_text(a, made)) : "";
    if (etag)
        *etag = arena_strdup(a, answer.etag);
    return true;
}

bool request_stage_make(const struct client *c, struct arena *a, struct request_stage *out, struct err *e)
{
    const char *interview;

    out->told = nonce_new(a);
    return make(c, a, "/v1/candidates", arena_printf(a, "{\"full_name\":\"%s\"}", out->told), &out->person, NULL, e) &&
           make(c, a, "/v1/interviews", arena_printf(a, "{\"candidate_id\":\"%s\",\"title\":\"%s\"}", out->person, out->told), &interview, NULL, e) &&
           make(c, a, "/v1/sessions", arena_printf(a, "{\"interview_id\":\"%s\"}", interview), &out->session, NULL, e) &&
           make(c, a, arena_printf(a, "/v1/sessions/%s/messages", out->session),
                arena_printf(a, "{\"role\":\"system\",\"content\":\"%s\"}", out->told), NULL, NULL, e);
}

static const char *body_of(const struct request *r, const char *nonce, struct arena *a)
{
    struct span rest = span_of(r->body), front;

    if (!r->body)
        return NULL;
    front = span_cut(&rest, '%');
    return arena_printf(a, "%.*s%s%s", SPAN_ARG(front), nonce, rest.p + 1);
}

bool request_prepare(const struct request *r, const struct request_stage *s, const struct client *c, struct arena *a, struct request_call *out,
                     struct err *e)
{
    const char *etag = NULL;

    *out = (struct request_call){ .nonce = nonce_new(a) };
    if (r->on == REQUEST_ON_FRESH &&
        !make(c, a, "/v1/candidates", arena_printf(a, "{\"full_name\":\"%s\"}", out->nonce), &out->id, &etag, e))
        return false;
    if (r->on == REQUEST_ON_PERSON || r->on == REQUEST_ON_SESSION)
        out->id = r->on == REQUEST_ON_PERSON ? s->person : s->session;
    out->http = (struct client_request){
        .method = r->method, .path = arena_printf(a, "%s%s%s", r->before, out->id ? out->id : "", r->after), .type = r->type,
        .body = body_of(r, out->nonce, a), .if_match = r->if_match ? etag : NULL, .idempotency_key = r->keyed ? out->nonce : NULL,
    };
    return true;
}

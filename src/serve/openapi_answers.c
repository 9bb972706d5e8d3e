/*
 * What an operation takes and what it answers: bodies, contents, headers, and every error with the codes it can have here.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/openapi_parts.h"

#include "base/attr.h"
#include "data/append.h"
#include "data/create.h"
#include "http/reply.h"

#define TEXT_MAX 8192

static void content(struct openapi *d, const char *type)
{
    json_key_span(&d->o, span_of(type));
    json_open(&d->o, '{');
    json_key(&d->o, "schema");
}

static void content_ref(struct openapi *d, const char *type, const char *schema)
{
    content(d, type);
    openapi_ref(d, "schemas", schema);
    json_close(&d->o, '}');
}

static const char *type_of(const struct openapi *d, const struct resource *r, const char *what)
{
    return arena_printf(d->arena, "%s%s", openapi_type(d, r), what);
}

static const char *messages_of(const struct openapi *d, const char *what)
{
    return type_of(d, d->model->conversation->messages, what);
}

/* ---- bodies ---- */

static void one_or_many(struct openapi *d, const char *name, int most, const char *wrapper)
{
    json_open(&d->o, '{');
    json_key(&d->o, "oneOf");
    json_open(&d->o, '[');
    openapi_ref(d, "schemas", name);
    json_open(&d->o, '{');
    openapi_json(&d->o, arena_printf(d->arena, "'type':'array','minItems':1,'maxItems':%d", most));
    openapi_key_ref(d, "items", "schemas", name);
    json_close(&d->o, '}');
    if (wrapper)
        openapi_ref(d, "schemas", wrapper);
    json_close(&d->o, ']');
    json_close(&d->o, '}');
}

static void patches(struct openapi *d, const char *merge)
{
    content_ref(d, "application/merge-patch+json", merge);
    content_ref(d, "application/json-patch+json", "JsonPatch");
    content_ref(d, "application/json", merge);
}

static void body(struct openapi *d, const struct openapi_place *p)
{
    switch (p->op->body) {
    case OPENAPI_CREATE:
        content(d, "application/json");
        one_or_many(d, type_of(d, p->resource, "Create"), CREATE_MAX, NULL);
        json_close(&d->o, '}');
        break;
    case OPENAPI_APPEND:
        content(d, "application/json");
        one_or_many(d, messages_of(d, "Create"), APPEND_MESSAGES, messages_of(d, "Append"));
        json_close(&d->o, '}');
        break;
    case OPENAPI_PATCH:
        patches(d, type_of(d, p->resource, "Patch"));
        break;
    case OPENAPI_MESSAGE_PATCH:
        patches(d, messages_of(d, "Extension"));
        break;
    case OPENAPI_REDACTION:
        content_ref(d, "application/json", "Redaction");
        break;
    case OPENAPI_FORK:
        content_ref(d, "application/json", "Fork");
        break;
    case OPENAPI_ONE_MESSAGE:
        content_ref(d, "application/json", messages_of(d, "Create"));
        break;
    case OPENAPI_MEMORY_PATCH:
        patches(d, "MemoryPatch");
        break;
    case OPENAPI_MEMORY:
        content_ref(d, "application/json", "MemoryOrMessages");
        break;
    case OPENAPI_TRANSITION:
        content_ref(d, "application/json", type_of(d, p->resource, "Transition"));
        break;
    case OPENAPI_FILE:
        openapi_json(&d->o, "'*/*':{'schema':{}}");
        break;
    case OPENAPI_NAMED_BODY:
        content_ref(d, "application/json", p->op->takes);
        break;
    case OPENAPI_NO_BODY:
        break;
    }
}

void openapi_request(struct openapi *d, const struct openapi_place *p)
{
    if (!p->op || p->op->body == OPENAPI_NO_BODY)
        return;
    json_key(&d->o, "requestBody");
    json_open(&d->o, '{');
    json_key(&d->o, "required");
    json_boolean(&d->o, true);
    json_key(&d->o, "content");
    json_open(&d->o, '{');
    body(d, p);
    json_close(&d->o, '}');
    json_close(&d->o, '}');
}

/* ---- contents of answers ---- */

static void created(struct openapi *d, const char *name)
{
    json_open(&d->o, '{');
    json_key(&d->o, "anyOf");
    json_open(&d->o, '[');
    openapi_ref(d, "schemas", name);
    openapi_json(&d->o, arena_printf(d->arena, "{'type':'object','required':['items'],'properties':{'items':{'type':'array','items':"
                                     "{'$ref':'#/components/schemas/%s'}}}}", name));
    json_close(&d->o, ']');
    json_close(&d->o, '}');
}

static void text_content(struct openapi *d, const char *type)
{
    openapi_json(&d->o, arena_printf(d->arena, "'%s':{'schema':{'type':'string'}}", type));
}

static void answer_content(struct openapi *d, const struct openapi_place *p, enum openapi_content what)
{
    switch (what) {
    case OPENAPI_OBJECT:   content_ref(d, "application/json", type_of(d, p->resource, "")); break;
    case OPENAPI_PAGE:     content_ref(d, "application/json", type_of(d, p->resource, "List")); break;
    case OPENAPI_MESSAGES: content_ref(d, "application/json", messages_of(d, "Window")); break;
    case OPENAPI_APPENDED: content_ref(d, "application/json", messages_of(d, "Appended")); break;
    case OPENAPI_MESSAGE:  content_ref(d, "application/json", messages_of(d, "")); break;
    case OPENAPI_DOCUMENT: content_ref(d, "application/json", "Memory"); break;
    case OPENAPI_NAMED:    content_ref(d, "application/json", p->op->gives); break;
    case OPENAPI_HEALTH:   content_ref(d, "application/health+json", "Health"); break;
    case OPENAPI_PROBE:    content_ref(d, "application/health+json", "Probe"); break;
    case OPENAPI_ITSELF:   openapi_json(&d->o, "'application/json':{'schema':{'type':'object'}}"); break;
    case OPENAPI_METRICS:  text_content(d, "text/plain"); break;
    case OPENAPI_HTML:     text_content(d, "text/html"); break;
    case OPENAPI_BYTES:    openapi_json(&d->o, "'*/*':{'schema':{}}"); break;
    case OPENAPI_ASSET:    openapi_json(&d->o, "'*/*':{'schema':{}}"); break;
    case OPENAPI_MEANING:
        content_ref(d, "application/json", "Meaning");
        text_content(d, "text/html");
        break;
    case OPENAPI_CREATED:
        content(d, "application/json");
        created(d, type_of(d, p->resource, ""));
        json_close(&d->o, '}');
        break;
    case OPENAPI_NOTHING:
        break;
    }
}

/* ---- headers of answers ---- */

static const struct { unsigned bit; const char *name; } answer_headers[] = {
    { OPENAPI_ETAG,       "ETag" },
    { OPENAPI_LOCATION,   "Location" },
    { OPENAPI_THROUGH_OF, "Keelson-Memory-Through-Seq" },
    { OPENAPI_RANGE_OF,   "Content-Range" },
    { OPENAPI_FILE_OF,    "Accept-Ranges" },
    { OPENAPI_FILE_OF,    "Content-Disposition" },
    { OPENAPI_FILE_OF,    "Repr-Digest" },
    { OPENAPI_RETRY,      "Retry-After" },
    { OPENAPI_POLICY,     "Content-Security-Policy" },
};

static void headers(struct openapi *d, const struct openapi_place *p, const struct openapi_answer *a)
{
    bool etag = p->resource && (p->resource->has_version || a->content != OPENAPI_OBJECT);

    json_key(&d->o, "headers");
    json_open(&d->o, '{');
    openapi_key_ref(d, "Request-Id", "headers", "Request-Id");
    for (size_t i = 0; i < ARRAY_LEN(answer_headers); i++)
        if ((a->headers & answer_headers[i].bit) && (answer_headers[i].bit != OPENAPI_ETAG || etag))
            openapi_key_ref(d, answer_headers[i].name, "headers", answer_headers[i].name);
    if (p->route->idempotent_key)
        openapi_key_ref(d, "Idempotent-Replayed", "headers", "Idempotent-Replayed");
    json_close(&d->o, '}');
}

/* ---- errors ---- */

static bool of_status(const struct openapi_errors *e, int k, int status)
{
    return e->kind[k] && err_info((enum err_kind)k)->http == status;
}

static bool any_of(const struct openapi_errors *e, int status)
{
    for (int k = E_NONE + 1; k < ERR_KIND_COUNT; k++)
        if (of_status(e, k, status))
            return true;
    return false;
}

static const char *error_doc(struct openapi *d, const struct openapi_errors *e, int status)
{
    struct buf b = BUF(TEXT_MAX);
    const char *text;

    for (int k = E_NONE + 1; k < ERR_KIND_COUNT; k++) {
        const struct err_info *i = err_info((enum err_kind)k);

        if (of_status(e, k, status))
            buf_printf(&b, "%s`%s`: %s.", b.n > 0 ? " " : "", i->slug, i->title);
    }
    text = arena_strdup(d->arena, buf_span(&b));
    buf_free(&b);
    return text;
}

/* A problem whose code is one of these. */
static void error_content(struct openapi *d, const struct openapi_errors *e, int status)
{
    content(d, "application/problem+json");
    json_open(&d->o, '{');
    json_key(&d->o, "allOf");
    json_open(&d->o, '[');
    openapi_ref(d, "schemas", "Problem");
    openapi_json(&d->o, "{'properties':{'code':{'enum':[");
    for (int k = E_NONE + 1; k < ERR_KIND_COUNT; k++)
        if (of_status(e, k, status))
            json_cstring(&d->o, err_info((enum err_kind)k)->slug);
    openapi_append(&d->o, "]}}}");
    json_close(&d->o, ']');
    json_close(&d->o, '}');
    json_close(&d->o, '}');
}

static void error_headers(struct openapi *d, int status)
{
    static const struct { int status; const char *name; } sent[] = {
        { 401, "WWW-Authenticate" }, { 409, "Retry-After" }, { 429, "Retry-After" }, { 503, "Retry-After" },
    };

    json_key(&d->o, "headers");
    json_open(&d->o, '{');
    openapi_key_ref(d, "Request-Id", "headers", "Request-Id");
    for (size_t i = 0; i < ARRAY_LEN(sent); i++)
        if (sent[i].status == status)
            openapi_key_ref(d, sent[i].name, "headers", sent[i].name);
    json_close(&d->o, '}');
}

/* Errors of any request are written once, as a component, where nothing is added to them. */
static bool only_common(const struct openapi_errors *e, const struct openapi_errors *common, int status)
{
    for (int k = E_NONE + 1; k < ERR_KIND_COUNT; k++)
        if (of_status(e, k, status) != of_status(common, k, status))
            return false;
    return true;
}

static void common_errors(const struct openapi *d, struct openapi_errors *out)
{
    static const struct route nothing = { .at = { HTTP_GET, "" } };
    struct openapi_place p = { .route = &nothing };

    openapi_errors(d, &p, out);
}

static void error(struct openapi *d, const struct openapi_errors *e, int status)
{
    json_open(&d->o, '{');
    openapi_member(&d->o, "description", error_doc(d, e, status));
    error_headers(d, status);
    json_key(&d->o, "content");
    json_open(&d->o, '{');
    error_content(d, e, status);
    json_close(&d->o, '}');
    json_close(&d->o, '}');
}

static const char *status_text(struct openapi *d, int status)
{
    return arena_printf(d->arena, "%d", status);
}

static void errors(struct openapi *d, const struct openapi_place *p, const struct openapi_errors *e)
{
    struct openapi_errors common;

    common_errors(d, &common);
    for (int status = 400; status < 600; status++) {
        bool answered = false;

        for (int i = 0; p->op && i < OPENAPI_ANSWERS; i++)
            answered |= p->op->answers[i].status == status;
        if (answered || !any_of(e, status))
            continue;
        json_key(&d->o, status_text(d, status));
        if (only_common(e, &common, status))
            openapi_ref(d, "responses", arena_printf(d->arena, "Any%d", status));
        else
            error(d, e, status);
    }
}

/* A status may be an answer of the handler and an error on the way to it: health that fails, a server that drains. */
static void answer(struct openapi *d, const struct openapi_place *p, const struct openapi_answer *a, const struct openapi_errors *e)
{
    json_key(&d->o, status_text(d, a->status));
    json_open(&d->o, '{');
    openapi_member(&d->o, "description", a->doc);
    headers(d, p, a);
    if (a->content != OPENAPI_NOTHING) {
        json_key(&d->o, "content");
        json_open(&d->o, '{');
        answer_content(d, p, a->content);
        if (any_of(e, a->status))
            error_content(d, e, a->status);
        json_close(&d->o, '}');
    }
    json_close(&d->o, '}');
}

void openapi_answers(struct openapi *d, const struct openapi_place *p)
{
    struct openapi_errors e;

    openapi_errors(d, p, &e);
    json_open(&d->o, '{');
    for (int i = 0; p->op && i < OPENAPI_ANSWERS && p->op->answers[i].status; i++)
        answer(d, p, &p->op->answers[i], &e);
    errors(d, p, &e);
    json_close(&d->o, '}');
}

void openapi_answers_common(struct openapi *d)
{
    struct openapi_errors common;

    common_errors(d, &common);
    json_key(&d->o, "responses");
    json_open(&d->o, '{');
    for (int status = 400; status < 600; status++) {
        if (!any_of(&common, status))
            continue;
        json_key(&d->o, arena_printf(d->arena, "Any%d", status));
        error(d, &common, status);
    }
    json_close(&d->o, '}');
}

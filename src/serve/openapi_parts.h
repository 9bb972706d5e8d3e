/*
 * What the parts of the OpenAPI writer share: the document under way, what is known about each handler, small ways to write.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_OPENAPI_PARTS_H
#define KEELSON_SERVE_OPENAPI_PARTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "data/conversation.h"
#include "data/resource.h"
#include "serve/routes.h"

struct openapi {
    struct json_out     o;
    struct arena       *arena;
    const struct model *model;
    const struct resource **order;       /* all of the model, each after those it refers to */
    bool                keys;
};

/* ---- what a handler reads and answers: facts of src/data and src/serve, in openapi_operations.c ---- */

enum openapi_body { OPENAPI_NO_BODY, OPENAPI_CREATE, OPENAPI_PATCH, OPENAPI_TRANSITION, OPENAPI_APPEND, OPENAPI_MEMORY, OPENAPI_MEMORY_PATCH, OPENAPI_FILE,
                    OPENAPI_MESSAGE_PATCH, OPENAPI_REDACTION, OPENAPI_ONE_MESSAGE, OPENAPI_FORK,
                    OPENAPI_NAMED_BODY };            /* the schema `takes` */

enum openapi_query {                     /* bits: groups of query parameters */
    OPENAPI_LISTED  = 1,                 /* limit, cursor, order, count and a filter for each field that has one */
    OPENAPI_FIELDS  = 2,
    OPENAPI_TRASH   = 4,                 /* include=trash */
    OPENAPI_WINDOW  = 8,                 /* after_seq, before_seq, tail, limit, role, cursor */
    OPENAPI_THROUGH = 16,                /* through_seq */
    OPENAPI_NAME    = 32,
    OPENAPI_FORMAT  = 64,                /* format */
};

enum openapi_header {                    /* bits: request headers that are read, answer headers that are sent */
    OPENAPI_MATCH      = 1,              /* If-Match */
    OPENAPI_MUST_MATCH = 2,              /* the same, required where the resource has versions */
    OPENAPI_NONE_MATCH = 4,
    OPENAPI_RANGE      = 8,
    OPENAPI_ETAG       = 16,
    OPENAPI_LOCATION   = 32,             /* of one created object */
    OPENAPI_THROUGH_OF = 64,             /* Keelson-Memory-Through-Seq */
    OPENAPI_RANGE_OF   = 128,            /* Content-Range */
    OPENAPI_FILE_OF    = 256,            /* Accept-Ranges, Content-Disposition, Repr-Digest */
    OPENAPI_RETRY      = 512,            /* Retry-After */
    OPENAPI_POLICY     = 1024,           /* Content-Security-Policy */
};

enum openapi_content {                   /* what an answer holds; rows of a table in openapi_answers.c */
    OPENAPI_NOTHING, OPENAPI_OBJECT, OPENAPI_CREATED, OPENAPI_PAGE, OPENAPI_MESSAGES, OPENAPI_APPENDED, OPENAPI_MESSAGE, OPENAPI_DOCUMENT, OPENAPI_BYTES,
    OPENAPI_HEALTH, OPENAPI_PROBE, OPENAPI_METRICS, OPENAPI_ITSELF, OPENAPI_HTML, OPENAPI_ASSET, OPENAPI_MEANING,
    OPENAPI_NAMED,                       /* the schema `gives` */
};

#define OPENAPI_ANSWERS 3
#define OPENAPI_ERRORS  12
#define OPENAPI_SHARED  8

struct openapi_answer { int status; enum openapi_content content; unsigned headers; const char *doc; };

struct openapi_operation {
    call_plan        *plan;              /* which handler */
    call_render      *render;            /* where several share a plan; NULL: any */
    bool              plural;            /* listCandidates, not listCandidate */
    unsigned          query, headers;
    enum openapi_body body;
    const char       *takes, *gives;     /* schemas, of OPENAPI_NAMED_BODY and OPENAPI_NAMED */
    const char       *shared[OPENAPI_SHARED];                /* query parameters that are components */
    struct openapi_answer answers[OPENAPI_ANSWERS];
    enum err_kind     errors[OPENAPI_ERRORS];                /* besides those that any request may meet; ended by E_NONE */
    const char       *more;              /* what the one line of the route does not say; NULL: nothing */
};

/* NULL: nobody has written down what this handler does, which a test refuses. */
const struct openapi_operation *openapi_operation(const struct route *r);

/* One operation at one path: `r` is the resource that {r} stands for or the route names; NULL for what is no resource. */
struct openapi_place { const struct route *route; const struct openapi_operation *op; const struct resource *resource; const char *path; };

/* ---- the parts ---- */

void openapi_paths(struct openapi *d);
void openapi_parameters(struct openapi *d, const struct openapi_place *p);      /* the array of an operation */
void openapi_request(struct openapi *d, const struct openapi_place *p);         /* "requestBody", if there is one */
void openapi_answers(struct openapi *d, const struct openapi_place *p);         /* the object "responses" */
void openapi_answers_common(struct openapi *d);                                 /* the component "responses": what any request may meet */
void openapi_components(struct openapi *d);
void openapi_langgraph_schemas(struct openapi *d);
void openapi_langgraph_parameters(struct openapi *d);

struct openapi_piece { const char *name, *json; };                              /* a component, spelled as openapi_json() takes it */
void openapi_pieces(struct openapi *d, const struct openapi_piece *list, size_t n);

/* Errors of an operation, as a set: what the table says, what its way here adds, without what this resource cannot have. */
struct openapi_errors { bool kind[ERR_KIND_COUNT]; };
void openapi_errors(const struct openapi *d, const struct openapi_place *p, struct openapi_errors *out);

/* The component that describes the filter of such a field, or NULL. */
const char *openapi_filter(enum field_kind kind);

/* ---- names ---- */

const char *openapi_type(const struct openapi *d, const struct resource *r);    /* "Candidate" */
const char *openapi_camel(struct arena *a, const char *name);                   /* "time_entries": "TimeEntries" */

/* ---- small ways to write ---- */

void openapi_member(struct json_out *o, const char *key, const char *value);    /* NULL: nothing */
void openapi_ref(struct openapi *d, const char *kind, const char *name);        /* {"$ref":"#/components/<kind>/<name>"} */
void openapi_key_ref(struct openapi *d, const char *key, const char *kind, const char *name);
/* JSON whose quotes are spelled ' so that it can be read in C. */
void openapi_json(struct json_out *o, const char *text);
void openapi_append(struct json_out *o, const char *text);                      /* more of it: no comma before */

#endif

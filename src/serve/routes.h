/*
 * The route table: every path Keelson answers, who may, how it is planned and rendered, and what OpenAPI says about it.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_ROUTES_H
#define KEELSON_SERVE_ROUTES_H

#include "data/call.h"
#include "data/resource.h"
#include "http/route.h"

enum route_body { BODY_NONE, BODY_JSON, BODY_MESSAGES, BODY_FILE, BODY_PATCH, BODY_MESSAGE_PATCH };   /* what is read, and under which limit */

struct route {
    struct route_pattern at;         /* first: route_find() looks here */
    const char     *resource;        /* fixed resource, or NULL: the capture {r} */
    const char     *action;          /* scope "resource:action": "read" "write" "delete" "purge" "admin"; NULL: no key needed */
    enum route_body body;
    bool            idempotent_key;  /* Idempotency-Key is understood */
    call_plan      *plan;
    call_render    *render;
    const char     *id;              /* operationId stem: "list", "create", ... */
    const char     *doc;             /* one line for OpenAPI */
    bool          (*serves)(const struct resource *r);       /* of {r}: which resources have this; NULL: every one */
};

/* The methods a path has: those of all rows with the same pattern, for `r` (NULL: the path names no resource). */
unsigned routes_methods(const char *pattern, const struct resource *r);

/* What scopes and OpenAPI call what a route is about: its resource, or the word behind /v1/; SPAN_NONE: neither. */
struct span routes_subject(const struct route *route, const struct resource *r);

extern const struct route routes[];
extern const size_t nroutes;

#endif

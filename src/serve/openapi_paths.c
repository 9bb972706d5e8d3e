/*
 * Paths: each pattern of the route table once, `{r}` once for every resource, and under it what its rows do.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/openapi_parts.h"

#include <string.h>

#include "base/attr.h"

static const struct { unsigned method; const char *name; } methods[] = {
    { HTTP_GET, "get" }, { HTTP_POST, "post" }, { HTTP_PUT, "put" }, { HTTP_PATCH, "patch" }, { HTTP_DELETE, "delete" },
};

/* ---- names ---- */

static bool is_general(const struct route *r)
{
    return strstr(r->at.pattern, "{r}") != NULL;
}

static const char *operation_id(struct openapi *d, const struct openapi_place *p)
{
    bool plural = p->op && p->op->plural;

    if (!is_general(p->route))
        return p->route->id;
    return arena_printf(d->arena, "%s%s", p->route->id, openapi_camel(d->arena, plural ? p->resource->name : p->resource->singular));
}

/* The last word of the path that names a resource: messages of a session are about messages. */
static const char *tag(const struct openapi *d, const char *path)
{
    const char *name = "service";
    struct span rest = span_of(path);

    while (rest.p) {
        const struct resource *r = model_find(d->model, span_cut(&rest, '/'));

        name = r ? r->name : name;
    }
    return name;
}

/* ---- one operation ---- */

static void operation(struct openapi *d, const struct openapi_place *p)
{
    json_open(&d->o, '{');
    openapi_member(&d->o, "operationId", operation_id(d, p));
    json_key(&d->o, "tags");
    json_open(&d->o, '[');
    if (p->route->action && !p->resource)
        json_string(&d->o, routes_subject(p->route, NULL));
    else
        json_cstring(&d->o, tag(d, p->path));
    json_close(&d->o, ']');
    openapi_member(&d->o, "summary", p->route->doc);
    openapi_member(&d->o, "description", p->op && p->op->more ? p->op->more : p->route->doc);
    json_key(&d->o, "parameters");
    openapi_parameters(d, p);
    openapi_request(d, p);
    json_key(&d->o, "responses");
    openapi_answers(d, p);
    if (!p->route->action) {
        json_key(&d->o, "security");
        openapi_json(&d->o, "[]");
    } else {
        openapi_member(&d->o, "x-scope", arena_printf(d->arena, "%.*s:%s", SPAN_ARG(routes_subject(p->route, p->resource)), p->route->action));
    }
    json_close(&d->o, '}');
}

/* ---- one path ---- */

static const char *path_of(struct openapi *d, const char *pattern, const struct resource *r)
{
    const char *at = strstr(pattern, "{r}");

    return at ? arena_printf(d->arena, "%.*s%s%s", (int)(at - pattern), pattern, r->name, at + 3) : pattern;
}

/* The resource of a row: the one {r} stands for, the one it names, or none.  False: there is no such row here. */
static bool resource_of(const struct openapi *d, const struct route *route, const struct resource *general, const struct resource **out)
{
    if (route->resource) {
        *out = model_find(d->model, span_of(route->resource));
        return *out != NULL;
    }
    *out = is_general(route) ? general : NULL;
    return !*out || !route->serves || route->serves(*out);
}

static void method(struct openapi *d, const struct openapi_place *p)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (!(p->route->at.methods & methods[i].method))
            continue;
        json_key(&d->o, methods[i].name);
        operation(d, p);
    }
}

static void path_item(struct openapi *d, const char *pattern, const struct resource *general)
{
    const char *path = path_of(d, pattern, general);
    bool any = false;

    for (size_t i = 0; i < nroutes; i++) {
        struct openapi_place p = { .route = &routes[i], .op = openapi_operation(&routes[i]), .path = path };

        if (strcmp(routes[i].at.pattern, pattern) != 0 || !resource_of(d, &routes[i], general, &p.resource))
            continue;
        if (!any) {
            json_key_span(&d->o, span_of(path));
            json_open(&d->o, '{');
        }
        any = true;
        method(d, &p);
    }
    if (any)
        json_close(&d->o, '}');
}

static bool first_of_pattern(size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (strcmp(routes[i].at.pattern, routes[row].at.pattern) == 0)
            return false;
    return true;
}

void openapi_paths(struct openapi *d)
{
    json_key(&d->o, "paths");
    json_open(&d->o, '{');
    for (int r = 0; r < d->model->nresources; r++)
        for (size_t i = 0; i < nroutes; i++)
            if (first_of_pattern(i) && is_general(&routes[i]))
                path_item(d, routes[i].at.pattern, d->order[r]);
    for (size_t i = 0; i < nroutes; i++)
        if (first_of_pattern(i) && !is_general(&routes[i]))
            path_item(d, routes[i].at.pattern, NULL);
    json_close(&d->o, '}');
}

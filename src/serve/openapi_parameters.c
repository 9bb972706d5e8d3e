/*
 * Parameters of an operation: of its path, of its query, its headers.  What is the same everywhere is a component; what depends
 * on the resource is written out.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/openapi_parts.h"

#include <string.h>

#include "base/attr.h"
#include "data/describe.h"
#include "data/filter.h"

/* ---- of the path ---- */

static const struct { const char *name, *schema, *doc; } captures[] = {
    { "id",   "{'type':'string','format':'uuid'}",                                "Identifier." },
    { "seq",  "{'type':'integer','format':'int64','minimum':1}",                  "Place in the session: 1, 2, 3 and so on." },
    { "slug", "{'type':'string'}",                                                "The `code` of an error." },
    { "file", "{'type':'string'}",                                                "Name of the file." },
};

static void parameter(struct openapi *d, const char *name, const char *in, bool required, const char *doc)
{
    json_open(&d->o, '{');
    openapi_member(&d->o, "name", name);
    openapi_member(&d->o, "in", in);
    if (required) {
        json_key(&d->o, "required");
        json_boolean(&d->o, true);
    }
    openapi_member(&d->o, "description", doc);
}

static void capture(struct openapi *d, struct span name)
{
    for (size_t i = 0; i < ARRAY_LEN(captures); i++) {
        if (!span_is(name, captures[i].name))
            continue;
        parameter(d, captures[i].name, "path", true, captures[i].doc);
        json_key(&d->o, "schema");
        openapi_json(&d->o, captures[i].schema);
        json_close(&d->o, '}');
        return;
    }
    parameter(d, arena_strdup(d->arena, name), "path", true, "Part of the path.");
    json_key(&d->o, "schema");
    openapi_json(&d->o, "{'type':'string'}");
    json_close(&d->o, '}');
}

static void path_parameters(struct openapi *d, const char *path)
{
    for (const char *open = strchr(path, '{'); open; open = strchr(open + 1, '{'))
        capture(d, (struct span){ open + 1, strcspn(open + 1, "}") });
}

/* ---- of the query: names of fields, separated by commas ---- */

/* `items` is a pattern around the alternatives: "^(" names ")$". */
static void name_list(struct openapi *d, const struct resource *r, bool (*which)(const struct field *f), const char *tail)
{
    struct buf b = BUF(65536);

    for (int i = 0; i < r->nfields; i++)
        if (r->fields[i].kind != FIELD_EXACT && (!which || which(&r->fields[i])))
            buf_printf(&b, "%s%s", b.n > 0 ? "|" : "", r->fields[i].name);
    json_key(&d->o, "items");
    json_open(&d->o, '{');
    openapi_member(&d->o, "type", "string");
    openapi_member(&d->o, "pattern", arena_printf(d->arena, "^((%s)%s)?$", buf_cstr(&b), tail));
    json_close(&d->o, '}');
    buf_free(&b);
}

static bool orderable(const struct field *f)
{
    return filter_comparable(f) && !f->column->lazy;
}

static void list_parameter(struct openapi *d, const char *name, const char *doc, const struct resource *r, bool (*which)(const struct field *f),
                           const char *tail, int most)
{
    parameter(d, name, "query", false, doc);
    openapi_member(&d->o, "style", "form");
    json_key(&d->o, "explode");
    json_boolean(&d->o, false);
    json_key(&d->o, "schema");
    json_open(&d->o, '{');
    openapi_member(&d->o, "type", "array");
    if (most > 0) {
        json_key(&d->o, "maxItems");
        json_int(&d->o, most);
    }
    name_list(d, r, which, tail);
    json_close(&d->o, '}');
    json_close(&d->o, '}');
}

/* ---- of the query: filters ---- */

static void filter(struct openapi *d, const struct field *f)
{
    const char *operators, *schema = openapi_filter(f->kind);

    if (!schema || !describe_filter(f, &operators))
        return;
    parameter(d, f->name, "query", false, f->column->doc);
    openapi_key_ref(d, "schema", "schemas", schema);
    openapi_member(&d->o, "x-operators", operators);
    json_close(&d->o, '}');
}

static void listed(struct openapi *d, const struct resource *r)
{
    static const char *const shared[] = { "limit", "cursor", "count" };

    for (size_t i = 0; i < ARRAY_LEN(shared); i++)
        openapi_ref(d, "parameters", shared[i]);
    list_parameter(d, "order", "Up to three fields, each with `.asc` or `.desc`. What is unique is added at the end.", r, orderable, "(\\.(asc|desc))?",
                   ORDER_MAX - 1);
    for (int i = 0; i < r->nfields; i++)
        filter(d, &r->fields[i]);
}

static void role(struct openapi *d)
{
    const struct field *f = resource_field(d->model->conversation->messages, SPAN("role"));

    parameter(d, "role", "query", false, f->column->doc);
    json_key(&d->o, "schema");
    json_open(&d->o, '{');
    json_key(&d->o, "enum");
    json_open(&d->o, '[');
    for (int i = 0; i < f->column->nallowed; i++)
        json_cstring(&d->o, f->column->allowed[i]);
    for (int i = 0; i < f->column->nallowed; i++)
        json_cstring(&d->o, arena_printf(d->arena, "eq.%s", f->column->allowed[i]));
    json_close(&d->o, ']');
    json_close(&d->o, '}');
    json_close(&d->o, '}');
}

static void window(struct openapi *d)
{
    static const char *const shared[] = { "after_seq", "before_seq", "tail", "limit", "windowCursor" };

    for (size_t i = 0; i < ARRAY_LEN(shared); i++)
        openapi_ref(d, "parameters", shared[i]);
    role(d);
}

static void query_parameters(struct openapi *d, const struct openapi_place *p)
{
    static const struct { unsigned bit; const char *name; } shared[] = {
        { OPENAPI_TRASH, "include" }, { OPENAPI_THROUGH, "through_seq" }, { OPENAPI_NAME, "name" }, { OPENAPI_FORMAT, "format" },
    };

    if (p->op->query & OPENAPI_LISTED)
        listed(d, p->resource);
    if (p->op->query & OPENAPI_FIELDS)
        list_parameter(d, "fields", "Only these fields, in the resource's own order.", p->resource, NULL, "", 0);
    if (p->op->query & OPENAPI_WINDOW)
        window(d);
    for (size_t i = 0; i < ARRAY_LEN(shared); i++)
        if (p->op->query & shared[i].bit)
            openapi_ref(d, "parameters", shared[i].name);
    for (size_t i = 0; i < OPENAPI_SHARED && p->op->shared[i]; i++)
        openapi_ref(d, "parameters", p->op->shared[i]);
}

/* ---- headers ---- */

static void header_parameters(struct openapi *d, const struct openapi_place *p)
{
    bool memory = p->op->body == OPENAPI_MEMORY || p->op->body == OPENAPI_MEMORY_PATCH;
    bool must = (p->op->headers & OPENAPI_MUST_MATCH) && p->resource->has_version;

    if (p->op->headers & (OPENAPI_MATCH | OPENAPI_MUST_MATCH) && p->resource->has_version)
        openapi_ref(d, "parameters", memory ? (must ? "memoryMustMatch" : "memoryMatch") : must ? "mustMatch" : "match");
    if (p->op->headers & OPENAPI_NONE_MATCH)
        openapi_ref(d, "parameters", "noneMatch");
    if (p->op->headers & OPENAPI_RANGE)
        openapi_ref(d, "parameters", "range");
    if (p->route->idempotent_key)
        openapi_ref(d, "parameters", "idempotencyKey");
}

void openapi_parameters(struct openapi *d, const struct openapi_place *p)
{
    json_open(&d->o, '[');
    path_parameters(d, p->path);
    if (p->op) {
        query_parameters(d, p);
        header_parameters(d, p);
    }
    json_close(&d->o, ']');
}

/*
 * Everything here follows from the catalog: types, nullability, lists of values, bounds, simple patterns.  What a CHECK says
 * beyond that (sizes, several columns) is left to the database, whose refusal data/explain turns into the same kind of fault.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/validate.h"

#include <string.h>

#include "data/value.h"

/* Fields the service sets, and what to do instead. */
static const struct { const char *name, *way_out; } way_outs[] = {
    { "id",                  "is made by Keelson; keep an identifier of your own in another field" },
    { "version",             "grows by itself; send it back as If-Match" },
    { "deleted_at",          "is set by DELETE and cleared by POST .../restore" },
    { "purge_after",         "is set by DELETE and cleared by POST .../restore" },
    { "conversation_memory", "is written with PUT or PATCH /v1/sessions/{id}/memory" },
    { "supersedes",          "is said by POST .../messages/{seq}/supersede at the message that is replaced" },
    { "status_reason",       "is given with POST .../transitions" },
    { "file_name",           "is set by PUT /v1/resumes/{id}/file" },
    { "file_media_type",     "is set by PUT /v1/resumes/{id}/file" },
    { "file_bytes",          "is set by PUT /v1/resumes/{id}/file" },
    { "file_sha256",         "is set by PUT /v1/resumes/{id}/file" },
};

static void fault(struct validator *v, const char *pointer, const char *code, const char *message)
{
    if (v->faults++ < VALIDATE_FAULTS)
        fault_add(v->e, v->arena, pointer, code, "%s", message);
}

bool validate_done(struct validator *v)
{
    if (v->faults == 0)
        return true;
    return fail(v->e, E_INPUT, v->faults == 1 ? "%d field is not valid" : "%d fields are not valid", v->faults);
}

/* ---- names that are not known ---- */

#define NAME_MAX_LENGTH 64

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits between two names; 99 when one is too long to be a slip. */
static size_t distance(struct span x, struct span y)
{
    size_t row[NAME_MAX_LENGTH + 1];

    if (x.n > NAME_MAX_LENGTH || y.n > NAME_MAX_LENGTH)
        return 99;
    for (size_t j = 0; j <= y.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= x.n; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= y.n; j++) {
            size_t above = row[j];

            row[j] = smaller(smaller(above, row[j - 1]) + 1, corner + (x.p[i - 1] != y.p[j - 1]));
            corner = above;
        }
    }
    return row[y.n];
}

static void unknown(struct validator *v, const struct field *fields, int n, struct span name, const char *pointer)
{
    const char *nearest = NULL;
    size_t best = name.n / 3 < 2 ? 2 : name.n / 3;

    for (int i = 0; i < n; i++) {
        size_t d = distance(name, span_of(fields[i].name));

        if (d <= best && d < name.n && (fields[i].at_create || fields[i].at_patch)) {
            nearest = fields[i].name;
            best = d;
        }
    }
    fault(v, pointer, "unknown", nearest ? arena_printf(v->arena, "is not a known field; did you mean %s?", nearest)
                                         : "is not a known field");
}

static const struct field *find(const struct field *fields, int n, struct span name)
{
    for (int i = 0; i < n; i++) {
        if (span_is(name, fields[i].name))
            return &fields[i];
    }
    return NULL;
}

static void read_only(struct validator *v, const struct field *f, const char *pointer)
{
    for (size_t i = 0; i < ARRAY_LEN(way_outs); i++) {
        if (strcmp(way_outs[i].name, f->name) == 0) {
            fault(v, pointer, "read-only", way_outs[i].way_out);
            return;
        }
    }
    fault(v, pointer, "read-only", "is set by the service");
}

/* ---- values ---- */

static bool is_status(const struct validator *v, const struct field *f)
{
    return v->resource->has_status && f == &v->resource->fields[v->resource->at_status];
}

static void state(struct validator *v, const struct json *value, const char *pointer)
{
    const struct resource *r = v->resource;
    struct span given = json_text(v->arena, value);

    for (int i = 0; i < r->ninitial; i++) {
        if (span_is(given, r->initial[i]))
            return;
    }
    fault(v, pointer, "state", arena_printf(v->arena, "can only be %s at first; move on with POST /v1/%s/{id}/transitions",
                                            value_list(v->arena, r->initial, r->ninitial), r->name));
}

static void part(struct validator *v, const struct part *p, const struct json *value, const char *pointer);

static void value(struct validator *v, const struct field *f, const struct json *j, const char *pointer)
{
    struct value_fault bad = { 0 };

    if (f->part) {
        part(v, f->part, j, pointer);
        return;
    }
    if (j->type == JSON_NULL) {
        if (f->column->not_null && !f->column->number_within)
            fault(v, pointer, "null", f->column->has_default ? "must not be null; leave it out for its default" : "must not be null");
        return;
    }
    if (!value_check(v->arena, f, j, pointer, &bad))
        fault(v, bad.pointer, bad.code, bad.message);
}

static void members(struct validator *v, const struct field *fields, int n, const struct json *object, const char *pointer)
{
    for (const struct json *m = object->first; m; m = m->next) {
        const struct field *f = find(fields, n, m->key);
        const char *at = json_pointer(v->arena, pointer, m->key);
        int before = v->faults;

        if (!f) {
            unknown(v, fields, n, m->key, at);
        } else if (!f->at_create) {
            read_only(v, f, at);
        } else {
            value(v, f, m, at);
            if (v->faults == before && is_status(v, f) && m->type == JSON_STRING)
                state(v, m, at);
        }
    }
    for (int i = 0; i < n; i++) {
        if (fields[i].required && !json_find(object, fields[i].name))
            fault(v, json_pointer(v->arena, pointer, span_of(fields[i].name)), "required", "is required");
    }
}

static void part(struct validator *v, const struct part *p, const struct json *array, const char *pointer)
{
    size_t at = 0;

    if (array->type != JSON_ARRAY) {
        fault(v, pointer, "type", "must be an array");
        return;
    }
    for (const struct json *row = array->first; row; row = row->next) {
        const char *place = json_pointer_at(v->arena, pointer, at++);

        if (row->type == JSON_OBJECT)
            members(v, p->fields, p->nfields, row, place);
        else
            fault(v, place, "type", "must be an object");
    }
}

void validate_create(struct validator *v, const struct json *object, const char *pointer)
{
    if (object->type == JSON_OBJECT)
        members(v, v->resource->fields, v->resource->nfields, object, pointer);
    else
        fault(v, pointer, "type", "must be an object");
}

/* ---- changes ---- */

static void changed_field(struct validator *v, const struct field *f, const struct json *after, const char *pointer)
{
    if (is_status(v, f))
        fault(v, pointer, "read-only", arena_printf(v->arena, "is changed with POST /v1/%s/{id}/transitions", v->resource->name));
    else if (f->at_create && !f->at_patch)
        fault(v, pointer, "read-only", "can only be given at creation");
    else if (!f->at_patch)
        read_only(v, f, pointer);
    else
        value(v, f, after, pointer);
}

void validate_change(struct validator *v, const struct json *before, const struct json *after, bool *changed)
{
    static const struct json null = { .type = JSON_NULL };
    const struct resource *r = v->resource;

    for (const struct json *m = after->first; m; m = m->next) {
        if (!find(r->fields, r->nfields, m->key))
            unknown(v, r->fields, r->nfields, m->key, json_pointer(v->arena, "", m->key));
    }
    for (int i = 0; i < r->nfields; i++) {
        const struct json *old = json_find(before, r->fields[i].name), *new = json_find(after, r->fields[i].name);

        /* Removed is null; what removing a NOT NULL column would mean is told by value(). */
        old = old ? old : &null;
        new = new ? new : &null;
        changed[i] = !value_same(v->arena, r->fields[i].kind, old, new);
        if (changed[i])
            changed_field(v, &r->fields[i], new, json_pointer(v->arena, "", span_of(r->fields[i].name)));
    }
}

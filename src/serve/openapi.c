/*
 * The document's frame: what it is about, tags, who may ask, then paths and components.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/openapi.h"

#include <ctype.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "serve/openapi_parts.h"

#define DOCUMENT_MAX ((size_t)32 << 20)

/* ---- small ways to write ---- */

void openapi_member(struct json_out *o, const char *key, const char *value)
{
    if (!value)
        return;
    json_key(o, key);
    json_cstring(o, value);
}

void openapi_ref(struct openapi *d, const char *kind, const char *name)
{
    json_open(&d->o, '{');
    openapi_member(&d->o, "$ref", arena_printf(d->arena, "#/components/%s/%s", kind, name));
    json_close(&d->o, '}');
}

void openapi_key_ref(struct openapi *d, const char *key, const char *kind, const char *name)
{
    json_key(&d->o, key);
    openapi_ref(d, kind, name);
}

void openapi_append(struct json_out *o, const char *text)
{
    char last = '\0';

    for (; *text; text++) {
        last = *text == '\'' ? '"' : *text;
        buf_char(o->b, last);
    }
    o->comma = last != '[' && last != '{' && last != ':' && last != ',';
}

void openapi_json(struct json_out *o, const char *text)
{
    json_raw(o, SPAN_NONE);
    openapi_append(o, text);
}

/* ---- names ---- */

const char *openapi_camel(struct arena *a, const char *name)
{
    char *out = arena_alloc(a, strlen(name) + 1);
    bool up = true;
    size_t n = 0;

    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;

        if (isalnum(c))
            out[n++] = (char)(up ? toupper(c) : c);
        up = !isalnum(c);
    }
    return out;
}

/* Schemas that are there whatever the catalog says; a resource of that name gets another. */
static const char *const taken[] = { "Problem", "Fault", "Health", "Probe", "Meaning", "Message", "Memory", "JsonPatch", "Checkpoint" };

const char *openapi_type(const struct openapi *d, const struct resource *r)
{
    const char *name = openapi_camel(d->arena, r->singular);

    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        if (strcmp(taken[i], name) == 0 && !(d->model->conversation && r == d->model->conversation->messages))
            return arena_printf(d->arena, "%sResource", name);
    return name;
}

/* ---- order ---- */

static bool placed(const struct openapi *d, int n, const struct resource *r)
{
    for (int i = 0; i < n; i++)
        if (d->order[i] == r)
            return true;
    return false;
}

static bool waits(const struct openapi *d, int n, const struct resource *r)
{
    for (int i = 0; i < d->model->nresources; i++)
        if (resource_link(r, &d->model->resources[i]) && !placed(d, n, &d->model->resources[i]))
            return true;
    return false;
}

/* What others refer to comes first.  Where resources refer to each other in a circle, one of them goes ahead. */
static void set_order(struct openapi *d)
{
    int n = 0, all = d->model->nresources;

    d->order = arena_array(d->arena, const struct resource *, all);
    while (n < all) {
        const struct resource *next = NULL, *left = NULL;

        for (int i = 0; i < all && !next; i++) {
            const struct resource *r = &d->model->resources[i];

            if (placed(d, n, r))
                continue;
            left = left ? left : r;
            next = waits(d, n, r) ? NULL : r;
        }
        d->order[n++] = next ? next : left;
    }
}

/* ---- the frame ---- */

static const char about[] =
    "Candidates, their resumes, the interviews held with them, sessions with every message, what was concluded, and the memory an interviewing agent "
    "keeps. All of it lives in PostgreSQL; the resources and fields below were read from its catalog when this server started.\n\n"
    "**Lists** are pages: `limit` items, then follow `next` as `cursor`. Filters are `field=operator.value`, as in `status=eq.new` or "
    "`created_at=gte.2026-01-01T00:00:00Z`; several must all hold. An unknown parameter is refused, never ignored.\n\n"
    "**Changes** name the version they are based on: send the `ETag` you have read as `If-Match`. A stale one is 412 and says the current version, none "
    "at all is 428.\n\n"
    "**Repeating** a POST is safe with an `Idempotency-Key`: the first answer is kept for 24 hours and given again.\n\n"
    "**Errors** are `application/problem+json` (RFC 9457). `code` names the kind and never changes its meaning, `errors` lists every fault of the body at "
    "once, and `/problems/{code}` says what to do. Any request may also meet the refusals of the protocol itself: 400, 408, 413, 414, 417, 431, 501, 505.\n\n"
    "**Times** are RFC 3339 in UTC, identifiers UUIDs, binary values base64. Numbers keep their digits: 1.10 comes back as 1.10.";

static void info(struct openapi *d, const char *version)
{
    json_key(&d->o, "info");
    json_open(&d->o, '{');
    openapi_member(&d->o, "title", "Keelson");
    openapi_member(&d->o, "version", version);
    openapi_member(&d->o, "summary", "The data foundation of an AI-interview product");
    openapi_member(&d->o, "description", about);
    json_key(&d->o, "license");
    openapi_json(&d->o, "{'name':'Apache-2.0','identifier':'Apache-2.0'}");
    json_close(&d->o, '}');
    json_key(&d->o, "servers");
    openapi_json(&d->o, "[{'url':'/','description':'This server'}]");
}

static void tags(struct openapi *d)
{
    json_key(&d->o, "tags");
    json_open(&d->o, '[');
    for (int i = 0; i < d->model->nresources; i++) {
        json_open(&d->o, '{');
        openapi_member(&d->o, "name", d->order[i]->name);
        openapi_member(&d->o, "description", d->order[i]->table->doc);
        json_close(&d->o, '}');
    }
    openapi_json(&d->o, "{'name':'checkpoints','description':'Threads of LangGraph programs: their checkpoints and pending writes.'}");
    openapi_json(&d->o, "{'name':'service','description':'The service itself: health, metrics, this description. No key is needed.'}");
    json_close(&d->o, ']');
}

/* An empty list: nobody has to say who he is. */
static void security(struct openapi *d)
{
    json_key(&d->o, "security");
    openapi_json(&d->o, d->keys ? "[{'key':[]}]" : "[]");
}

struct span openapi_make(struct arena *a, const struct model *m, bool keys, const char *version)
{
    struct buf b = BUF(DOCUMENT_MAX);
    struct openapi d = { .o = JSON_OUT(&b), .arena = a, .model = m, .keys = keys };
    struct span text;

    set_order(&d);
    json_open(&d.o, '{');
    openapi_member(&d.o, "openapi", "3.1.0");
    info(&d, version);
    tags(&d);
    security(&d);
    openapi_paths(&d);
    openapi_components(&d);
    json_close(&d.o, '}');
    text = arena_span(a, buf_span(&b));
    buf_free(&b);
    return text;
}

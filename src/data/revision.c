/*
 * The row is rendered as a reader would see it and patched as that document, so that a patch means what its author saw; only what
 * differs afterwards is validated and written.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/revision.h"

#include "data/render.h"
#include "data/sql.h"
#include "data/validate.h"
#include "pg/conn.h"

#define DOCUMENT_MAX (32u << 20)

static bool document(struct call *c, const struct resource *r, const struct rows *row, int first, struct json **out, struct err *e)
{
    struct buf b = BUF(DOCUMENT_MAX);
    struct span text;

    render_object(&b, row, 0, first, r->fields, r->nfields, NULL);
    text = arena_span(c->arena, buf_span(&b));
    buf_free(&b);
    return json_parse(c->arena, text, out, e);
}

bool revision_make(struct call *c, const struct resource *r, const struct rows *row, int first, revision_patch *patch,
                   const struct json *doc, struct revision *out, struct err *e)
{
    struct validator v = { .arena = c->arena, .resource = r, .e = e };
    struct json *before, *after;

    if (!document(c, r, row, first, &before, e) || !patch(c->arena, before, doc, &after, e))
        return false;
    if (after->type != JSON_OBJECT) {
        fault_add(e, c->arena, "", "type", "must be an object");
        return fail(e, E_INPUT, "the patch does not leave an object");
    }
    *out = (struct revision){ .before = before, .after = after, .changed = arena_array(c->arena, bool, r->nfields) };
    validate_change(&v, before, after, out->changed);
    for (int i = 0; i < r->nfields; i++)
        out->any |= out->changed[i];
    return validate_done(&v);
}

static void members(struct json_out *out, const struct resource *r, const struct revision *v)
{
    for (int i = 0; i < r->nfields; i++) {
        const struct json *value = json_find(v->after, r->fields[i].name);

        if (!v->changed[i])
            continue;
        json_key(out, r->fields[i].name);
        if (value)
            json_tree(out, value);
        else
            json_null(out);
    }
}

struct span revision_item(struct arena *a, const struct resource *r, const struct revision *v, const struct uuid *id, bool array)
{
    struct buf b = BUF(DOCUMENT_MAX);
    struct json_out out = JSON_OUT(&b);
    char text[UUID_TEXT];
    struct span taken;

    if (array)
        json_open(&out, '[');
    json_open(&out, '{');
    if (id) {
        uuid_format(id, text);
        json_key(&out, "id");
        json_string(&out, (struct span){ text, UUID_TEXT });
    }
    members(&out, r, v);
    json_close(&out, '}');
    if (array)
        json_close(&out, ']');
    taken = arena_span(a, buf_span(&b));
    buf_free(&b);
    return taken;
}

static const char *new_value(struct arena *a, const struct resource *r, const struct revision *v, const struct column *col)
{
    const struct field *f = resource_field(r, span_of(col->name));
    const struct field *from = col->normalized_from ? resource_field(r, span_of(col->normalized_from)) : NULL;

    if (f && v->changed[f - r->fields])
        return field_given(a, col, "item.j");
    if (from && v->changed[from - r->fields])
        return sql_computed(a, r, col, "item.j", NULL);
    return NULL;
}

void revision_set(struct arena *a, const struct resource *r, const struct revision *v, struct buf *out)
{
    for (int i = 0; i < r->table->ncolumns; i++) {
        const char *value = new_value(a, r, v, &r->table->columns[i]);

        if (value)
            buf_printf(out, ", %s = %s", pg_quote_ident(a, r->table->columns[i].name), value);
    }
}

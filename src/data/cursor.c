/*
 * base64url of a JSON array: the order it belongs to, the direction, the values as they are rendered.  It holds nothing that
 * the page did not show, and every value is checked again, so a made-up one does no harm.
 *
 * NULL comes last, as PostgreSQL sorts it, and first when descending.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/cursor.h"

#include "base/digest.h"
#include "data/render.h"
#include "data/value.h"

#define CURSOR_MAX 8192

static const char *order_name(struct arena *a, const struct order *order, int n)
{
    const char *out = "";

    for (int i = 0; i < n; i++)
        out = arena_printf(a, "%s%s%s%s", out, i > 0 ? "," : "", order[i].field->name, order[i].desc ? ".desc" : "");
    return out;
}

struct span cursor_make(struct call *c, const struct rows *r, int row, const struct order *order, int n, bool back)
{
    struct buf json = BUF(CURSOR_MAX), text = BUF(2 * CURSOR_MAX);
    struct json_out out = JSON_OUT(&json);
    struct span made;

    json_open(&out, '[');
    json_cstring(&out, order_name(c->arena, order, n));
    json_boolean(&out, back);
    for (int i = 0; i < n; i++) {
        int col = (int)(order[i].field - c->resource->fields);

        buf_char(&json, ',');
        if (rows_null(r, row, col))
            buf_str(&json, "null");
        else
            render_value(&json, rows_type(r, col), rows_get(r, row, col));
    }
    json_close(&out, ']');
    digest_base64url(&text, buf_span(&json));
    made = arena_span(c->arena, buf_span(&text));
    buf_free(&json);
    buf_free(&text);
    return made;
}

static bool take(struct call *c, const struct json *array, const struct order *order, int n, struct cursor *out)
{
    const struct json *v = array->type == JSON_ARRAY ? array->first : NULL;

    if (!v || array->count != 2 + (size_t)n || v->type != JSON_STRING || !span_is(json_text(c->arena, v), order_name(c->arena, order, n)))
        return false;
    v = v->next;
    if (!json_bool(v, &out->back))
        return false;
    for (int i = 0; i < n; i++) {
        v = v->next;
        out->value[i] = v->type == JSON_NULL ? SPAN_NONE : v->type == JSON_STRING ? json_text(c->arena, v) : v->raw;
        if (out->value[i].p && value_refused(order[i].field->kind, out->value[i]))
            return false;
    }
    return true;
}

bool cursor_parse(struct call *c, struct span text, const struct order *order, int n, struct cursor *out, struct err *e)
{
    struct buf json = BUF(CURSOR_MAX);
    struct json *array;
    struct err why = { 0 };
    struct span copy;
    bool ok;

    *out = (struct cursor){ .given = true };
    ok = digest_base64url_decode(&json, text);
    copy = arena_span(c->arena, buf_span(&json));
    buf_free(&json);
    ok = ok && json_parse(c->arena, copy, &array, &why) && !(array->flags & JSON_UNSTORABLE) && take(c, array, order, n, out);
    return ok || fail(e, E_PARAMETER, "cursor: is not one that a list in this order has given");
}

static const char *type_of(const struct field *f)
{
    return f->kind == FIELD_TEXT ? (f->column->type == OID_BPCHAR ? "bpchar" : "text") : f->column->type_name;
}

/* Rows in which this column lies beyond the value, and those in which it is the same. */
static void beyond(struct query *q, struct buf *b, const struct order *o, struct span value, bool down, const char *equal)
{
    const char *ident = o->field->ident, *v;
    bool nullable = !o->field->column->not_null;

    if (!value.p) {                              /* NULLs are last going up, first going down */
        if (down)
            buf_printf(b, "(r.%s IS NOT NULL OR (r.%s IS NULL AND %s))", ident, ident, equal);
        else
            buf_printf(b, "(r.%s IS NULL AND %s)", ident, equal);
        return;
    }
    v = query_value(q, value, type_of(o->field));
    buf_printf(b, "(r.%s %s %s OR (r.%s = %s AND %s)%s", ident, down ? "<" : ">", v, ident, v, equal, nullable && !down ? " OR " : ")");
    if (nullable && !down)
        buf_printf(b, "r.%s IS NULL)", ident);
}

static bool plain(const struct order *order, int n)
{
    for (int i = 0; i < n; i++) {
        if (order[i].desc != order[0].desc || !order[i].field->column->not_null)
            return false;
    }
    return true;
}

const char *cursor_where(struct query *q, const struct cursor *at, const struct order *order, int n)
{
    struct arena *a = q->call->arena;
    const char *left = "", *right = "", *inner = "false";

    if (!at->given)
        return "";
    if (plain(order, n)) {                       /* a comparison of rows is one index condition */
        for (int i = 0; i < n; i++) {
            left = arena_printf(a, "%s%sr.%s", left, i > 0 ? ", " : "", order[i].field->ident);
            right = arena_printf(a, "%s%s%s", right, i > 0 ? ", " : "", query_value(q, at->value[i], type_of(order[i].field)));
        }
        return arena_printf(a, " AND (%s) %s (%s)", left, order[0].desc != at->back ? "<" : ">", right);
    }
    for (int i = n - 1; i >= 0; i--) {
        struct buf b = BUF(64 * 1024);

        beyond(q, &b, &order[i], at->value[i], order[i].desc != at->back, inner);
        inner = arena_strdup(a, buf_span(&b));
        buf_free(&b);
    }
    return arena_printf(a, " AND %s", inner);
}

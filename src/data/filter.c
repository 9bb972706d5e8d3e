/*
 * Operators are rows of a table: what they are called, what they take, what SQL they become.  Containment of a column that
 * has a finder is kept apart, because under row level security only the finder can use its index (data/list says how).
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/filter.h"

#include <string.h>

#include "data/projection.h"
#include "data/value.h"

struct filter {
    const struct field *field;
    struct span         text;        /* behind the operator */
};

typedef bool translate(struct query *q, const struct filter *f, const char *op, struct buf *b, struct err *e);

static const char *type_of(const struct field *f)
{
    return f->kind == FIELD_TEXT ? (f->column->type == OID_BPCHAR ? "bpchar" : "text") : f->column->type_name;
}

static bool bad_value(const struct filter *f, struct span value, const char *what, struct err *e)
{
    return fail(e, E_PARAMETER, "%s: \"%.*s\" %s", f->field->name, SPAN_ARG(span_clip(value, 64)), what);
}

static bool check(const struct filter *f, enum field_kind kind, struct span value, struct err *e)
{
    const char *why = value_refused(kind, value);

    return !why || bad_value(f, value, why, e);
}

static bool compare(struct query *q, const struct filter *f, const char *op, struct buf *b, struct err *e)
{
    if (!check(f, f->field->kind, f->text, e))
        return false;
    buf_printf(b, "r.%s %s %s", f->field->ident, op, query_value(q, f->text, type_of(f->field)));
    return true;
}

static bool like(struct query *q, const struct filter *f, const char *op, struct buf *b, struct err *e)
{
    char *pattern = arena_strdup(q->call->arena, f->text);

    if (f->field->kind != FIELD_TEXT)
        return bad_value(f, f->text, "cannot be asked of a field that is not text", e);
    if (!check(f, FIELD_TEXT, f->text, e))
        return false;
    for (char *p = pattern; *p; p++) {
        if (*p == '*')
            *p = '%';
    }
    if (f->text.n > 0 && pattern[f->text.n - 1] == '\\')
        return bad_value(f, f->text, "ends in an escape", e);
    buf_printf(b, "r.%s %s %s", f->field->ident, op, query_value(q, span_of(pattern), "text"));
    return true;
}

static bool is(struct query *q, const struct filter *f, const char *op, struct buf *b, struct err *e)
{
    static const struct { const char *word, *sql; bool boolean; } words[] = {
        { "null", "IS NULL", false }, { "not_null", "IS NOT NULL", false }, { "true", "IS TRUE", true }, { "false", "IS FALSE", true },
    };

    (void)q;
    (void)op;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (span_is(f->text, words[i].word) && (!words[i].boolean || f->field->kind == FIELD_BOOL)) {
            buf_printf(b, "r.%s %s", f->field->ident, words[i].sql);
            return true;
        }
    }
    return bad_value(f, f->text, "is none of null, not_null, and for booleans true, false", e);
}

/* ---- lists: (a,b,"c, d") with or without the parentheses ---- */

static bool quoted_item(struct span *rest, char *out, size_t *n)
{
    size_t i = 1;

    for (*n = 0; i < rest->n && rest->p[i] != '"'; i++) {
        if (rest->p[i] == '\\' && i + 1 < rest->n)
            i++;
        out[(*n)++] = rest->p[i];
    }
    if (i >= rest->n)
        return false;
    *rest = span_drop(*rest, i + 1);
    return rest->n == 0 || rest->p[0] == ',';
}

static bool items(struct query *q, const struct filter *f, enum field_kind kind, struct span **out, size_t *n, struct err *e)
{
    struct span rest = f->text;

    if (rest.n >= 2 && ((rest.p[0] == '(' && rest.p[rest.n - 1] == ')') || (rest.p[0] == '{' && rest.p[rest.n - 1] == '}')))
        rest = (struct span){ rest.p + 1, rest.n - 2 };
    else if (rest.n > 0 && (rest.p[0] == '(' || rest.p[0] == '{' || rest.p[0] == '['))
        return bad_value(f, f->text, "is a list that is not closed", e);
    *out = arena_array(q->call->arena, struct span, rest.n + 1);
    for (*n = 0; rest.n > 0; ++*n) {
        struct span *item = &(*out)[*n];

        if (rest.p[0] == '"') {
            char *text = arena_alloc(q->call->arena, rest.n);

            item->p = text;
            if (!quoted_item(&rest, text, &item->n))
                return bad_value(f, f->text, "has a quote that is not closed", e);
            rest = rest.n > 0 ? span_drop(rest, 1) : rest;
        } else {
            *item = span_cut(&rest, ',');
        }
        if (!check(f, kind, *item, e))
            return false;
    }
    return true;
}

static bool in(struct query *q, const struct filter *f, const char *op, struct buf *b, struct err *e)
{
    struct span *list;
    size_t n;

    (void)op;
    if (!items(q, f, f->field->kind, &list, &n, e))
        return false;
    buf_printf(b, "r.%s = ANY (%s)", f->field->ident, query_texts(q, list, n, type_of(f->field)));
    return true;
}

/* ---- containment ---- */

static bool json_text_list(struct query *q, const struct filter *f, const struct json *array, struct span **out, size_t *n, struct err *e)
{
    *out = arena_array(q->call->arena, struct span, array->count);
    *n = 0;
    for (const struct json *v = array->first; v; v = v->next) {
        (*out)[*n] = v->type == JSON_STRING ? json_text(q->call->arena, v) : v->raw;
        if (!check(f, f->field->element, (*out)[(*n)++], e))
            return false;
    }
    return true;
}

static bool contained_array(struct query *q, const struct filter *f, struct filter_set *out, struct err *e)
{
    struct span *list, element = span_of(f->field->column->type_name);
    struct json *doc;
    struct err ignored = { 0 };
    size_t n;
    bool ok = f->text.n > 0 && f->text.p[0] == '[' && json_parse(q->call->arena, f->text, &doc, &ignored)
        ? json_text_list(q, f, doc, &list, &n, e) : items(q, f, f->field->element, &list, &n, e);

    element.n -= span_ends(element, SPAN("[]")) ? 2 : 0;
    if (ok)
        out->wanted = query_texts(q, list, n, arena_strdup(q->call->arena, element));
    return ok;
}

static bool contained_json(struct query *q, const struct filter *f, struct filter_set *out, struct err *e)
{
    struct json *doc;
    struct err why = { 0 };

    if (!json_parse(q->call->arena, f->text, &doc, &why))
        return bad_value(f, f->text, arena_printf(q->call->arena, "is not JSON: %s", why.message), e);
    if (doc->flags & (JSON_UNSTORABLE | JSON_HUGE))
        return bad_value(f, f->text, "cannot be stored, so nothing contains it", e);
    out->wanted = query_value(q, f->text, "jsonb");
    return true;
}

static bool contains(struct query *q, const struct filter *f, struct filter_set *out, struct buf *where, struct err *e)
{
    const struct resource *r = q->call->resource;
    const struct finder *finder = catalog_finder(q->call->model->catalog, r->table, f->field->column->name);
    struct filter_set one = { 0 };

    if (f->field->kind != FIELD_JSON && f->field->kind != FIELD_ARRAY)
        return fail(e, E_PARAMETER, "%s: cs is for objects and arrays; use eq or in", f->field->name);
    if (!(f->field->kind == FIELD_JSON ? contained_json : contained_array)(q, f, &one, e))
        return false;
    one.contains = arena_printf(q->call->arena, "r.%s @> %s", f->field->ident, one.wanted);
    if (finder && !out->finder) {
        out->finder = finder;
        out->contains = one.contains;
        out->wanted = one.wanted;
    } else {
        buf_printf(where, " AND %s", one.contains);
    }
    return true;
}

/* ---- one parameter ---- */

static const struct { const char *name, *sql; translate *to; } operators[] = {
    { "eq",   "=",                compare },
    { "ne",   "IS DISTINCT FROM", compare },
    { "gt",   ">",                compare },
    { "gte",  ">=",               compare },
    { "lt",   "<",                compare },
    { "lte",  "<=",               compare },
    { "like", "LIKE",             like    },
    { "in",   "",                 in      },
    { "is",   "",                 is      },
};

bool filter_comparable(const struct field *f)
{
    return f->filter && f->column && f->kind != FIELD_JSON && f->kind != FIELD_ARRAY && f->kind != FIELD_BYTES;
}

static bool filterable(const struct field *f)
{
    return f->filter && f->column;
}

static bool one(struct query *q, struct call_param *p, struct filter_set *out, struct buf *where, struct err *e)
{
    struct filter f = { resource_field(q->call->resource, p->name), p->value };
    const char *dot = memchr(p->value.p ? p->value.p : "", '.', p->value.n);
    struct span op = { p->value.p, dot ? (size_t)(dot - p->value.p) : 0 };

    if (!f.field || !filterable(f.field))
        return fail(e, E_PARAMETER, "%s \"%.*s\"; lists of %s can be filtered by %s", f.field ? "cannot filter by" : "there is no field",
                    SPAN_ARG(span_clip(p->name, 64)), q->call->resource->name, projection_names(q->call, filterable));
    f.text = dot ? span_drop(p->value, op.n + 1) : SPAN_NONE;
    f.text.p = f.text.p ? f.text.p : "";
    if (span_is(op, "cs"))
        return contains(q, &f, out, where, e);
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (!span_is(op, operators[i].name))
            continue;
        if (!filter_comparable(f.field) && operators[i].to != is)
            return fail(e, E_PARAMETER, "%s: can only be asked with cs and is", f.field->name);
        buf_str(where, " AND ");
        return operators[i].to(q, &f, operators[i].sql, where, e);
    }
    return fail(e, E_PARAMETER, "%s: expected an operator and a dot before the value, as in %s=eq.x; there are eq, ne, gt, gte, lt, lte,"
                " in, like, is and cs", f.field->name, f.field->name);
}

bool filter_parse(struct query *q, struct filter_set *out, struct err *e)
{
    struct buf where = BUF(64 * 1024);
    struct call *c = q->call;
    int n = 0;
    bool ok = true;

    *out = (struct filter_set){ 0 };
    for (int i = 0; ok && i < c->nparams; i++) {
        if (c->params[i].used)
            continue;
        if (++n > FILTER_MAX)
            ok = fail(e, E_PARAMETER, "at most %d filters at once", FILTER_MAX);
        else
            ok = one(q, &c->params[i], out, &where, e);
        c->params[i].used = true;
    }
    out->where = arena_strdup(c->arena, buf_span(&where));
    buf_free(&where);
    return ok;
}

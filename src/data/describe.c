/*
 * What validate.c refuses is what these schemas exclude: both follow from the same columns.  Nothing is required of what is
 * read, because `fields` may leave anything out.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/describe.h"

#include <string.h>

#include "data/filter.h"

enum purpose { READ, CREATE, PATCH };

static const struct { enum field_kind kind; const char *type, *format; } types[] = {
    { FIELD_TEXT,   "string",  NULL        },
    { FIELD_INT,    "integer", NULL        },
    { FIELD_NUMBER, "number",  NULL        },
    { FIELD_BOOL,   "boolean", NULL        },
    { FIELD_UUID,   "string",  "uuid"      },
    { FIELD_TIME,   "string",  "date-time" },
    { FIELD_DATE,   "string",  "date"      },
    { FIELD_BYTES,  "string",  NULL        },
    { FIELD_ARRAY,  "array",   NULL        },
    { FIELD_PART,   "array",   NULL        },
    { FIELD_OTHER,  "string",  NULL        },
};

static void member(struct json_out *o, const char *name, const char *value)
{
    if (!value)
        return;
    json_key(o, name);
    json_cstring(o, value);
}

static void number(struct json_out *o, const char *name, int64_t value)
{
    json_key(o, name);
    json_int(o, value);
}

/* ---- types ---- */

static bool nullable(const struct field *f, enum purpose p)
{
    return f->column && (!f->column->not_null || (p == CREATE && f->column->number_within));
}

static const char *json_type(const struct field *f)
{
    if (f->kind == FIELD_JSON)
        return f->column->json_kind;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].kind == f->kind)
            return types[i].type;
    }
    return NULL;
}

static const char *format_of(enum field_kind kind)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].kind == kind)
            return types[i].format;
    }
    return NULL;
}

/* No kind known: any JSON, which needs no word. */
static void type(struct json_out *o, const struct field *f, enum purpose p)
{
    const char *name = json_type(f);

    if (!name)
        return;
    json_key(o, "type");
    if (!nullable(f, p)) {
        json_cstring(o, name);
        return;
    }
    json_open(o, '[');
    json_cstring(o, name);
    json_cstring(o, "null");
    json_close(o, ']');
}

static void values(struct json_out *o, const char *const *list, int n, bool null)
{
    json_key(o, "enum");
    json_open(o, '[');
    for (int i = 0; i < n; i++)
        json_cstring(o, list[i]);
    if (null)
        json_null(o);
    json_close(o, ']');
}

static void lengths(struct json_out *o, const struct column *c, const char *least, const char *most)
{
    if (c->min != INT64_MIN)
        number(o, least, c->min);
    if (c->max != INT64_MAX)
        number(o, most, c->max);
}

/* ---- patterns: PostgreSQL's classes in the words of ECMA-262 ---- */

static const struct { const char *posix, *ecma; } classes[] = {
    { "[:space:]", "\\s" }, { "[:digit:]", "0-9" }, { "[:alpha:]", "A-Za-z" }, { "[:alnum:]", "A-Za-z0-9" },
    { "[:upper:]", "A-Z" }, { "[:lower:]", "a-z" }, { "[:xdigit:]", "0-9A-Fa-f" },
};

static void pattern(struct json_out *o, const char *text)
{
    struct buf b = BUF(4096);

    while (*text) {
        size_t i = 0;

        while (i < ARRAY_LEN(classes) && !span_starts(span_of(text), span_of(classes[i].posix)))
            i++;
        if (i < ARRAY_LEN(classes)) {
            buf_str(&b, classes[i].ecma);
            text += strlen(classes[i].posix);
        } else {
            buf_char(&b, *text++);
        }
    }
    if (!strstr(buf_cstr(&b), "[:")) {
        json_key(o, "pattern");
        json_string(o, buf_span(&b));
    }
    buf_free(&b);
}

/* ---- defaults: the plain ones ---- */

static void default_value(struct json_out *o, const struct field *f)
{
    struct span sql = span_of(f->column->default_sql), literal;
    const char *close = sql.n > 1 && sql.p[0] == '\'' ? memchr(sql.p + 1, '\'', sql.n - 1) : NULL;
    int64_t v;

    if (close) {
        literal = (struct span){ sql.p + 1, (size_t)(close - sql.p) - 1 };
        if (f->kind != FIELD_TEXT && f->kind != FIELD_JSON && !(f->kind == FIELD_ARRAY && span_is(literal, "{}")))
            return;
        json_key(o, "default");
        if (f->kind == FIELD_TEXT)
            json_string(o, literal);
        else
            json_raw(o, f->kind == FIELD_ARRAY ? SPAN("[]") : literal);
    } else if (span_is(sql, "true") || span_is(sql, "false") || span_i64(sql, &v)) {
        json_key(o, "default");
        json_raw(o, sql);
    }
}

/* ---- one field ---- */

static void members(struct json_out *o, const struct resource *r, const struct field *fields, int n, enum purpose p);

static void items(struct json_out *o, const struct resource *r, const struct field *f, enum purpose p)
{
    json_key(o, "items");
    json_open(o, '{');
    if (f->part) {
        members(o, r, f->part->fields, f->part->nfields, p == READ ? READ : CREATE);
    } else {
        struct field element = { .kind = f->element };

        if (f->element != FIELD_JSON)
            member(o, "type", json_type(&element));
        member(o, "format", format_of(f->element));
    }
    json_close(o, '}');
}

static void text_rules(struct json_out *o, const struct resource *r, const struct field *f, enum purpose p)
{
    const struct column *c = f->column;
    bool status = r->has_status && f == &r->fields[r->at_status];

    if (status && p == CREATE)
        values(o, r->initial, r->ninitial, false);
    else if (c->nallowed > 0)
        values(o, c->allowed, c->nallowed, nullable(f, p));
    lengths(o, c, "minLength", "maxLength");
    if (c->pattern)
        pattern(o, c->pattern);
}

static void int_rules(struct json_out *o, const struct column *c)
{
    json_key(o, "format");
    json_cstring(o, c->type == OID_INT8 ? "int64" : "int32");
    number(o, "minimum", c->min != INT64_MIN ? c->min : c->type == OID_INT8 ? INT64_MIN : c->type == OID_INT4 ? INT32_MIN : INT16_MIN);
    number(o, "maximum", c->max != INT64_MAX ? c->max : c->type == OID_INT8 ? INT64_MAX : c->type == OID_INT4 ? INT32_MAX : INT16_MAX);
}

static void rules(struct json_out *o, const struct resource *r, const struct field *f, enum purpose p)
{
    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_OTHER:
        text_rules(o, r, f, p);
        break;
    case FIELD_INT:
        int_rules(o, f->column);
        break;
    case FIELD_NUMBER:
        lengths(o, f->column, "minimum", "maximum");
        break;
    case FIELD_BYTES:
        member(o, "contentEncoding", "base64");
        break;
    case FIELD_ARRAY:
        lengths(o, f->column, "minItems", "maxItems");
        items(o, r, f, p);
        break;
    case FIELD_PART:
        items(o, r, f, p);
        break;
    case FIELD_JSON:
        if (f->column->json_kind && strcmp(f->column->json_kind, "array") == 0) {
            json_key(o, "items");               /* anything, but some validators want it said */
            json_raw(o, SPAN("{}"));
        }
        break;
    default:
        member(o, "format", format_of(f->kind));
    }
}

static void field(struct json_out *o, const struct resource *r, const struct field *f, enum purpose p)
{
    json_open(o, '{');
    type(o, f, p);
    rules(o, r, f, p);
    member(o, "description", f->column ? f->column->doc : f->part->table->doc);
    if (p == READ && !f->at_create && !f->at_patch) {
        json_key(o, "readOnly");
        json_boolean(o, true);
    }
    if (p == CREATE && f->column && f->column->default_sql)
        default_value(o, f);
    if (f->column && f->column->pii) {
        json_key(o, "x-pii");
        json_boolean(o, true);
    }
    json_close(o, '}');
}

/* ---- objects ---- */

static bool part_of_it(const struct field *f, enum purpose p)
{
    return f->kind != FIELD_EXACT && (p == READ || (p == CREATE ? f->at_create : f->at_patch));
}

static void members(struct json_out *o, const struct resource *r, const struct field *fields, int n, enum purpose p)
{
    bool required = false;

    member(o, "type", "object");
    json_key(o, "properties");
    json_open(o, '{');
    for (int i = 0; i < n; i++) {
        if (!part_of_it(&fields[i], p))
            continue;
        json_key_span(o, span_of(fields[i].name));
        field(o, r, &fields[i], p);
        required |= p == CREATE && fields[i].required;
    }
    json_close(o, '}');
    if (required) {
        json_key(o, "required");
        json_open(o, '[');
        for (int i = 0; i < n; i++) {
            if (fields[i].required && part_of_it(&fields[i], p))
                json_cstring(o, fields[i].name);
        }
        json_close(o, ']');
    }
    if (p != READ) {
        json_key(o, "additionalProperties");
        json_boolean(o, false);
    }
}

static void object(struct json_out *o, const struct resource *r, enum purpose p)
{
    json_open(o, '{');
    if (p == READ)
        member(o, "description", r->table->doc);
    members(o, r, r->fields, r->nfields, p);
    json_close(o, '}');
}

void describe_read(struct json_out *o, const struct resource *r)
{
    object(o, r, READ);
}

void describe_create(struct json_out *o, const struct resource *r)
{
    object(o, r, CREATE);
}

void describe_patch(struct json_out *o, const struct resource *r)
{
    object(o, r, PATCH);
}

bool describe_filter(const struct field *f, const char **operators)
{
    if (!f->filter || !f->column || f->kind == FIELD_EXACT)
        return false;
    if (!filter_comparable(f))
        *operators = "cs is";
    else
        *operators = f->kind == FIELD_TEXT ? "eq ne gt gte lt lte in like is" : "eq ne gt gte lt lte in is";
    return true;
}

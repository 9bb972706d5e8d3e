/*
 * One table says what kind of member a type becomes; types it does not list travel as text in both directions, so that a
 * column of any type can be served.  Arrays keep their order: elements come out of jsonb with their position.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/field.h"

#include <stdio.h>
#include <string.h>

#include "pg/conn.h"
#include "pg/query.h"

enum { OID_VARCHAR_ARRAY = 1015, OID_INT2_ARRAY = 1005, OID_BOOL_ARRAY = 1000, OID_NUMERIC_ARRAY = 1231, OID_TIMESTAMPTZ_ARRAY = 1185,
       OID_DATE_ARRAY = 1182, OID_FLOAT8_ARRAY = 1022, OID_FLOAT4_ARRAY = 1021, OID_JSONB_ARRAY = 3807, OID_TSVECTOR = 3614 };

static const struct { uint32_t type; enum field_kind kind, element; } kinds[] = {
    { OID_TEXT,              FIELD_TEXT,   FIELD_OTHER  },
    { OID_VARCHAR,           FIELD_TEXT,   FIELD_OTHER  },
    { OID_BPCHAR,            FIELD_TEXT,   FIELD_OTHER  },
    { OID_NAME,              FIELD_TEXT,   FIELD_OTHER  },
    { OID_INT2,              FIELD_INT,    FIELD_OTHER  },
    { OID_INT4,              FIELD_INT,    FIELD_OTHER  },
    { OID_INT8,              FIELD_INT,    FIELD_OTHER  },
    { OID_NUMERIC,           FIELD_NUMBER, FIELD_OTHER  },
    { OID_FLOAT4,            FIELD_NUMBER, FIELD_OTHER  },
    { OID_FLOAT8,            FIELD_NUMBER, FIELD_OTHER  },
    { OID_BOOL,              FIELD_BOOL,   FIELD_OTHER  },
    { OID_UUID,              FIELD_UUID,   FIELD_OTHER  },
    { OID_TIMESTAMPTZ,       FIELD_TIME,   FIELD_OTHER  },
    { OID_DATE,              FIELD_DATE,   FIELD_OTHER  },
    { OID_JSON,              FIELD_JSON,   FIELD_OTHER  },
    { OID_JSONB,             FIELD_JSON,   FIELD_OTHER  },
    { OID_BYTEA,             FIELD_BYTES,  FIELD_OTHER  },
    { OID_TEXT_ARRAY,        FIELD_ARRAY,  FIELD_TEXT   },
    { OID_VARCHAR_ARRAY,     FIELD_ARRAY,  FIELD_TEXT   },
    { OID_INT2_ARRAY,        FIELD_ARRAY,  FIELD_INT    },
    { OID_INT4_ARRAY,        FIELD_ARRAY,  FIELD_INT    },
    { OID_INT8_ARRAY,        FIELD_ARRAY,  FIELD_INT    },
    { OID_NUMERIC_ARRAY,     FIELD_ARRAY,  FIELD_NUMBER },
    { OID_FLOAT4_ARRAY,      FIELD_ARRAY,  FIELD_NUMBER },
    { OID_FLOAT8_ARRAY,      FIELD_ARRAY,  FIELD_NUMBER },
    { OID_BOOL_ARRAY,        FIELD_ARRAY,  FIELD_BOOL   },
    { OID_UUID_ARRAY,        FIELD_ARRAY,  FIELD_UUID   },
    { OID_TIMESTAMPTZ_ARRAY, FIELD_ARRAY,  FIELD_TIME   },
    { OID_DATE_ARRAY,        FIELD_ARRAY,  FIELD_DATE   },
    { OID_JSONB_ARRAY,       FIELD_ARRAY,  FIELD_JSON   },
};

/* What the service alone sets, with or without a tag. */
static const char *const service_columns[] = { "id", "version", "created_at", "updated_at", "deleted_at", "deleted_by", "purge_after" };
static const char *const never_shown[] = { "org_id", "trash_op" };

static bool among(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], name) == 0)
            return true;
    }
    return false;
}

static bool listed(const struct column *c, size_t *row)
{
    for (*row = 0; *row < ARRAY_LEN(kinds); ++*row) {
        if (kinds[*row].type == c->type)
            return true;
    }
    return false;
}

static bool array_name(const struct column *c)
{
    return span_ends(span_of(c->type_name), SPAN("[]"));
}

enum field_kind field_kind_of(const struct column *c)
{
    size_t row;

    if (listed(c, &row))
        return kinds[row].kind;
    return array_name(c) ? FIELD_ARRAY : FIELD_OTHER;
}

static enum field_kind element_of(const struct column *c)
{
    size_t row;

    return listed(c, &row) ? kinds[row].element : FIELD_OTHER;
}

const char *field_select(struct arena *a, const struct column *c, const char *row)
{
    size_t known;
    const char *cast = listed(c, &known) ? "" : array_name(c) ? "::text[]" : "::text";

    return arena_printf(a, "%s.%s%s", row, pg_quote_ident(a, c->name), cast);
}

static const struct foreign_key *reference(const struct table *t, const struct column *c)
{
    for (int i = 0; i < t->nfks; i++) {
        const struct foreign_key *f = &t->fks[i];

        if (f->column && strcmp(f->column, c->name) == 0 && f->target->has_org && catalog_column(f->target, SPAN("id")))
            return f;
    }
    return NULL;
}

static bool made_here(const struct column *c)
{
    return c->normalized_from || c->on_states || c->reason || c->generated || c->readonly;
}

bool field_build(struct arena *a, const struct table *t, const struct column *c, bool part, struct field *out)
{
    if (c->exact && !part) {
        *out = (struct field){ .name = c->name, .column = c, .kind = FIELD_EXACT, .ident = pg_quote_ident(a, c->name), .select = field_select(a, c, "r") };
        return true;
    }
    if (c->hidden || c->type == OID_TSVECTOR || among(c->name, never_shown, ARRAY_LEN(never_shown)))
        return false;
    *out = (struct field){ .name = c->name, .column = c, .kind = field_kind_of(c), .element = element_of(c) };
    out->service = !part && among(c->name, service_columns, ARRAY_LEN(service_columns));
    out->at_create = c->writable && !out->service && !made_here(c);
    out->at_patch = out->at_create && !c->create;
    out->required = out->at_create && c->not_null && !c->has_default && !c->number_within;
    out->parent = reference(t, c);
    out->filter = c->filter || out->parent || out->kind == FIELD_TIME || strcmp(c->name, "id") == 0;
    out->label = span_of(arena_printf(a, "\"%s\":", c->name));
    out->ident = pg_quote_ident(a, c->name);
    out->select = field_select(a, c, "r");
    if (sscanf(c->type_name, "numeric(%d,%d)", &out->digits, &out->scale) != 2)
        out->digits = out->scale = 0;
    return true;
}

/* Text of an element or a member to its type: 1e2 is a whole number in JSON, but not to int4's input function. */
static const char *cast_text(struct arena *a, enum field_kind kind, const char *text, struct span type)
{
    if (kind == FIELD_INT)
        return arena_printf(a, "(%s)::numeric::%.*s", text, SPAN_ARG(type));
    if (kind == FIELD_BYTES)
        return arena_printf(a, "decode(%s, 'base64')", text);
    return arena_printf(a, "(%s)::%.*s", text, SPAN_ARG(type));
}

static const char *cast_array(struct arena *a, const struct column *c, const char *member)
{
    struct span element = span_of(c->type_name);
    enum field_kind kind = element_of(c);

    element.n -= span_ends(element, SPAN("[]")) ? 2 : 0;
    return arena_printf(a, "CASE jsonb_typeof(%s) WHEN 'array' THEN ARRAY(SELECT %s FROM jsonb_array_elements%s(%s)"
                        " WITH ORDINALITY AS x (v, n) ORDER BY x.n)::%s END", member, cast_text(a, kind, "x.v", element),
                        kind == FIELD_JSON ? "" : "_text", member, c->type_name);
}

const char *field_given(struct arena *a, const struct column *c, const char *object)
{
    const char *key = pg_quote_literal(a, c->name);

    switch (field_kind_of(c)) {
    case FIELD_JSON:
        return arena_printf(a, "nullif(%s->%s, 'null'::jsonb)::%s", object, key, c->type_name);
    case FIELD_ARRAY:
        return cast_array(a, c, arena_printf(a, "%s->%s", object, key));
    default:
        return cast_text(a, field_kind_of(c), arena_printf(a, "%s->>%s", object, key), span_of(c->type_name));
    }
}

const char *field_given_or_default(struct arena *a, const struct column *c, const char *object)
{
    const char *given = field_given(a, c, object);

    if (!c->has_default)
        return given;
    return arena_printf(a, "CASE WHEN %s ? %s THEN %s ELSE %s END", object, pg_quote_literal(a, c->name), given, c->default_sql);
}

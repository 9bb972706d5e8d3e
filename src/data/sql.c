/*
 * Statements are made of the names in the catalog, quoted, and of nothing a client sent.  Every relation carries the
 * organization, also in subqueries: the policy is the second line, never the only one.
 *
 * Writing and reading are separate statements of one transaction: a row that had to be waited for is seen as it is after
 * the wait only by the next statement.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/sql.h"

#include <string.h>

#include "pg/conn.h"

const char *sql_take(struct arena *a, struct buf *b)
{
    const char *out = arena_strdup(a, buf_span(b));

    buf_free(b);
    return out;
}

const char *sql_texts(struct arena *a, const char *const *list, int n)
{
    struct buf b = BUF(SQL_MAX);

    buf_str(&b, "ARRAY[");
    for (int i = 0; i < n; i++)
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", pg_quote_literal(a, list[i]));
    buf_str(&b, "]::text[]");
    return sql_take(a, &b);
}

void sql_order(struct buf *b, const struct order *order, int n, bool reverse)
{
    for (int i = 0; i < n; i++)
        buf_printf(b, "%s r.%s%s", i == 0 ? " ORDER BY" : ",", order[i].field->ident, order[i].desc != reverse ? " DESC" : "");
}

const char *sql_returning(const struct resource *r)
{
    return r->has_version ? "r.id, r.version" : "r.id, NULL::int8 AS version";
}

const char *sql_feed(struct arena *a, const struct resource *r, const char *op, const char *ids)
{
    return arena_printf(a, ", feed AS (INSERT INTO keelson.change_feed (org_id, id, op, entity, entity_id, version)"
                        " SELECT $1::uuid, (%s)[row_number() OVER (ORDER BY made.id)], '%s', %s, made.id, made.version FROM made)",
                        ids, op, pg_quote_literal(a, r->name));
}

/* ---- which rows are there for a client ---- */

static const char *live_condition(struct arena *a, const struct resource *r)
{
    struct buf b = BUF(SQL_MAX);

    if (r->has_trash)
        return "r.deleted_at IS NULL";
    buf_str(&b, "true");
    for (int i = 0; i < r->table->nfks; i++) {
        const struct foreign_key *f = &r->table->fks[i];

        if (f->column && f->required && catalog_column(f->target, SPAN("deleted_at")))
            buf_printf(&b, " AND EXISTS (SELECT 1 FROM %s AS p WHERE p.org_id = $1::uuid AND p.id = r.%s AND p.deleted_at IS NULL)",
                       f->target->qualified, pg_quote_ident(a, f->column));
    }
    return sql_take(a, &b);
}

static const char *columns(struct arena *a, const struct resource *r, int n)
{
    struct buf b = BUF(SQL_MAX);

    for (int i = 0; i < n; i++)
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", r->fields[i].select);
    return sql_take(a, &b);
}

static const char *read(struct arena *a, const struct resource *r, const char *list)
{
    return arena_printf(a, "SELECT i.idx, %s FROM unnest($2::int4[], $3::uuid[], $4::bool[]) AS i (idx, id, trash)"
                        " JOIN %s AS r ON r.org_id = $1::uuid AND r.id = i.id WHERE (i.trash OR (%s)) ORDER BY i.idx",
                        list, r->table->qualified, r->live);
}

static const char *lock(struct arena *a, const struct resource *r, const char *how)
{
    return arena_printf(a, "SELECT r.id, %s FROM %s AS r WHERE r.org_id = $1::uuid AND r.id = ANY ($2::uuid[])"
                        " ORDER BY r.id FOR %s OF r", r->has_trash ? "r.deleted_at IS NOT NULL" : "false", r->table->qualified, how);
}

static const char *list(struct arena *a, const struct resource *r)
{
    struct buf b = BUF(SQL_MAX);

    buf_printf(&b, "SELECT %s FROM %s AS r WHERE r.org_id = $1::uuid AND %s", r->columns_eager, r->table->qualified, r->live);
    sql_order(&b, r->order, r->norder, false);
    buf_str(&b, " LIMIT $2::int8");
    return sql_take(a, &b);
}

/* ---- writing ---- */

const char *sql_computed(struct arena *a, const struct resource *r, const struct column *c, const char *object, const char *status)
{
    const struct column *from = c->normalized_from ? catalog_column(r->table, span_of(c->normalized_from)) : NULL;

    if (from && object)
        return arena_printf(a, "nullif(lower(btrim(%s)), '')", field_given_or_default(a, from, object));
    if (c->on_states && r->has_status && status)
        return arena_printf(a, "CASE WHEN %s = ANY (%s) THEN now() END", status, sql_texts(a, c->on_states, c->non_states));
    return NULL;
}

/* 1, 2, 3 within the parent; the parent is locked, so nobody else counts at the same time. */
static const char *numbered(struct arena *a, const struct table *t, const struct column *c)
{
    const char *key = pg_quote_literal(a, c->name), *ident = pg_quote_ident(a, c->name), *within = pg_quote_ident(a, c->number_within);
    const char *parent = arena_printf(a, "item.j->>%s", pg_quote_literal(a, c->number_within));

    return arena_printf(a, "coalesce((item.j->>%s)::numeric, coalesce((SELECT max(x.%s) FROM %s AS x WHERE x.org_id = $1::uuid AND"
                        " x.%s = (%s)::uuid), 0) + row_number() OVER (PARTITION BY %s, item.j->>%s IS NULL ORDER BY item.at))::%s",
                        key, ident, t->qualified, within, parent, parent, key, c->type_name);
}

/* True for the last one of a parent that wants it. */
static const char *current(struct arena *a, const struct column *c)
{
    const char *wants = arena_printf(a, "coalesce(%s, false)", field_given_or_default(a, c, "item.j"));

    return arena_printf(a, "%s AND row_number() OVER (PARTITION BY item.j->>%s, %s ORDER BY item.at DESC) = 1", wants,
                        pg_quote_literal(a, c->current_within), wants);
}

static const char *inserted(struct arena *a, const struct resource *r, const struct column *c)
{
    const struct field *f = resource_field(r, span_of(c->name));
    const struct column *status = catalog_column(r->table, SPAN("status"));

    if (c->generated || !c->writable)
        return NULL;
    if (strcmp(c->name, "org_id") == 0)
        return "$1::uuid";
    if (strcmp(c->name, "id") == 0)
        return "(item.j->>'id')::uuid";
    if (c->number_within)
        return numbered(a, r->table, c);
    if (c->current_within)
        return current(a, c);
    if (f && f->at_create)
        return field_given_or_default(a, c, "item.j");
    return sql_computed(a, r, c, "item.j", status ? field_given_or_default(a, status, "item.j") : NULL);
}

static const char *insert(struct arena *a, const struct resource *r)
{
    struct buf names = BUF(SQL_MAX), values = BUF(SQL_MAX);
    const char *into, *from;

    for (int i = 0; i < r->table->ncolumns; i++) {
        const struct column *c = &r->table->columns[i];
        const char *value = inserted(a, r, c);

        if (!value)
            continue;
        buf_printf(&names, "%s%s", names.n > 0 ? ", " : "", pg_quote_ident(a, c->name));
        buf_printf(&values, "%s%s", values.n > 0 ? ", " : "", value);
    }
    into = sql_take(a, &names);
    from = sql_take(a, &values);
    return arena_printf(a, "WITH item AS (SELECT e.j, e.at FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS e (j, at)),"
                        " made AS (INSERT INTO %s AS r (%s) SELECT %s FROM item RETURNING %s)%s SELECT count(*) FROM made",
                        r->table->qualified, into, from, sql_returning(r), sql_feed(a, r, "create", "$3::uuid[]"));
}

/* ---- transitions ---- */

static const char *move(struct arena *a, const struct resource *r)
{
    struct buf set = BUF(SQL_MAX);
    const char *reason = "$5::text IS DISTINCT FROM ''";       /* so that it is used and has a type in any case */

    buf_printf(&set, "status = $3::text%s%s", r->has_version ? ", version = r.version + 1" : "", r->has_updated ? ", updated_at = now()" : "");
    for (int i = 0; i < r->table->ncolumns; i++) {
        const struct column *c = &r->table->columns[i];
        const char *ident = pg_quote_ident(a, c->name);

        if (c->reason)
            buf_printf(&set, ", %s = $5::text", ident);
        if (c->on_states)
            buf_printf(&set, ", %s = coalesce(r.%s, %s)", ident, ident, sql_computed(a, r, c, NULL, "$3::text"));
    }
    return arena_printf(a, "WITH made AS (UPDATE %s AS r SET %s WHERE r.org_id = $1::uuid AND r.id = $2::uuid AND %s"
                        " AND r.status = ANY ($4::text[]) AND %s AND ($6::int8[] IS NULL OR %s = ANY ($6::int8[])) RETURNING %s)%s"
                        " SELECT made.id FROM made", r->table->qualified, sql_take(a, &set), r->live, reason,
                        r->has_version ? "r.version" : "0", sql_returning(r), sql_feed(a, r, "transition", "$7::uuid[]"));
}

/* ---- parts ---- */

/* In JSON made by the server times would be spelled its way. */
static const char *part_member(struct arena *a, const struct field *f)
{
    if (f->kind == FIELD_TIME)
        return arena_printf(a, "to_char(p.%s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')", f->ident);
    if (f->kind == FIELD_BYTES)
        return arena_printf(a, "translate(encode(p.%s, 'base64'), E'\\n', '')", f->ident);
    return field_select(a, f->column, "p");
}

static void part_order(struct buf *b, struct arena *a, const struct part *p)
{
    const char *comma = "";

    for (int i = 0; i < p->nfields; i++) {
        if (p->fields[i].column->number_within) {
            buf_printf(b, "p.%s", p->fields[i].ident);
            comma = ", ";
        }
    }
    for (int i = 0; i < p->table->nkeys; i++) {
        for (int k = 0; p->table->keys[i].primary && k < p->table->keys[i].ncolumns; k++) {
            buf_printf(b, "%sp.%s", comma, pg_quote_ident(a, p->table->keys[i].columns[k]));
            comma = ", ";
        }
    }
}

const char *sql_part_select(struct arena *a, const struct part *p, const char *name)
{
    struct buf b = BUF(SQL_MAX);

    buf_str(&b, "(SELECT coalesce(json_agg(json_build_object(");
    for (int i = 0; i < p->nfields; i++)
        buf_printf(&b, "%s%s, %s", i > 0 ? ", " : "", pg_quote_literal(a, p->fields[i].name), part_member(a, &p->fields[i]));
    buf_str(&b, ") ORDER BY ");
    part_order(&b, a, p);
    buf_printf(&b, "), '[]'::json) FROM %s AS p WHERE p.org_id = $1::uuid AND p.%s = r.id) AS %s", p->table->qualified,
               pg_quote_ident(a, p->owner), pg_quote_ident(a, name));
    return sql_take(a, &b);
}

static const char *part_value(struct arena *a, const struct part *p, const struct column *c)
{
    if (c->generated || !c->writable)
        return NULL;
    if (strcmp(c->name, "org_id") == 0)
        return "$1::uuid";
    if (strcmp(c->name, p->owner) == 0)
        return "(item.j->>'id')::uuid";
    if (c->number_within)
        return arena_printf(a, "sub.at::%s", c->type_name);
    for (int i = 0; i < p->nfields; i++) {
        if (p->fields[i].column == c && p->fields[i].at_create)
            return field_given_or_default(a, c, "sub.j");
    }
    return NULL;
}

void sql_part(struct arena *a, struct part *p, const char *name)
{
    struct buf names = BUF(SQL_MAX), values = BUF(SQL_MAX);
    const char *into, *from, *member = pg_quote_literal(a, name);

    for (int i = 0; i < p->table->ncolumns; i++) {
        const struct column *c = &p->table->columns[i];
        const char *value = part_value(a, p, c);

        if (!value)
            continue;
        buf_printf(&names, "%s%s", names.n > 0 ? ", " : "", pg_quote_ident(a, c->name));
        buf_printf(&values, "%s%s", values.n > 0 ? ", " : "", value);
    }
    into = sql_take(a, &names);
    from = sql_take(a, &values);
    p->sql_insert = arena_printf(a, "INSERT INTO %s (%s) SELECT %s FROM jsonb_array_elements($2::jsonb) AS item (j)"
                                 " CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(item.j->%s) WHEN 'array' THEN item.j->%s"
                                 " ELSE '[]'::jsonb END) WITH ORDINALITY AS sub (j, at)", p->table->qualified, into, from, member, member);
    p->sql_delete = arena_printf(a, "DELETE FROM %s AS p WHERE p.org_id = $1::uuid AND p.%s = $2::uuid", p->table->qualified,
                                 pg_quote_ident(a, p->owner));
}

void sql_build(struct arena *a, struct resource *r)
{
    r->live = live_condition(a, r);
    r->columns_eager = columns(a, r, r->neager);
    r->columns_all = columns(a, r, r->nfields);
    r->sql_read = read(a, r, r->columns_eager);
    r->sql_read_all = read(a, r, r->columns_all);
    r->sql_one = arena_printf(a, "SELECT 0::int4, %s FROM %s AS r WHERE r.org_id = $1::uuid AND r.id = $2::uuid AND (%s)",
                              r->columns_eager, r->table->qualified, r->live);
    r->sql_insert = r->created_elsewhere ? NULL : insert(a, r);
    r->sql_move = r->has_status ? move(a, r) : NULL;
    r->sql_share = lock(a, r, "SHARE");
    r->sql_hold = lock(a, r, "NO KEY UPDATE");
    r->sql_list = list(a, r);
    r->name_read = arena_printf(a, "%s_read", r->name);
    r->name_read_all = arena_printf(a, "%s_read_all", r->name);
    r->name_one = arena_printf(a, "%s_one", r->name);
    r->name_insert = arena_printf(a, "%s_insert", r->name);
    r->name_move = arena_printf(a, "%s_move", r->name);
    r->name_share = arena_printf(a, "%s_share", r->name);
    r->name_hold = arena_printf(a, "%s_hold", r->name);
    r->name_list = arena_printf(a, "%s_list", r->name);
}

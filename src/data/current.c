/*
 * The old current row is changed before the new one is written, because the unique index that guards this looks at once.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/current.h"

#include "data/sql.h"
#include "pg/conn.h"

bool current_wanted(const struct column *col, const struct json *object)
{
    const struct json *v = json_find(object, col->name);

    if (v)
        return v->type == JSON_TRUE;
    return col->default_sql && span_is(span_of(col->default_sql), "true");
}

bool current_parent(struct call *c, const struct column *col, const struct json *object, struct uuid *out)
{
    const struct json *v = json_find(object, col->current_within);

    return v && v->type == JSON_STRING && uuid_parse(json_text(c->arena, v), out);
}

void current_stmt(struct call *c, struct plan *p, const struct column *col, const struct uuid *parents, size_t n)
{
    const struct resource *r = c->resource;
    struct uuid *feed = arena_array(c->arena, struct uuid, n);
    struct stmt *s = plan_stmt(c, p, NULL, arena_printf(c->arena,
        "WITH made AS (UPDATE %s AS r SET %s = false%s%s WHERE r.org_id = $1::uuid AND r.%s = ANY ($2::uuid[]) AND r.%s AND %s"
        " RETURNING %s)%s SELECT count(*) FROM made",
        r->table->qualified, pg_quote_ident(c->arena, col->name), r->has_version ? ", version = r.version + 1" : "",
        r->has_updated ? ", updated_at = now()" : "", pg_quote_ident(c->arena, col->current_within),
        pg_quote_ident(c->arena, col->name), r->live, sql_returning(r), sql_feed(c->arena, r, "update", "$3::uuid[]")));

    for (size_t i = 0; i < n; i++)
        feed[i] = uuid_v7();
    stmt_uuid_array(c->arena, s, parents, n);
    stmt_uuid_array(c->arena, s, feed, n);
}

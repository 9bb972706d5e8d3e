/*
 * Values never enter the text of a statement.  This is the only way a list makes its SQL.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/query.h"

void query_begin(struct call *c, struct query *q)
{
    *q = (struct query){ .call = c };
    stmt_uuid(c->arena, &q->stmt, &c->org);
}

const char *query_value(struct query *q, struct span text, const char *type)
{
    stmt_text(q->call->arena, &q->stmt, text);
    return arena_printf(q->call->arena, "$%d::%s", q->stmt.n, type);
}

const char *query_texts(struct query *q, const struct span *list, size_t n, const char *type)
{
    stmt_span_array(q->call->arena, &q->stmt, list, n, STMT_OID_TEXT);
    return arena_printf(q->call->arena, "$%d::text[]::%s[]", q->stmt.n, type);
}

void query_plan(struct query *q, struct plan *p, const char *name, const char *sql)
{
    struct stmt *s = plan_stmt(q->call, p, name, sql);

    *s = q->stmt;
    s->name = name;
    s->sql = sql;
}

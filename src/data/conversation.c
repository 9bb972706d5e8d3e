/*
 * Append is two statements: the first locks all sessions of the group in one order, the second, with a snapshot taken after
 * the wait, sees what is there, numbers what is new and writes it.  What cannot be appended is a row with a state, not an error,
 * so that one bad request does not undo its group.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/conversation.h"

#include <string.h>

#include "data/sql.h"
#include "pg/conn.h"

/* Columns that append computes itself; others take what the client gave, else their default. */
static const struct {
    const char *column, *value;
} computed[] = {
    { "org_id",       "$1::uuid" },
    { "session_id",   "f.session_id" },
    { "seq",          "f.last_seq + f.n" },
    { "id",           "f.id" },
    { "event_no",     "f.last_event_no + f.n" },
    { "interview_id", "f.interview_id" },
    { "original",     "f.original" },
    { "supersedes",   "(f.j->>'supersedes')::int8" },
};

static const char *value_of(struct arena *a, const struct resource *messages, const struct column *c)
{
    const struct field *f = resource_field(messages, span_of(c->name));

    for (size_t i = 0; i < ARRAY_LEN(computed); i++)
        if (strcmp(c->name, computed[i].column) == 0)
            return computed[i].value;
    return f && f->at_create && !c->generated ? field_given_or_default(a, c, "f.j") : NULL;
}

static void insert_lists(struct arena *a, const struct resource *messages, struct buf *names, struct buf *values)
{
    for (int i = 0; i < messages->table->ncolumns; i++) {
        const struct column *c = &messages->table->columns[i];
        const char *value = value_of(a, messages, c);

        if (!value)
            continue;
        buf_printf(names, "%s%s", names->n > 0 ? ", " : "", pg_quote_ident(a, c->name));
        buf_printf(values, "%s%s", values->n > 0 ? ", " : "", value);
    }
}

/* Carried from the insert to the answer: everything but generated columns, which are large and not shown. */
static const char *carried(struct arena *a, const struct resource *messages)
{
    struct buf b = BUF(SQL_MAX);

    for (int i = 0; i < messages->table->ncolumns; i++) {
        const struct column *c = &messages->table->columns[i];

        if (!c->generated || !c->hidden)
            buf_printf(&b, "%sr.%s", b.n > 0 ? ", " : "", pg_quote_ident(a, c->name));
    }
    return sql_take(a, &b);
}

/* q: the requests with their sessions.  m: the messages, and the seq under which one is known already. */
static const char append_head[] =
    "WITH q AS ("
    " SELECT q.i, q.expect, q.again, s.id AS session_id, s.interview_id, s.status, s.last_seq, s.last_event_no"
    " FROM unnest($6::int4[], $7::uuid[], $8::int8[], $9::bool[]) AS q (i, session_id, expect, again)"
    " JOIN %1$s AS s ON s.org_id = $1::uuid AND s.id = q.session_id AND s.deleted_at IS NULL"
    "), m AS ("
    " SELECT m.i, m.id, m.j, m.original, q.session_id, q.interview_id, q.status, q.last_seq, q.last_event_no, q.expect, k.seq AS known"
    " FROM unnest($2::int4[], $3::uuid[], $4::jsonb[], $5::bytea[]) AS m (i, id, j, original)"
    " JOIN q ON q.i = m.i"
    " LEFT JOIN LATERAL ("
    "  SELECT e.seq FROM %2$s AS e"
    "   WHERE e.org_id = $1::uuid AND e.session_id = q.session_id AND e.client_message_id = m.j->>'client_message_id'"
    "  UNION ALL"
    "  SELECT e.seq FROM %2$s AS e WHERE q.again AND e.org_id = $1::uuid AND e.id = m.id AND e.session_id = q.session_id"
    "  LIMIT 1) AS k ON true";

/* fresh: what will be written, numbered in the order of arrival.  advanced: the sessions move on. */
static const char append_middle[] =
    "), fresh AS ("
    " SELECT m.*, row_number() OVER (PARTITION BY m.session_id ORDER BY m.i, m.id) AS n"
    " FROM m WHERE m.known IS NULL AND m.status IN ('created', 'active', 'paused') AND (m.expect IS NULL OR m.expect = m.last_seq)"
    "), advanced AS ("
    " UPDATE %1$s AS s SET last_seq = s.last_seq + f.n, last_event_no = s.last_event_no + f.n, message_count = s.message_count + f.n,"
    "  token_count = s.token_count + f.tokens, last_activity_at = now(), started_at = coalesce(s.started_at, now()),"
    "  status = CASE s.status WHEN 'created' THEN 'active' ELSE s.status END"
    " FROM (SELECT session_id, count(*) AS n, coalesce(sum(coalesce((j->>'input_tokens')::numeric, 0) + coalesce((j->>'output_tokens')::numeric, 0)), 0)::int8 AS tokens"
    "  FROM fresh GROUP BY session_id) AS f"
    " WHERE s.org_id = $1::uuid AND s.id = f.session_id";

/* found: for each request its messages in the order given, whether written now or long ago; or what it has not seen. */
static const char append_tail[] =
    "), found AS ("
    " SELECT f.i, f.id AS at, 'new' AS state, %2$s FROM fresh AS f JOIN stored AS r ON r.id = f.id"
    " UNION ALL"
    " SELECT m.i, m.id, 'known', %2$s FROM m JOIN %1$s AS r ON r.org_id = $1::uuid AND r.session_id = m.session_id AND r.seq = m.known"
    "  WHERE m.known IS NOT NULL"
    " UNION ALL"
    " SELECT q.i, NULL, 'missed', %2$s FROM q CROSS JOIN LATERAL ("
    "  SELECT r.* FROM %1$s AS r WHERE r.org_id = $1::uuid AND r.session_id = q.session_id AND r.seq > q.expect ORDER BY r.seq LIMIT 100) AS r"
    "  WHERE q.expect < q.last_seq AND EXISTS (SELECT 1 FROM m WHERE m.i = q.i AND m.known IS NULL)"
    ") SELECT q.i, q.last_seq, q.status, r.state, %3$s FROM q LEFT JOIN found AS r ON r.i = q.i ORDER BY q.i, r.at, r.seq";

static const char *append_sql(struct arena *a, const struct resource *s, const struct resource *m)
{
    struct buf names = BUF(SQL_MAX), values = BUF(SQL_MAX);
    const char *list = carried(a, m);
    const char *head = arena_printf(a, append_head, s->table->qualified, m->table->qualified);
    const char *middle = arena_printf(a, append_middle, s->table->qualified);
    const char *insert, *tail;

    insert_lists(a, m, &names, &values);
    insert = arena_printf(a, "), stored AS (INSERT INTO %s AS r (%s) SELECT %s FROM fresh AS f RETURNING %s", m->table->qualified,
                          buf_cstr(&names), buf_cstr(&values), list);
    tail = arena_printf(a, append_tail, m->table->qualified, list, m->columns_eager);
    buf_free(&names);
    buf_free(&values);
    return arena_printf(a, "%s%s%s%s", head, middle, insert, tail);
}

/* The requests are sorted, the messages never: each request's come as the index gives them, and what depends on a request row by row
   can only be a nested loop.  Sorting whole messages cost a fifth of the statement. */
static const char *window_sql(struct arena *a, const struct resource *s, const struct resource *m, const char *direction)
{
    return arena_printf(a, "SELECT i.idx, i.last_seq, %s FROM (SELECT i.*, s.last_seq"
                        "  FROM unnest($2::int4[], $3::uuid[], $4::int8[], $5::int8[], $6::int4[], $7::text[])"
                        "   AS i (idx, session_id, after, before, most, role)"
                        "  JOIN %s AS s ON s.org_id = $1::uuid AND s.id = i.session_id AND s.deleted_at IS NULL ORDER BY i.idx) AS i"
                        " LEFT JOIN LATERAL (SELECT r.* FROM %s AS r WHERE r.org_id = $1::uuid AND r.session_id = i.session_id"
                        "  AND r.seq > i.after AND r.seq < i.before AND (i.role IS NULL OR r.role = i.role) ORDER BY r.seq %s LIMIT i.most) AS r ON true"
                        " ORDER BY i.idx", m->columns_eager, s->table->qualified, m->table->qualified, direction);
}

/* The same for one request alone: no lists to be taken apart. */
static const char *window_one_sql(struct arena *a, const struct resource *s, const struct resource *m, const char *direction)
{
    return arena_printf(a, "SELECT 0::int4, s.last_seq, %s FROM %s AS s"
                        " LEFT JOIN LATERAL (SELECT r.* FROM %s AS r WHERE r.org_id = $1::uuid AND r.session_id = $2::uuid"
                        "  AND r.seq > $3::int8 AND r.seq < $4::int8 AND ($6::text IS NULL OR r.role = $6::text) ORDER BY r.seq %s LIMIT $5::int4) AS r ON true"
                        " WHERE s.org_id = $1::uuid AND s.id = $2::uuid AND s.deleted_at IS NULL", m->columns_eager, s->table->qualified,
                        m->table->qualified, direction);
}

/* Messages come along when they are asked for, or when the document says that they are the memory. */
static const char memory_sql[] =
    "SELECT i.idx, CASE WHEN coalesce(r.seq, 1) = 1 THEN s.conversation_memory::pg_catalog.jsonb END, s.memory_version, s.memory_through_seq,"
    " s.last_seq, s.last_event_no, %3$s FROM unnest($2::int4[], $3::uuid[], $4::bool[]) AS i (idx, id, whole)"
    " JOIN %1$s AS s ON s.org_id = $1::uuid AND s.id = i.id AND s.deleted_at IS NULL"
    " LEFT JOIN %2$s AS r ON r.org_id = $1::uuid AND r.session_id = s.id AND (i.whole OR s.conversation_memory::pg_catalog.jsonb ? 'keelson:messages')"
    " ORDER BY i.idx, r.seq";

/* ---- changing one ---- */

static const char state_sql[] =
    "SELECT s.status, n.client_message_id, EXISTS (SELECT FROM %2$s AS k WHERE k.org_id = $1::uuid AND k.session_id = s.id"
    " AND k.client_message_id = $4::text), r.original IS NOT NULL, %3$s"
    " FROM %1$s AS s LEFT JOIN %2$s AS r ON r.org_id = $1::uuid AND r.session_id = s.id AND r.seq = $3::int8"
    " LEFT JOIN %2$s AS n ON n.org_id = $1::uuid AND n.session_id = s.id AND n.seq = r.superseded_by"
    " WHERE s.org_id = $1::uuid AND s.id = $2::uuid AND s.deleted_at IS NULL";

/* The answers that repeat it to a retried request go too, and say so. */
static const char redact_sql[] =
    "WITH s AS (UPDATE %1$s AS s SET last_event_no = s.last_event_no + 1 WHERE s.org_id = $1::uuid AND s.id = $2::uuid RETURNING s.last_event_no)"
    ", answers AS (UPDATE keelson.idempotency_keys AS k SET status = 410, headers = '{\"Content-Type\":\"application/problem+json\"}', body = convert_to("
    "   '{\"type\":\"/problems/gone\",\"title\":\"Gone\",\"status\":410,\"code\":\"gone\",\"retryable\":false,"
    "\"detail\":\"the request was done; its answer held a message that was redacted since\"}', 'UTF8')"
    "  WHERE k.org_id = $1::uuid AND k.status IS NOT NULL AND (k.path = $5::text OR starts_with(k.path, $5::text || '/')))"
    " UPDATE %2$s AS r SET event_no = s.last_event_no, name = NULL, content = NULL, content_parts = NULL, tool_calls = NULL, original = NULL,"
    " metadata = '{}', status = CASE r.status WHEN 'streaming' THEN 'incomplete' ELSE r.status END, redacted_at = now(), redaction_reason = $4::text"
    " FROM s WHERE r.org_id = $1::uuid AND r.session_id = $2::uuid AND r.seq = $3::int8";

static const char replaced_sql[] =
    "WITH n AS (SELECT m.seq FROM %2$s AS m WHERE m.org_id = $1::uuid AND m.session_id = $2::uuid AND m.id = $4::uuid)"
    ", s AS (UPDATE %1$s AS s SET last_event_no = s.last_event_no + 1 FROM n WHERE s.org_id = $1::uuid AND s.id = $2::uuid RETURNING s.last_event_no)"
    " UPDATE %2$s AS r SET superseded_by = n.seq, event_no = s.last_event_no FROM n, s"
    " WHERE r.org_id = $1::uuid AND r.session_id = $2::uuid AND r.seq = $3::int8";

const struct conversation *conversation_build(struct arena *a, const struct model *model)
{
    struct conversation *v = arena_new(a, struct conversation);
    const struct resource *s = v->sessions = model_find(model, SPAN("sessions"));
    const struct resource *m = v->messages = model_find(model, SPAN("messages"));

    if (!s || !m)
        return NULL;
    v->sql_lock = arena_printf(a, "SELECT s.id FROM %s AS s WHERE s.org_id = $1::uuid AND s.id = ANY ($2::uuid[]) ORDER BY s.id FOR NO KEY UPDATE",
                               s->table->qualified);
    v->sql_append = append_sql(a, s, m);
    v->sql_message = arena_printf(a, "SELECT i.idx, %s FROM unnest($2::int4[], $3::uuid[], $4::int8[]) AS i (idx, session_id, seq)"
                                  " JOIN %s AS r ON r.org_id = $1::uuid AND r.session_id = i.session_id AND r.seq = i.seq WHERE %s ORDER BY i.idx",
                                  m->columns_eager, m->table->qualified, m->live);
    v->sql_state = arena_printf(a, state_sql, s->table->qualified, m->table->qualified, m->columns_eager);
    v->sql_memory = arena_printf(a, memory_sql, s->table->qualified, m->table->qualified, m->columns_eager);
    v->sql_all = arena_printf(a, "SELECT %s FROM %s AS r WHERE r.org_id = $1::uuid AND r.session_id = $2::uuid ORDER BY r.seq", m->columns_eager,
                              m->table->qualified);
    v->sql_fork_interview = arena_printf(a, "SELECT i.id FROM keelson.interviews AS i WHERE i.org_id = $1::uuid AND i.id = (SELECT s.interview_id FROM %s AS s"
                                         " WHERE s.org_id = $1::uuid AND s.id = $2::uuid) FOR NO KEY UPDATE", s->table->qualified);
    v->sql_fork = conversation_fork_sql(a, s, m);
    v->sql_redact = arena_printf(a, redact_sql, s->table->qualified, m->table->qualified);
    v->sql_replaced = arena_printf(a, replaced_sql, s->table->qualified, m->table->qualified);
    v->sql_oldest = window_sql(a, s, m, "ASC");
    v->sql_newest = window_sql(a, s, m, "DESC");
    v->sql_oldest_one = window_one_sql(a, s, m, "ASC");
    v->sql_newest_one = window_one_sql(a, s, m, "DESC");
    return v;
}

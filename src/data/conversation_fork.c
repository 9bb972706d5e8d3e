/*
 * The statement that copies a conversation, written from the catalog: columns of an application's own are copied too.
 */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "data/conversation.h"
#include "data/sql.h"
#include "pg/conn.h"

struct computed { const char *column, *value; };

/* The memory comes along when it says nothing of what was said later. */
#define MEMORY_FITS "(n.n = o.last_seq OR o.memory_through_seq BETWEEN 1 AND n.n OR o.conversation_memory::pg_catalog.jsonb ? 'keelson:messages')"

/* Of the session; o: the one that is copied, n: how many messages, and their tokens. */
static const struct computed of_session[] = {
    { "org_id",              "$1::uuid" },
    { "id",                  "$3::uuid" },
    { "attempt",             "o.attempts + 1" },
    { "status",              "CASE WHEN n.n > 0 THEN 'active' ELSE 'created' END" },
    { "status_reason",       "'fork of ' || o.id || ' at ' || n.n" },
    { "thread_id",           "NULL" },
    { "last_seq",            "n.n" },
    { "last_event_no",       "n.n" },
    { "message_count",       "n.n" },
    { "token_count",         "n.tokens" },
    { "conversation_memory", "CASE WHEN " MEMORY_FITS " THEN o.conversation_memory ELSE '{}' END" },
    { "memory_version",      "CASE WHEN " MEMORY_FITS " THEN o.memory_version ELSE 0 END" },
    { "memory_through_seq",  "CASE WHEN " MEMORY_FITS " THEN o.memory_through_seq ELSE 0 END" },
    { "started_at",          "CASE WHEN n.n > 0 THEN now() END" },
    { "last_activity_at",    "CASE WHEN n.n > 0 THEN now() END" },
    { NULL,                  NULL },
};

/* Of each message.  The identifiers are version 7, as those that are made elsewhere. */
static const struct computed of_message[] = {
    { "org_id",        "$1::uuid" },
    { "session_id",    "$3::uuid" },
    { "id",            "encode(set_byte(overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::int8)"
                       " FROM 3) FROM 1 FOR 6), 6, get_byte(uuid_send(gen_random_uuid()), 6) & 15 | 112), 'hex')::uuid" },
    { "event_no",      "r.seq" },
    { "status",        "CASE r.status WHEN 'streaming' THEN 'incomplete' ELSE r.status END" },
    { "superseded_by", "CASE WHEN r.superseded_by <= n.n THEN r.superseded_by END" },
    { NULL,            NULL },
};

static const char *computed_value(const struct computed *list, const char *column)
{
    for (; list->column; list++)
        if (strcmp(list->column, column) == 0)
            return list->value;
    return NULL;
}

/* all: what is not computed is copied; else only what clients write, the rest has its default. */
static void lists(struct arena *a, const struct resource *of, const struct computed *computed, const char *from, bool all, struct buf *names, struct buf *values)
{
    for (int i = 0; i < of->table->ncolumns; i++) {
        const struct column *c = &of->table->columns[i];
        const struct field *f = resource_field(of, span_of(c->name));
        const char *ident = pg_quote_ident(a, c->name), *value = computed_value(computed, c->name);

        if (c->generated || (!value && !all && !(f && f->at_create)))
            continue;
        buf_printf(names, "%s%s", names->n > 0 ? ", " : "", ident);
        buf_printf(values, "%s%s", values->n > 0 ? ", " : "", value ? value : arena_printf(a, "%s.%s", from, ident));
    }
}

static const char fork_head[] =
    "WITH o AS (SELECT s.*, (SELECT max(x.attempt) FROM %1$s AS x WHERE x.org_id = $1::uuid AND x.interview_id = s.interview_id) AS attempts"
    " FROM %1$s AS s WHERE s.org_id = $1::uuid AND s.id = $2::uuid AND s.deleted_at IS NULL)"
    ", n AS (SELECT count(r.seq) AS n, coalesce(sum(coalesce(r.input_tokens, 0)::int8 + coalesce(r.output_tokens, 0)), 0)::int8 AS tokens"
    "  FROM o JOIN %2$s AS r ON r.org_id = $1::uuid AND r.session_id = o.id AND r.seq <= coalesce($4::int8, o.last_seq))";

const char *conversation_fork_sql(struct arena *a, const struct resource *s, const struct resource *m)
{
    struct buf names = BUF(SQL_MAX), values = BUF(SQL_MAX), into = BUF(SQL_MAX), from = BUF(SQL_MAX);
    const char *made, *copied;

    lists(a, s, of_session, "o", false, &names, &values);
    lists(a, m, of_message, "r", true, &into, &from);
    made = arena_printf(a, ", made AS (INSERT INTO %s AS r (%s) SELECT %s FROM o, n WHERE o.last_seq >= coalesce($4::int8, 0) RETURNING %s)%s",
                        s->table->qualified, sql_take(a, &names), sql_take(a, &values), sql_returning(s), sql_feed(a, s, "create", "$5::uuid[]"));
    copied = arena_printf(a, ", copied AS (INSERT INTO %s (%s) SELECT %s FROM made, n, %s AS r WHERE r.org_id = $1::uuid AND r.session_id = $2::uuid"
                          " AND r.seq <= n.n)", m->table->qualified, sql_take(a, &into), sql_take(a, &from), m->table->qualified);
    return arena_printf(a, "%s%s%s SELECT o.last_seq, EXISTS (SELECT FROM made) FROM o", arena_printf(a, fork_head, s->table->qualified, m->table->qualified),
                        made, copied);
}

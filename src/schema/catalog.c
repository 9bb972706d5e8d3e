/*
 * Reads the catalog with a handful of queries, each over all tables at once, and hangs the rows under their tables.
 * Comments and checks are understood by schema/comment and schema/check.  Nothing is cached between reads.
 */
// SPDX-License-Identifier: Apache-2.0
#include "schema/catalog.h"

#include <string.h>

#include "schema/check.h"
#include "schema/comment.h"

/* Every query but the last two answers the oid of the table first, and is ordered by it within one table's rows. */
static const char tables_sql[] =
    "SELECT c.oid::int8, n.nspname::text, c.relname::text, quote_ident(n.nspname) || '.' || quote_ident(c.relname),"
    "       obj_description(c.oid, 'pg_class'), c.relrowsecurity, c.relforcerowsecurity,"
    "       EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id' AND NOT a.attisdropped)"
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"
    " ORDER BY n.nspname <> 'keelson', n.nspname, c.relname";

static const char columns_sql[] =
    "SELECT c.oid::int8, a.attname::text, col_description(c.oid, a.attnum),"
    "       (CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END)::int8, format_type(a.atttypid, a.atttypmod),"
    "       a.attnum::int4, a.attnotnull, a.attgenerated <> '' OR a.attidentity <> '', pg_get_expr(d.adbin, d.adrelid),"
    "       has_column_privilege(r.name, c.oid, a.attnum, 'INSERT') OR has_column_privilege(r.name, c.oid, a.attnum, 'UPDATE'),"
    "       CASE WHEN a.atttypid IN (1042, 1043) AND a.atttypmod > 4 THEN (a.atttypmod - 4)::int8 END,"
    "       (SELECT string_agg(e.enumlabel, E'\\x1f' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid)"
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    "  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    "  JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
    " CROSS JOIN (SELECT coalesce((SELECT rolname FROM pg_roles WHERE rolname = 'keelson_api'), current_user) AS name) r"
    " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"
    " ORDER BY c.oid, a.attnum";

static const char fks_sql[] =
    "SELECT k.conrelid::int8, k.conname::text, k.confrelid::int8,"
    "       min(a.attname::text) FILTER (WHERE a.attname <> 'org_id'), count(*) FILTER (WHERE a.attname <> 'org_id'),"
    "       bool_and(a.attnotnull)"
    "  FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)"
    " WHERE k.contype = 'f' AND k.conparentid = 0 GROUP BY k.oid, k.conrelid, k.conname, k.confrelid ORDER BY k.conrelid, k.conname";

static const char keys_sql[] =
    "SELECT i.indrelid::int8, c.relname::text, a.attname::text, i.indisprimary"
    "  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, at)"
    "  LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0"
    " WHERE i.indisunique AND k.at <= i.indnkeyatts AND n.nspname !~ '^pg_' ORDER BY i.indrelid, c.relname, k.at";

static const char checks_sql[] =
    "SELECT k.conrelid::int8, k.conname::text, a.attname::text, pg_get_expr(k.conbin, k.conrelid), cardinality(k.conkey)"
    "  FROM pg_constraint k CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS c (attnum, at)"
    "  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.attnum"
    " WHERE k.contype = 'c' AND k.conrelid <> 0 ORDER BY k.conrelid, k.conname, c.at";

static const char transitions_sql[] =
    "SELECT entity, from_status, to_status, needs_reason FROM keelson.state_transitions ORDER BY entity, from_status, to_status";

static const char finders_sql[] =
    "SELECT p.proname::text, quote_ident(n.nspname) || '.' || quote_ident(p.proname)"
    "  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    " WHERE p.proname LIKE 'find\\_%' AND p.pronargs = 3 AND p.proretset AND p.prorettype = 'uuid'::regtype AND n.nspname !~ '^pg_'"
    " ORDER BY n.nspname, p.proname";

struct reader {
    struct pg_conn *conn;
    struct arena   *arena;
    struct catalog *out;
    int64_t        *oids;        /* of out->tables */
    struct rows     rows;        /* of the query being read */
    struct err     *e;
};

static const char *text(const struct reader *r, int row, int col)
{
    return rows_cstr(r->arena, &r->rows, row, col);
}

static struct table *table_of(const struct reader *r, int64_t oid)
{
    for (int i = 0; i < r->out->ntables; i++) {
        if (r->oids[i] == oid)
            return &r->out->tables[i];
    }
    return NULL;
}

/* Rows from `row` on that belong to the same table and, when named, the same object. */
static int run_length(const struct reader *r, int row, bool named)
{
    int n = 1;

    while (row + n < r->rows.n && rows_i64(&r->rows, row + n, 0) == rows_i64(&r->rows, row, 0) &&
           (!named || span_eq(rows_get(&r->rows, row + n, 1), rows_get(&r->rows, row, 1))))
        n++;
    return n;
}

/* Different objects among `n` rows of one table. */
static int objects(const struct reader *r, int row, int n)
{
    int count = 0;

    for (int i = row; i < row + n; i += run_length(r, i, true))
        count++;
    return count;
}

static const char *const *column_names(const struct reader *r, int row, int n)
{
    const char **out = arena_array(r->arena, const char *, n);

    for (int i = 0; i < n; i++)
        out[i] = rows_null(&r->rows, row + i, 2) ? "" : text(r, row + i, 2);
    return out;
}

static void take_tables(struct reader *r)
{
    struct catalog *c = r->out;

    c->ntables = r->rows.n;
    c->tables = arena_array(r->arena, struct table, r->rows.n);
    r->oids = arena_array(r->arena, int64_t, r->rows.n);
    for (int i = 0; i < r->rows.n; i++) {
        struct table *t = &c->tables[i];

        r->oids[i] = rows_i64(&r->rows, i, 0);
        t->schema = text(r, i, 1);
        t->name = text(r, i, 2);
        t->qualified = text(r, i, 3);
        t->row_security = rows_bool(&r->rows, i, 5);
        t->force_row_security = rows_bool(&r->rows, i, 6);
        t->has_org = rows_bool(&r->rows, i, 7);
        comment_table(r->arena, rows_get(&r->rows, i, 4), t);
    }
}

/* The labels of an enum, as if a CHECK listed them. */
static void take_labels(struct reader *r, struct span list, struct column *col)
{
    const char **labels = arena_array(r->arena, const char *, list.n / 2 + 1);

    while (list.n > 0)
        labels[col->nallowed++] = arena_strdup(r->arena, span_cut(&list, '\x1f'));
    col->allowed = labels;
}

static void take_column(struct reader *r, int row, struct column *col)
{
    col->name = text(r, row, 1);
    col->type = (uint32_t)rows_i64(&r->rows, row, 3);
    col->type_name = text(r, row, 4);
    col->attnum = (int)rows_i64(&r->rows, row, 5);
    col->not_null = rows_bool(&r->rows, row, 6);
    col->generated = rows_bool(&r->rows, row, 7);
    col->default_sql = col->generated ? NULL : text(r, row, 8);
    col->has_default = col->default_sql != NULL;
    col->writable = rows_bool(&r->rows, row, 9) && !col->generated;
    col->min = INT64_MIN;
    col->max = rows_null(&r->rows, row, 10) ? INT64_MAX : rows_i64(&r->rows, row, 10);
    take_labels(r, rows_get(&r->rows, row, 11), col);
    comment_column(r->arena, rows_get(&r->rows, row, 2), col);
}

static void take_columns(struct reader *r)
{
    for (int i = 0, n; i < r->rows.n; i += n) {
        struct table *t = table_of(r, rows_i64(&r->rows, i, 0));

        n = run_length(r, i, false);
        if (!t)
            continue;
        t->columns = arena_array(r->arena, struct column, n);
        t->ncolumns = n;
        for (int k = 0; k < n; k++)
            take_column(r, i + k, &t->columns[k]);
    }
}

static void take_fks(struct reader *r)
{
    for (int i = 0, n; i < r->rows.n; i += n) {
        struct table *t = table_of(r, rows_i64(&r->rows, i, 0));

        n = run_length(r, i, false);
        if (!t)
            continue;
        t->fks = arena_array(r->arena, struct foreign_key, n);
        for (int k = i; k < i + n; k++) {
            struct foreign_key *f = &t->fks[t->nfks];

            f->name = text(r, k, 1);
            f->target = table_of(r, rows_i64(&r->rows, k, 2));
            f->column = rows_i64(&r->rows, k, 4) == 1 ? text(r, k, 3) : NULL;
            f->required = rows_bool(&r->rows, k, 5);
            t->nfks += f->target != NULL;
        }
    }
}

static void take_keys(struct reader *r)
{
    for (int i = 0, n; i < r->rows.n; i += n) {
        struct table *t = table_of(r, rows_i64(&r->rows, i, 0));

        n = run_length(r, i, false);
        if (!t)
            continue;
        t->keys = arena_array(r->arena, struct key, objects(r, i, n));
        for (int k = i, m; k < i + n; k += m) {
            m = run_length(r, k, true);
            t->keys[t->nkeys++] = (struct key){ .name = text(r, k, 1), .columns = column_names(r, k, m), .ncolumns = m,
                                                .primary = rows_bool(&r->rows, k, 3) };
        }
    }
}

static void take_checks(struct reader *r)
{
    for (int i = 0, n; i < r->rows.n; i += n) {
        struct table *t = table_of(r, rows_i64(&r->rows, i, 0));

        n = run_length(r, i, false);
        if (!t)
            continue;
        t->checks = arena_array(r->arena, struct check, objects(r, i, n));
        for (int k = i, m; k < i + n; k += m) {
            struct column *col = catalog_column(t, rows_get(&r->rows, k, 2));

            m = run_length(r, k, true);
            t->checks[t->nchecks++] = (struct check){ text(r, k, 1), column_names(r, k, m), m };
            if (m == 1 && col)
                check_apply(r->arena, rows_get(&r->rows, k, 3), col);
        }
    }
}

static void take_transitions(struct reader *r)
{
    struct catalog *c = r->out;

    c->ntransitions = r->rows.n;
    c->transitions = arena_array(r->arena, struct transition, r->rows.n);
    for (int i = 0; i < r->rows.n; i++)
        c->transitions[i] = (struct transition){ text(r, i, 0), text(r, i, 1), text(r, i, 2), rows_bool(&r->rows, i, 3) };
}

/* find_<table>_<column>: which underscore parts them only the tables know. */
static void take_finders(struct reader *r)
{
    struct catalog *c = r->out;

    c->finders = arena_array(r->arena, struct finder, r->rows.n);
    for (int i = 0; i < r->rows.n; i++) {
        struct span name = span_drop(rows_get(&r->rows, i, 0), 5);

        for (int k = 0; k < c->ntables; k++) {
            const struct table *t = &c->tables[k];
            size_t n = strlen(t->name);
            const struct column *col;

            if (!span_starts(name, span_of(t->name)) || name.n <= n || name.p[n] != '_')
                continue;
            col = catalog_column(t, span_drop(name, n + 1));
            if (col)
                c->finders[c->nfinders++] = (struct finder){ t->name, col->name, text(r, i, 1) };
            if (col)
                break;
        }
    }
}

static bool query(struct reader *r, const char *sql, void (*take)(struct reader *r))
{
    struct stmt s = STMT(NULL, sql);

    if (!pg_run(r->conn, &s, &r->rows, r->e))
        return false;
    take(r);
    rows_free(&r->rows);
    return true;
}

bool catalog_read(struct pg_conn *c, struct arena *a, struct catalog *out, struct err *e)
{
    struct reader r = { .conn = c, .arena = a, .out = out, .e = e };

    *out = (struct catalog){ .server_version = pg_server_version(c) };
    if (!query(&r, tables_sql, take_tables))
        return false;
    if (!catalog_table(out, "candidates") || !catalog_table(out, "state_transitions"))
        return fail(e, E_DATABASE, "the database is not migrated: run keelson migrate up");
    return query(&r, columns_sql, take_columns) && query(&r, fks_sql, take_fks) && query(&r, keys_sql, take_keys) &&
           query(&r, checks_sql, take_checks) && query(&r, transitions_sql, take_transitions) &&
           query(&r, finders_sql, take_finders);
}

struct table *catalog_table(const struct catalog *c, const char *name)
{
    for (int i = 0; i < c->ntables; i++) {
        if (strcmp(c->tables[i].name, name) == 0)
            return &c->tables[i];
    }
    return NULL;
}

struct column *catalog_column(const struct table *t, struct span name)
{
    for (int i = 0; i < t->ncolumns; i++) {
        if (span_is(name, t->columns[i].name))
            return &t->columns[i];
    }
    return NULL;
}

const struct key *catalog_key(const struct catalog *c, const char *constraint)
{
    for (int i = 0; i < c->ntables; i++) {
        for (int k = 0; k < c->tables[i].nkeys; k++) {
            if (strcmp(c->tables[i].keys[k].name, constraint) == 0)
                return &c->tables[i].keys[k];
        }
    }
    return NULL;
}

const struct check *catalog_check(const struct catalog *c, const char *constraint)
{
    for (int i = 0; i < c->ntables; i++) {
        for (int k = 0; k < c->tables[i].nchecks; k++) {
            if (strcmp(c->tables[i].checks[k].name, constraint) == 0)
                return &c->tables[i].checks[k];
        }
    }
    return NULL;
}

const struct foreign_key *catalog_foreign_key(const struct catalog *c, const char *constraint)
{
    for (int i = 0; i < c->ntables; i++) {
        for (int k = 0; k < c->tables[i].nfks; k++) {
            if (strcmp(c->tables[i].fks[k].name, constraint) == 0)
                return &c->tables[i].fks[k];
        }
    }
    return NULL;
}

const struct finder *catalog_finder(const struct catalog *c, const struct table *t, const char *column)
{
    for (int i = 0; i < c->nfinders; i++) {
        if (strcmp(c->finders[i].table, t->name) == 0 && strcmp(c->finders[i].column, column) == 0)
            return &c->finders[i];
    }
    return NULL;
}

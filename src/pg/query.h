/*
 * Statements going out, rows coming back: plain values, no I/O.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_QUERY_H
#define KEELSON_PG_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"

#define STMT_PARAMS 24

/*
 * One statement: what to send, nothing about when.  Parameters are added in order ($1, $2, ...); their types come from
 * casts in the SQL ($1::uuid).  Values are views or arena memory that outlive the statement's execution.
 */
struct stmt {
    const char *name;               /* static: prepared once per connection under this name; NULL: unnamed, planned each time */
    const char *sql;
    int         n;
    const char *value[STMT_PARAMS];
    int         length[STMT_PARAMS];
    int         format[STMT_PARAMS];    /* 0 text, 1 binary */
};

#define STMT(statement_name, text) ((struct stmt){ .name = (statement_name), .sql = (text) })

void stmt_text(struct arena *a, struct stmt *s, struct span v);     /* text of any type; NUL bytes are refused by planners before */
void stmt_cstr(struct arena *a, struct stmt *s, const char *v);     /* NULL gives SQL NULL */
void stmt_null(struct stmt *s);
void stmt_uuid(struct arena *a, struct stmt *s, const struct uuid *v);   /* NULL gives SQL NULL */
void stmt_int8(struct arena *a, struct stmt *s, int64_t v);
void stmt_int4(struct arena *a, struct stmt *s, int32_t v);
void stmt_bool(struct arena *a, struct stmt *s, bool v);
void stmt_bytea(struct stmt *s, struct span v);

/* One-dimensional arrays, binary.  A value whose p is NULL is SQL NULL. */
void stmt_uuid_array(struct arena *a, struct stmt *s, const struct uuid *v, size_t n);
void stmt_int8_array(struct arena *a, struct stmt *s, const int64_t *v, size_t n);   /* INT64_MIN stands for NULL */
void stmt_int4_array(struct arena *a, struct stmt *s, const int32_t *v, size_t n);
void stmt_bool_array(struct arena *a, struct stmt *s, const bool *v, size_t n);
enum { STMT_OID_TEXT = 25, STMT_OID_BYTEA = 17 };
void stmt_span_array(struct arena *a, struct stmt *s, const struct span *v, size_t n, uint32_t oid);  /* text[] or bytea[] */

/*
 * Rows in binary form: a view of (part of) a result.
 * A renderer sees only the rows that are its own, whether or not its statement was grouped with others.
 */
struct rows {
    void  *result;                  /* PGresult; NULL: no rows */
    int    from, n;                 /* rows from .. from+n-1 */
    int    skip;                    /* leading columns that are not the reader's business */
    int64_t affected;               /* as the command tag says */
};

uint32_t    rows_type(const struct rows *r, int col);               /* type oid */
bool        rows_null(const struct rows *r, int row, int col);
struct span rows_get(const struct rows *r, int row, int col);       /* binary; SPAN_NONE for NULL */
int64_t     rows_i64(const struct rows *r, int row, int col);       /* int2, int4, int8; 0 for NULL */
bool        rows_bool(const struct rows *r, int row, int col);
bool        rows_uuid(const struct rows *r, int row, int col, struct uuid *out);   /* false for NULL */
const char *rows_cstr(struct arena *a, const struct rows *r, int row, int col);    /* text; NULL for NULL */
void        rows_free(struct rows *r);                              /* only for rows from pg_run() */

/* Type oids the renderer knows. */
enum {
    OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_JSON = 114, OID_FLOAT4 = 700,
    OID_FLOAT8 = 701, OID_BPCHAR = 1042, OID_VARCHAR = 1043, OID_DATE = 1082, OID_TIMESTAMPTZ = 1184, OID_NUMERIC = 1700,
    OID_UUID = 2950, OID_JSONB = 3802, OID_TEXT_ARRAY = 1009, OID_INT4_ARRAY = 1007, OID_INT8_ARRAY = 1016, OID_UUID_ARRAY = 2951,
    OID_NAME = 19, OID_CHAR = 18, OID_OID = 26,
};

/* What a SQLSTATE means to a client; `message` is the server's primary message, used only where it cannot hold values. */
enum err_kind pg_error_kind(const char sqlstate[6]);

#endif

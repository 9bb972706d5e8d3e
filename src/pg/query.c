/*
 * Parameters into libpq's arrays, results out of PGresult: the binary formats of the wire, and what a SQLSTATE means.
 * Everything here is a plain value; nothing is sent.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/query.h"

#include <assert.h>
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void param_add(struct stmt *s, const char *value, size_t length, int format)
{
    assert(s->n < STMT_PARAMS);
    s->value[s->n] = value;
    s->length[s->n] = (int)length;
    s->format[s->n] = format;
    s->n++;
}

void stmt_text(struct arena *a, struct stmt *s, struct span v)
{
    if (v.p == NULL)
        stmt_null(s);
    else
        param_add(s, arena_strdup(a, v), v.n, 0);
}

void stmt_cstr(struct arena *a, struct stmt *s, const char *v)
{
    stmt_text(a, s, span_of(v));
}

void stmt_null(struct stmt *s)
{
    param_add(s, NULL, 0, 0);
}

void stmt_uuid(struct arena *a, struct stmt *s, const struct uuid *v)
{
    if (v == NULL)
        stmt_null(s);
    else
        param_add(s, memcpy(arena_alloc(a, sizeof *v), v, sizeof *v), sizeof *v, 1);
}

void stmt_int8(struct arena *a, struct stmt *s, int64_t v)
{
    uint64_t wire = htobe64((uint64_t)v);

    param_add(s, memcpy(arena_alloc(a, sizeof wire), &wire, sizeof wire), sizeof wire, 1);
}

void stmt_int4(struct arena *a, struct stmt *s, int32_t v)
{
    uint32_t wire = htobe32((uint32_t)v);

    param_add(s, memcpy(arena_alloc(a, sizeof wire), &wire, sizeof wire), sizeof wire, 1);
}

void stmt_bool(struct arena *a, struct stmt *s, bool v)
{
    (void)a;
    param_add(s, v ? "\1" : "\0", 1, 1);
}

void stmt_bytea(struct stmt *s, struct span v)
{
    if (v.p == NULL)
        stmt_null(s);
    else
        param_add(s, v.p, v.n, 1);
}

/* ---- arrays: dimensions, has-nulls, element type, length, lower bound; then each element with its length ---- */

static char *put32(char *at, uint32_t v)
{
    v = htobe32(v);
    memcpy(at, &v, sizeof v);
    return at + sizeof v;
}

static char *put64(char *at, uint64_t v)
{
    v = htobe64(v);
    memcpy(at, &v, sizeof v);
    return at + sizeof v;
}

#define ARRAY_HEAD 20
#define NULL_ELEMENT 0xffffffffu

/* An array with room for `bytes` of elements; *at is where the first goes. */
static char *array_begin(struct arena *a, uint32_t oid, size_t n, size_t bytes, bool nulls, char **at)
{
    char *p = arena_alloc(a, ARRAY_HEAD + bytes);

    *at = put32(p, n > 0 ? 1 : 0);
    *at = put32(*at, nulls ? 1 : 0);
    *at = put32(*at, oid);
    if (n > 0) {
        *at = put32(*at, (uint32_t)n);
        *at = put32(*at, 1);
    }
    return p;
}

void stmt_uuid_array(struct arena *a, struct stmt *s, const struct uuid *v, size_t n)
{
    char *at, *p = array_begin(a, OID_UUID, n, n * (4 + sizeof *v), false, &at);

    for (size_t i = 0; i < n; i++) {
        at = put32(at, sizeof *v);
        memcpy(at, &v[i], sizeof *v);
        at += sizeof *v;
    }
    param_add(s, p, (size_t)(at - p), 1);
}

void stmt_int8_array(struct arena *a, struct stmt *s, const int64_t *v, size_t n)
{
    char *at, *p = array_begin(a, OID_INT8, n, n * 12, true, &at);

    for (size_t i = 0; i < n; i++) {
        if (v[i] == INT64_MIN) {
            at = put32(at, NULL_ELEMENT);
        } else {
            at = put32(at, 8);
            at = put64(at, (uint64_t)v[i]);
        }
    }
    param_add(s, p, (size_t)(at - p), 1);
}

void stmt_int4_array(struct arena *a, struct stmt *s, const int32_t *v, size_t n)
{
    char *at, *p = array_begin(a, OID_INT4, n, n * 8, false, &at);

    for (size_t i = 0; i < n; i++) {
        at = put32(at, 4);
        at = put32(at, (uint32_t)v[i]);
    }
    param_add(s, p, (size_t)(at - p), 1);
}

void stmt_bool_array(struct arena *a, struct stmt *s, const bool *v, size_t n)
{
    char *at, *p = array_begin(a, OID_BOOL, n, n * 5, false, &at);

    for (size_t i = 0; i < n; i++) {
        at = put32(at, 1);
        *at++ = v[i] ? 1 : 0;
    }
    param_add(s, p, (size_t)(at - p), 1);
}

void stmt_span_array(struct arena *a, struct stmt *s, const struct span *v, size_t n, uint32_t oid)
{
    size_t bytes = 0;
    char *at, *p;

    for (size_t i = 0; i < n; i++)
        bytes += 4 + v[i].n;
    p = array_begin(a, oid, n, bytes, true, &at);
    for (size_t i = 0; i < n; i++) {
        if (v[i].p == NULL) {
            at = put32(at, NULL_ELEMENT);
            continue;
        }
        at = put32(at, (uint32_t)v[i].n);
        memcpy(at, v[i].p, v[i].n);
        at += v[i].n;
    }
    param_add(s, p, (size_t)(at - p), 1);
}

/* ---- rows ---- */

uint32_t rows_type(const struct rows *r, int col)
{
    return PQftype(r->result, col + r->skip);
}

bool rows_null(const struct rows *r, int row, int col)
{
    assert(row < r->n);
    return PQgetisnull(r->result, row + r->from, col + r->skip);
}

struct span rows_get(const struct rows *r, int row, int col)
{
    int n = PQgetlength(r->result, row + r->from, col + r->skip);

    if (n == 0 && rows_null(r, row, col))       /* rarely asked: this is done for every value that is read */
        return SPAN_NONE;
    assert(row < r->n);
    return (struct span){ PQgetvalue(r->result, row + r->from, col + r->skip), (size_t)n };
}

int64_t rows_i64(const struct rows *r, int row, int col)
{
    struct span v = rows_get(r, row, col);
    uint64_t value = 0;

    for (size_t i = 0; i < v.n; i++)
        value = value << 8 | (uint8_t)v.p[i];
    switch (v.n) {
    case 2:  return (int16_t)value;
    case 4:  return (int32_t)value;
    case 8:  return (int64_t)value;
    default: return 0;
    }
}

bool rows_bool(const struct rows *r, int row, int col)
{
    struct span v = rows_get(r, row, col);

    return v.n == 1 && v.p[0] != 0;
}

bool rows_uuid(const struct rows *r, int row, int col, struct uuid *out)
{
    struct span v = rows_get(r, row, col);

    if (v.n != sizeof *out)
        return false;
    memcpy(out, v.p, sizeof *out);
    return true;
}

const char *rows_cstr(struct arena *a, const struct rows *r, int row, int col)
{
    struct span v = rows_get(r, row, col);

    return v.p ? arena_strdup(a, v) : NULL;
}

void rows_free(struct rows *r)
{
    PQclear(r->result);
    *r = (struct rows){ 0 };
}

/* ---- SQLSTATE ---- */

/* The longest prefix decides: put exceptions before their class. */
static const struct {
    const char   *prefix;
    enum err_kind kind;
} states[] = {
    { "23505", E_DUPLICATE },       /* unique_violation */
    { "23P01", E_DUPLICATE },       /* exclusion_violation */
    { "23503", E_REFERENCED },      /* foreign_key_violation */
    { "23",    E_INPUT },           /* check, not null */
    { "22",    E_INPUT },           /* data exception */
    { "21000", E_INPUT },           /* cardinality violation: the same row twice in one statement */
    { "25006", E_READ_ONLY },
    { "28",    E_DATABASE },        /* authorization */
    { "3D000", E_DATABASE },        /* database does not exist */
    { "40P01", E_BUSY_ROW },        /* deadlock */
    { "40001", E_BUSY_ROW },        /* serialization failure */
    { "40",    E_DATABASE },
    { "42501", E_FORBIDDEN },       /* insufficient privilege */
    { "42P01", E_DATABASE },        /* undefined table: not migrated */
    { "53100", E_STORAGE },         /* disk full */
    { "53",    E_DATABASE },
    { "54",    E_INPUT },           /* program limit exceeded */
    { "55P03", E_BUSY_ROW },        /* lock not available */
    { "57014", E_TIMEOUT },         /* query canceled */
    { "57P",   E_DATABASE },        /* shutdown, crash, cannot connect now */
    { "25P03", E_DATABASE },
    { "08",    E_DATABASE },
};

enum err_kind pg_error_kind(const char sqlstate[6])
{
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (strncmp(sqlstate, states[i].prefix, strlen(states[i].prefix)) == 0)
            return states[i].kind;
    return E_INTERNAL;
}

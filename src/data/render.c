/*
 * The hot path of every read: no printf, no allocation beside the buffer, one lookup of the writer by type.
 * The database computes nothing here and its text formats are not used, which measured a quarter cheaper there.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/render.h"

#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/uuid.h"

typedef void writer(struct buf *b, struct span v);

static uint64_t wire(struct span v, size_t at, size_t n)
{
    uint64_t out = 0;

    for (size_t i = at; i < at + n && i < v.n; i++)
        out = out << 8 | (uint8_t)v.p[i];
    return out;
}

static void write_bool(struct buf *b, struct span v)
{
    buf_add(b, v.n > 0 && v.p[0] ? SPAN("true") : SPAN("false"));
}

static void write_int2(struct buf *b, struct span v)
{
    buf_i64(b, (int16_t)wire(v, 0, 2));
}

static void write_int4(struct buf *b, struct span v)
{
    buf_i64(b, (int32_t)wire(v, 0, 4));
}

static void write_oid(struct buf *b, struct span v)
{
    buf_i64(b, (int64_t)wire(v, 0, 4));
}

static void write_int8(struct buf *b, struct span v)
{
    buf_i64(b, (int64_t)wire(v, 0, 8));
}

static void write_text(struct buf *b, struct span v)
{
    json_string(&JSON_OUT(b), v);
}

static void write_json(struct buf *b, struct span v)
{
    buf_add(b, v);
}

/* One byte of version before the text. */
static void write_jsonb(struct buf *b, struct span v)
{
    if (v.n > 0)
        buf_add(b, span_drop(v, 1));
}

static void write_bytea(struct buf *b, struct span v)
{
    buf_char(b, '"');
    digest_base64(b, v);
    buf_char(b, '"');
}

static void write_uuid(struct buf *b, struct span v)
{
    struct uuid id;
    char *p = buf_reserve(b, UUID_TEXT + 2);

    if (!p || v.n != sizeof id.b)
        return;
    memcpy(id.b, v.p, sizeof id.b);
    p[0] = '"';
    uuid_format(&id, p + 1);
    p[UUID_TEXT + 1] = '"';
    b->n += UUID_TEXT + 2;
}

/* ---- floating point: the shortest spelling that reads back as the same value ---- */

static void write_double(struct buf *b, double d, int digits, bool single)
{
    char text[40];

    if (!isfinite(d)) {
        buf_add(b, isnan(d) ? SPAN("\"NaN\"") : d > 0 ? SPAN("\"Infinity\"") : SPAN("\"-Infinity\""));
        return;
    }
    for (int n = 1; n <= digits; n++) {
        snprintf(text, sizeof text, "%.*g", n, d);
        if (single ? strtof(text, NULL) == (float)d : strtod(text, NULL) == d)
            break;
    }
    buf_str(b, text);
}

static void write_float8(struct buf *b, struct span v)
{
    uint64_t bits = wire(v, 0, 8);
    double d;

    memcpy(&d, &bits, sizeof d);
    write_double(b, d, 17, false);
}

static void write_float4(struct buf *b, struct span v)
{
    uint32_t bits = (uint32_t)wire(v, 0, 4);
    float f;

    memcpy(&f, &bits, sizeof f);
    write_double(b, (double)f, 9, true);
}

/* ---- numeric: digits of base 10,000, the weight of the first, and how many decimals are shown ---- */

enum { NUMERIC_NEGATIVE = 0x4000, NUMERIC_NAN = 0xC000, NUMERIC_INFINITY = 0xD000, NUMERIC_MINUS_INFINITY = 0xF000 };

static unsigned numeric_digit(struct span v, int ndigits, int i)
{
    return i >= 0 && i < ndigits ? (unsigned)wire(v, 8 + 2 * (size_t)i, 2) : 0;
}

static void numeric_group(struct buf *b, unsigned group, int digits)
{
    char text[4] = { (char)('0' + group / 1000), (char)('0' + group / 100 % 10), (char)('0' + group / 10 % 10), (char)('0' + group % 10) };

    buf_add(b, (struct span){ text, (size_t)digits });
}

static void write_numeric(struct buf *b, struct span v)
{
    int ndigits = (int)wire(v, 0, 2), weight = (int16_t)wire(v, 2, 2), sign = (int)wire(v, 4, 2), scale = (int)wire(v, 6, 2);

    if (sign == NUMERIC_NAN || sign == NUMERIC_INFINITY || sign == NUMERIC_MINUS_INFINITY) {
        buf_add(b, sign == NUMERIC_NAN ? SPAN("\"NaN\"") : sign == NUMERIC_INFINITY ? SPAN("\"Infinity\"") : SPAN("\"-Infinity\""));
        return;
    }
    if (sign == NUMERIC_NEGATIVE)
        buf_char(b, '-');
    buf_i64(b, weight >= 0 ? numeric_digit(v, ndigits, 0) : 0);
    for (int i = 1; i <= weight; i++)
        numeric_group(b, numeric_digit(v, ndigits, i), 4);
    if (scale > 0)
        buf_char(b, '.');
    for (int i = weight + 1; scale > 0; i++, scale -= 4)
        numeric_group(b, numeric_digit(v, ndigits, i), scale < 4 ? scale : 4);
}

/* ---- dates: days or microseconds since 2000-01-01 ---- */

enum { EPOCH_DAYS = 10957 };     /* from 1970 to 2000 */
#define DAY_USEC 86400000000LL

static char *put(char *p, uint32_t v, int width)
{
    for (int i = width - 1; i >= 0; i--, v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + width;
}

static char *put_year(char *p, int64_t year)
{
    if (year < 0)
        *p++ = '-';
    year = year < 0 ? -year : year;
    return put(p, (uint32_t)year, year > 99999 ? 6 : year > 9999 ? 5 : 4);
}

/* By Howard Hinnant's civil_from_days(). */
static char *put_date(char *p, int64_t days)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), m = (5 * of_year + 2) / 153;
    int64_t month = m < 10 ? m + 3 : m - 9;

    p = put_year(p, year + era * 400 + (month <= 2));
    *p++ = '-';
    p = put(p, (uint32_t)month, 2);
    *p++ = '-';
    return put(p, (uint32_t)(of_year - (153 * m + 2) / 5 + 1), 2);
}

static void write_date(struct buf *b, struct span v)
{
    int32_t days = (int32_t)wire(v, 0, 4);
    char text[24], *p = text;

    if (days == INT32_MAX || days == INT32_MIN) {
        buf_add(b, days > 0 ? SPAN("\"infinity\"") : SPAN("\"-infinity\""));
        return;
    }
    *p++ = '"';
    p = put_date(p, (int64_t)days + EPOCH_DAYS);
    *p++ = '"';
    buf_add(b, (struct span){ text, (size_t)(p - text) });
}

static void write_timestamp(struct buf *b, struct span v)
{
    int64_t t = (int64_t)wire(v, 0, 8), day = t / DAY_USEC, rest = t % DAY_USEC;
    uint32_t second;
    char text[48], *p = text;

    if (t == INT64_MAX || t == INT64_MIN) {
        buf_add(b, t > 0 ? SPAN("\"infinity\"") : SPAN("\"-infinity\""));
        return;
    }
    if (rest < 0) {
        rest += DAY_USEC;
        day--;
    }
    second = (uint32_t)(rest / 1000000);
    *p++ = '"';
    p = put_date(p, day + EPOCH_DAYS);
    *p++ = 'T';
    p = put(p, second / 3600, 2);
    *p++ = ':';
    p = put(p, second / 60 % 60, 2);
    *p++ = ':';
    p = put(p, second % 60, 2);
    *p++ = '.';
    p = put(p, (uint32_t)(rest % 1000000), 6);
    *p++ = 'Z';
    *p++ = '"';
    buf_add(b, (struct span){ text, (size_t)(p - text) });
}

/* ---- which writer ---- */

static const struct { uint32_t type; writer *write; } writers[] = {
    { OID_TEXT,        write_text      },
    { OID_UUID,        write_uuid      },
    { OID_TIMESTAMPTZ, write_timestamp },
    { OID_JSONB,       write_jsonb     },
    { OID_INT8,        write_int8      },
    { OID_INT4,        write_int4      },
    { OID_BOOL,        write_bool      },
    { OID_NUMERIC,     write_numeric   },
    { OID_JSON,        write_json      },
    { OID_BYTEA,       write_bytea     },
    { OID_INT2,        write_int2      },
    { OID_FLOAT8,      write_float8    },
    { OID_FLOAT4,      write_float4    },
    { OID_DATE,        write_date      },
    { OID_OID,         write_oid       },
};

static writer *writer_of(uint32_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(writers); i++) {
        if (writers[i].type == type)
            return writers[i].write;
    }
    return write_text;
}

/* ---- arrays: dimensions, has-nulls, element type; length and lower bound of each dimension; elements with lengths ---- */

#define ARRAY_DIMENSIONS 6

struct array {
    struct span rest;                    /* elements not yet written */
    int         dimensions;
    int64_t     length[ARRAY_DIMENSIONS];
    writer     *write;
};

static void write_elements(struct buf *b, struct array *a, int dimension)
{
    buf_char(b, '[');
    for (int64_t i = 0; i < a->length[dimension]; i++) {
        int32_t n;

        if (i > 0)
            buf_char(b, ',');
        if (dimension + 1 < a->dimensions) {
            write_elements(b, a, dimension + 1);
            continue;
        }
        n = (int32_t)wire(a->rest, 0, 4);
        a->rest = span_drop(a->rest, a->rest.n < 4 ? a->rest.n : 4);
        if (n < 0 || (size_t)n > a->rest.n) {
            buf_add(b, SPAN("null"));
            continue;
        }
        a->write(b, (struct span){ a->rest.p, (size_t)n });
        a->rest = span_drop(a->rest, (size_t)n);
    }
    buf_char(b, ']');
}

static void write_array(struct buf *b, struct span v)
{
    struct array a = { .dimensions = (int)wire(v, 0, 4), .write = writer_of((uint32_t)wire(v, 8, 4)) };

    if (a.dimensions < 1 || a.dimensions > ARRAY_DIMENSIONS || v.n < 12 + 8 * (size_t)a.dimensions) {
        buf_add(b, SPAN("[]"));
        return;
    }
    for (int i = 0; i < a.dimensions; i++)
        a.length[i] = (int64_t)wire(v, 12 + 8 * (size_t)i, 4);
    a.rest = span_drop(v, 12 + 8 * (size_t)a.dimensions);
    write_elements(b, &a, 0);
}

void render_value(struct buf *b, uint32_t type, struct span binary)
{
    writer_of(type)(b, binary);
}

/* ---- members whose spelling was kept ---- */

struct exact {
    struct arena arena;                 /* untouched for nearly every row */
    struct json *members;               /* NULL: none */
};

static void exact_read(struct exact *x, const struct rows *r, int row, int first, const struct field *fields, int n)
{
    struct err ignored = { 0 };
    struct span v;

    if (n == 0 || fields[0].kind != FIELD_EXACT || (v = rows_get(r, row, first)).p == NULL)
        return;
    if (!json_parse(&x->arena, v, &x->members, &ignored))
        x->members = NULL;              /* the readable columns remain */
}

static bool exact_write(struct buf *b, const struct exact *x, const struct field *f)
{
    const struct json *v = x->members ? json_find(x->members, f->name) : NULL;

    if (v)
        buf_add(b, v->raw);
    return v != NULL;
}

void render_object(struct buf *b, const struct rows *r, int row, int first, const struct field *fields, int n, const bool *want)
{
    struct exact exact = { .arena = ARENA };
    char before = '{';

    exact_read(&exact, r, row, first, fields, n);
    for (int i = 0; i < n; i++) {
        struct span v;

        if (fields[i].kind == FIELD_EXACT || (want && !want[i]))
            continue;
        buf_char(b, before);
        before = ',';
        buf_add(b, fields[i].label);
        v = rows_get(r, row, first + i);
        if (exact_write(b, &exact, &fields[i]))
            continue;
        if (v.p == NULL)
            buf_add(b, SPAN("null"));
        else if (fields[i].kind == FIELD_ARRAY)
            write_array(b, v);
        else
            writer_of(rows_type(r, first + i))(b, v);
    }
    buf_add(b, before == '{' ? SPAN("{}") : SPAN("}"));
    arena_free(&exact.arena);
}

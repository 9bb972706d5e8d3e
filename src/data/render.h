/*
 * Rows to JSON, from PostgreSQL's binary formats.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_RENDER_H
#define KEELSON_DATA_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "data/field.h"
#include "pg/query.h"

/*
 * One value of a type that is listed in pg/query.h, an array of them, or anything else as the text it was cast to.
 * Numbers keep their digits and scale; times are RFC 3339 in UTC with six digits, infinity is a string; bytea is base64;
 * jsonb is passed through.
 */
void render_value(struct buf *b, uint32_t type, struct span binary);

/* The row as an object: fields[i] is in column first + i; those whose `want` is false are left out (want NULL: none is). */
void render_object(struct buf *b, const struct rows *r, int row, int first, const struct field *fields, int n, const bool *want);

#endif

/*
 * The statements of a resource, written from its table.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_SQL_H
#define KEELSON_DATA_SQL_H

#include "base/arena.h"
#include "base/buf.h"
#include "data/resource.h"

#define SQL_MAX (1 << 20)

/* Fill the live condition, select lists and SQL of *r, whose table, fields, parts and order are there. */
void sql_build(struct arena *a, struct resource *r);

/* The expressions of one part, with its array at `item.j`: select (json over r), sql_insert, sql_delete. */
const char *sql_part_select(struct arena *a, const struct part *p, const char *name);
void sql_part(struct arena *a, struct part *p, const char *name);

/* "ARRAY['a','b']::text[]" */
const char *sql_texts(struct arena *a, const char *const *list, int n);

/* What the service computes for a column when it is written: the value of `c` from its own tags, with the status being `status`;
   NULL: nothing. */
const char *sql_computed(struct arena *a, const struct resource *r, const struct column *c, const char *object, const char *status);

/* ", feed AS (INSERT INTO keelson.change_feed ...)" for the rows of "made" (id, version), with ids from the array `ids`. */
const char *sql_feed(struct arena *a, const struct resource *r, const char *op, const char *ids);

/* "r.version" or NULL, for RETURNING. */
const char *sql_returning(const struct resource *r);

/* " ORDER BY r.a, r.b DESC" over `row`. */
void sql_order(struct buf *b, const struct order *order, int n, bool reverse);

/* Take the text and give the buffer's memory back. */
const char *sql_take(struct arena *a, struct buf *b);

#endif

/*
 * What a CHECK constraint of one column says, as far as a client can be told before the database is asked.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SCHEMA_CHECK_H
#define KEELSON_SCHEMA_CHECK_H

#include "base/arena.h"
#include "base/span.h"
#include "schema/catalog.h"

/*
 * Narrow *col by an expression as pg_get_expr() spells it: lists of values, ranges of a value or of its length, patterns,
 * the kind of a jsonb.  What is not understood changes nothing: the database still checks it.
 */
void check_apply(struct arena *a, struct span expr, struct column *col);

#endif

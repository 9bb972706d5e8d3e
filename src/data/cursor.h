/*
 * Where a page ends: the values of the order of its last row, and the way on from there.  Opaque to clients.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_CURSOR_H
#define KEELSON_DATA_CURSOR_H

#include "data/query.h"
#include "data/resource.h"

struct cursor {
    bool        given, back;
    struct span value[ORDER_MAX];    /* SPAN_NONE: NULL */
};

/* E_PARAMETER unless it was made for this order. */
MUST_CHECK bool cursor_parse(struct call *c, struct span text, const struct order *order, int n, struct cursor *out, struct err *e);

/* The cursor of a row whose fields begin in column 0. */
struct span cursor_make(struct call *c, const struct rows *r, int row, const struct order *order, int n, bool back);

/* " AND ..." over r: the rows beyond the cursor. */
const char *cursor_where(struct query *q, const struct cursor *at, const struct order *order, int n);

#endif

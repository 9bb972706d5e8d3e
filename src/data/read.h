/*
 * GET /v1/{r}/{id}: keyed reads, grouped and coalesced.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_READ_H
#define KEELSON_DATA_READ_H

#include "data/call.h"
#include "data/resource.h"

call_plan   read_plan;
call_render read_render;

/* Fill the resource's two kinds of read. */
void read_kinds(struct arena *a, struct resource *r);

/* The row of one id as a statement of an exclusive plan; fields begin in column 1. */
void read_stmt(struct call *c, struct plan *p, const struct uuid *id, bool trash, bool all);
/* The same for many; rows in order of `ids`, column 0 is the index. */
void read_stmt_many(struct call *c, struct plan *p, const struct uuid *ids, size_t n);

#endif

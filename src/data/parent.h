/*
 * The rows that a written object refers to: locked before it is written, and missing or trashed ones told as faults.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_PARENT_H
#define KEELSON_DATA_PARENT_H

#include "base/json.h"
#include "data/call.h"
#include "data/resource.h"

struct parent_ref { struct uuid id; const char *pointer; };

struct parents {                     /* of one field */
    const struct field    *field;
    const struct resource *target;
    struct parent_ref     *refs;     int nrefs;
    bool                   hold;     /* something is numbered or made current within it: locked against others who do the same */
};

struct parent_set { struct parents *of; int n; };

/* Room for every reference of the resource; no refs yet. */
void parent_set(struct call *c, struct parent_set *out);
/* The reference `object` makes in each field, at `pointer` in the body. */
void parent_add(struct call *c, struct parent_set *set, const struct json *object, const char *pointer, int room);
/* One reference by hand. */
void parent_add_id(struct call *c, struct parents *p, const struct uuid *id, const char *pointer, int room);

/* A lock statement for each field with refs; how many. */
int parent_lock(struct call *c, struct plan *p, const struct parent_set *set);

/* Their rows, in the order of parent_lock().  E_INPUT with a fault for each that is missing, else E_TRASHED_PARENT. */
MUST_CHECK bool parent_check(struct call *c, const struct parent_set *set, const struct rows *rows, int n, struct err *e);

#endif

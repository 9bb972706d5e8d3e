/*
 * Is this what a resource takes?  All faults of a body at once, each with its pointer.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_VALIDATE_H
#define KEELSON_DATA_VALIDATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "data/resource.h"

#define VALIDATE_FAULTS 100      /* more are not listed */

struct validator {
    struct arena          *arena;
    const struct resource *resource;
    struct err            *e;
    int                    faults;
};

/* An object given for creation; `pointer` is its place in the body. */
void validate_create(struct validator *v, const struct json *object, const char *pointer);

/* A changed object: only what differs from `before` is looked at.  changed[i] says which fields do. */
void validate_change(struct validator *v, const struct json *before, const struct json *after, bool *changed);

/* True when there were no faults; else *e is E_INPUT and says how many. */
bool validate_done(struct validator *v);

#endif

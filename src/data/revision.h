/*
 * What a patch makes of a row: the document as a reader sees it, the patched one, and which fields differ.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_REVISION_H
#define KEELSON_DATA_REVISION_H

#include "base/buf.h"
#include "data/call.h"
#include "data/resource.h"

struct revision {
    const struct json *before, *after;
    bool              *changed;         /* by index of field */
    bool               any;             /* something was changed */
};

typedef bool revision_patch(struct arena *a, const struct json *target, const struct json *patch, struct json **out, struct err *e);

/* Of the first row, whose fields begin in column `first`.  False: the patch cannot be applied or its result is not valid. */
MUST_CHECK bool revision_make(struct call *c, const struct resource *r, const struct rows *row, int first, revision_patch *patch,
                              const struct json *doc, struct revision *out, struct err *e);

/* {"id":..., the changed fields} in an array or not; nulls are written out, so that what was removed is set to null.  id NULL: none. */
struct span revision_item(struct arena *a, const struct resource *r, const struct revision *v, const struct uuid *id, bool array);

/* ", column = value" for all that is changed, with the values out of `item.j`. */
void revision_set(struct arena *a, const struct resource *r, const struct revision *v, struct buf *out);

#endif

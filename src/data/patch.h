/*
 * Changing a JSON document: merge patch (RFC 7396) and JSON patch (RFC 6902), pure functions from trees to a tree.
 *
 * The result lives in the arena and refers to both inputs, which must outlive it and are never changed.  What is taken
 * over keeps its exact spelling; a container that was changed has no `raw` and is written from its children.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_PATCH_H
#define KEELSON_DATA_PATCH_H

#include "base/json.h"

#define PATCH_OPERATIONS 200              /* of one JSON patch */
#define PATCH_RESULT_MAX (16u << 20)      /* bytes a JSON patch may grow a document to */

/*
 * target   NULL: there is nothing yet
 * *out     a tree as json_parse() makes them (type, flags, key, count, children), within its limits.
 *
 * E_INPUT with faults whose pointers lead into the patch document.  Codes: "type", "unstorable-key" (a key that cannot be
 * written again), "too-large".
 */
MUST_CHECK bool patch_merge(struct arena *a, const struct json *target, const struct json *patch, struct json **out,
                            struct err *e);

/*
 * All operations or none.  Every fault of form is found at once; then the first operation that cannot be done ends it.
 *
 * E_INPUT as above, further codes: "required", "unknown" (operation), "format.json-pointer", "not-found",
 * "inside-itself", "too-many", "too-deep".  A `test` that does not hold is E_CONFLICT, code "test".
 */
MUST_CHECK bool patch_json(struct arena *a, const struct json *target, const struct json *ops, struct json **out,
                           struct err *e);

/* The text of a result. */
void patch_write(struct buf *b, const struct json *v);

#endif

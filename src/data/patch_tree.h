/*
 * Trees that are being changed: shared by the two kinds of patch, not for anybody else.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_PATCH_TREE_H
#define KEELSON_DATA_PATCH_TREE_H

#include "base/json.h"

/* A node of its own for the same value, in no list, under another key.  Children are shared. */
struct json *patch_node(struct arena *a, const struct json *v, struct span key);

/* Refuse keys that could not be written again.  `pointer` is what the fault points at; NULL: the key itself. */
MUST_CHECK bool patch_keys(struct arena *a, const struct json *document, const char *pointer, struct err *e);

/* Set count and flags of what was changed; more values than can be read again are E_INPUT. */
MUST_CHECK bool patch_finish(struct arena *a, struct json *root, struct err *e);

static inline bool patch_container(const struct json *v)
{
    return v->type == JSON_ARRAY || v->type == JSON_OBJECT;
}

#endif

/*
 * Tags in the comments of tables and columns, as schema/catalog.h lists them.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SCHEMA_COMMENT_H
#define KEELSON_SCHEMA_COMMENT_H

#include "base/arena.h"
#include "base/span.h"
#include "schema/catalog.h"

/* Fill doc and what the tags say; an unknown tag stays in the description.  SPAN_NONE: no comment. */
void comment_table(struct arena *a, struct span text, struct table *out);
void comment_column(struct arena *a, struct span text, struct column *out);

#endif

/*
 * Does a value fit its field?  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_VALUE_H
#define KEELSON_DATA_VALUE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/span.h"
#include "data/field.h"

struct value_fault { const char *pointer, *code, *message; };      /* arena memory or static */

/* Of a column, not null.  False: the first fault in *out. */
bool value_check(struct arena *a, const struct field *f, const struct json *j, const char *pointer, struct value_fault *out);

/* Can the text of a filter or cursor be read as a value of this kind?  NULL: yes; else what it is not, "is not a UUID". */
const char *value_refused(enum field_kind kind, struct span text);

/* Do these two say the same for a field of this kind?  Stricter than json_equal(): 1.10 is not 1.1, the scale is kept too. */
bool value_same(struct arena *a, enum field_kind kind, const struct json *x, const struct json *y);

/* The binary form of jsonb: a version byte, then the text. */
struct span value_jsonb(struct arena *a, struct span text);

/* "a, b or c" */
const char *value_list(struct arena *a, const char *const *values, int n);

#endif

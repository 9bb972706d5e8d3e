/*
 * Bodies of fixed shape: a table says which members an object may have and where in a struct they go.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_MEMBER_H
#define KEELSON_DATA_MEMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/json.h"

enum member_kind {
    MEMBER_TEXT,         /* struct span: a string that text can hold */
    MEMBER_BYTES,        /* struct span: base64, decoded */
    MEMBER_BOOL,         /* bool */
    MEMBER_INT,          /* int64_t, 0 to `most` */
    MEMBER_OBJECT,       /* const struct json *, one that jsonb can hold */
    MEMBER_ARRAY,        /* const struct json *, of 1 to `most` elements */
    MEMBER_ANY,          /* const struct json *, one that jsonb can hold */
};

struct member {
    const char      *name;
    enum member_kind kind;
    size_t           at;             /* offsetof() in the struct that is filled */
    size_t           most;           /* bytes of a text, elements of an array; 0: no limit of its own */
    enum { MEMBER_MAY, MEMBER_NULLABLE, MEMBER_MUST } presence;      /* nullable: null is as good as absent.  A text that must be there is not empty */
};

/* Every fault is added to *e; what was not given stays as it was in *out.  False: *e is E_INPUT. */
MUST_CHECK bool member_read(struct arena *a, const struct json *object, const char *pointer, const struct member *table, size_t n, void *out, struct err *e);

/* Array of strings as MEMBER_TEXT takes them; arena memory. */
bool member_texts(struct arena *a, const struct json *array, const char *pointer, size_t least, size_t most, struct span **out, size_t *n, struct err *e);

/* Can jsonb hold it?  Adds the fault. */
bool member_storable(struct arena *a, const struct json *v, const char *pointer, struct err *e);

/* The text of a query parameter that names something: UTF-8, no U+0000, at most `most` bytes.  False: E_PARAMETER. */
MUST_CHECK bool member_name(const char *name, struct span v, size_t most, struct err *e);

#endif

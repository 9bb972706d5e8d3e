/*
 * A member of the JSON object of a resource, and how it gets from a column into JSON and back.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_FIELD_H
#define KEELSON_DATA_FIELD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"
#include "schema/catalog.h"

struct part;

enum field_kind {
    FIELD_TEXT, FIELD_INT, FIELD_NUMBER, FIELD_BOOL, FIELD_UUID, FIELD_TIME, FIELD_DATE, FIELD_JSON, FIELD_BYTES, FIELD_ARRAY,
    FIELD_OTHER,                         /* any other type: travels as text */
    FIELD_PART,                          /* array of rows of another table */
    FIELD_EXACT,                         /* no member of its own: holds the exact spelling of others, see @exact; always the first */
};

struct field {
    const char          *name;
    const struct column *column;         /* NULL: FIELD_PART */
    const struct part   *part;           /* NULL: a column */
    enum field_kind      kind;
    enum field_kind      element;        /* of FIELD_ARRAY */
    int                  digits, scale;  /* numeric(digits, scale); digits 0: any */
    bool                 service;        /* set by the service whatever the comments say: id, version, ... */
    bool                 at_create, at_patch;   /* a client may give it then */
    bool                 required;       /* at creation */
    bool                 filter;         /* lists may be filtered and ordered by it */
    struct span          label;          /* "name": with quotes and colon, as it is written out */
    const char          *ident;          /* the column, quoted */
    const char          *select;         /* expression over r, of a type the renderer knows */
    const struct foreign_key *parent;    /* to a table with an id; NULL: is no reference */
};

enum field_kind field_kind_of(const struct column *c);

/* False: the column is never shown.  `parts`: of a part, where nothing has an id or version of its own. */
bool field_build(struct arena *a, const struct table *t, const struct column *c, bool part, struct field *out);

/* SQL for a column's value out of a jsonb object, which `object` names ("item.j"): what the client gave, else the default. */
const char *field_given(struct arena *a, const struct column *c, const char *object);
const char *field_given_or_default(struct arena *a, const struct column *c, const char *object);

/* The select expression over `row` ("r"). */
const char *field_select(struct arena *a, const struct column *c, const char *row);

#endif

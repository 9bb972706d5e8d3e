/*
 * Which fields of a resource an answer has: the parameter `fields`.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_PROJECTION_H
#define KEELSON_DATA_PROJECTION_H

#include "data/call.h"
#include "data/resource.h"

struct projection {
    const bool *want;        /* by index of field; NULL: all eager ones */
    bool        lazy;        /* a @lazy field is wanted: the statement must fetch all fields */
    int         n;           /* fields the statement fetches */
};

/* E_PARAMETER names an unknown field and the known ones. */
MUST_CHECK bool projection_parse(struct call *c, struct projection *out, struct err *e);

/* "a, b, c" of the fields that satisfy `which` (NULL: all), for messages. */
const char *projection_names(struct call *c, bool (*which)(const struct field *f));

/* include=trash; E_PARAMETER for anything else. */
MUST_CHECK bool projection_trash(struct call *c, bool *trash, struct err *e);

#endif

/*
 * A statement that grows: text and parameters together, so that a value can only become a parameter.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_QUERY_H
#define KEELSON_DATA_QUERY_H

#include "base/buf.h"
#include "data/call.h"

struct query {
    struct call *call;
    struct stmt  stmt;           /* its parameters so far; $1 is the organization */
};

void query_begin(struct call *c, struct query *q);
/* "$5::type" of a value that is now a parameter. */
const char *query_value(struct query *q, struct span text, const char *type);
const char *query_texts(struct query *q, const struct span *list, size_t n, const char *type);

/* Add it to the plan. */
void query_plan(struct query *q, struct plan *p, const char *name, const char *sql);

#endif

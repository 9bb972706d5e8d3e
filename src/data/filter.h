/*
 * Query parameters that choose rows: field=operator.value.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_FILTER_H
#define KEELSON_DATA_FILTER_H

#include "data/query.h"
#include "data/resource.h"

#define FILTER_MAX 12

struct filter_set {
    const char          *where;      /* " AND ..." over r: all but the one below */
    /* the first containment whose column has a finder; NULL: there is none */
    const struct finder *finder;
    const char          *contains;   /* "r.metadata @> $5::jsonb" */
    const char          *wanted;     /* "$5::jsonb" */
};

/* Every parameter that is not used yet.  E_PARAMETER names what is unknown and what there is. */
MUST_CHECK bool filter_parse(struct query *q, struct filter_set *out, struct err *e);

/* May lists be filtered and ordered by it? */
bool filter_comparable(const struct field *f);

#endif

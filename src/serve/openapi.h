/*
 * OpenAPI 3.1 of what this service answers, from the route table and the catalog: a column or table that a migration adds
 * is described after a restart.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_OPENAPI_H
#define KEELSON_SERVE_OPENAPI_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"
#include "data/resource.h"

/* `keys`: requests need an API key; false for a service that acts for the one local organization.  The text lives in `a`. */
struct span openapi_make(struct arena *a, const struct model *m, bool keys, const char *version);

#endif

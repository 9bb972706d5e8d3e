/*
 * OpenAPI 3.1 of what this service answers, from the route table and the catalog.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_OPENAPI_H
#define KEELSON_SERVE_OPENAPI_H

#include "base/arena.h"
#include "base/span.h"
#include "data/resource.h"

struct span openapi_make(struct arena *a, const struct model *m, const char *version);

#endif

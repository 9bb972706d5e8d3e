/*
 * OpenAPI 3.1 from the route table and the catalog.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/openapi.h"

struct span openapi_make(struct arena *a, const struct model *m, const char *version)
{
    (void)a, (void)m, (void)version;
    return SPAN("{}");
}

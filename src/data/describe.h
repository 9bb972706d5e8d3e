/*
 * Resources as JSON Schema (2020-12), for OpenAPI.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_DESCRIBE_H
#define KEELSON_DATA_DESCRIBE_H

#include "base/json.h"
#include "data/resource.h"

/* Each writes one schema, an object: what is read, what a POST takes, what a merge patch takes. */
void describe_read(struct json_out *o, const struct resource *r);
void describe_create(struct json_out *o, const struct resource *r);
void describe_patch(struct json_out *o, const struct resource *r);

/* May lists be filtered by it, with which operators, and an example: for the parameters of a list. */
bool describe_filter(const struct field *f, const char **operators);

#endif

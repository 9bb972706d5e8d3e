/*
 * @current(parent): at most one row per parent is the current one.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_CURRENT_H
#define KEELSON_DATA_CURRENT_H

#include "base/json.h"
#include "data/call.h"
#include "data/resource.h"

/* Will an object made like this be current?  Yes when it says so, or says nothing and that is the default. */
bool current_wanted(const struct column *col, const struct json *object);

/* The parent it names in that column. */
bool current_parent(struct call *c, const struct column *col, const struct json *object, struct uuid *out);

/* The current rows of these parents give way.  The parents must be held. */
void current_stmt(struct call *c, struct plan *p, const struct column *col, const struct uuid *parents, size_t n);

#endif

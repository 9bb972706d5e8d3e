/*
 * Scopes are `resource:action`; `*` stands for any resource or any action.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_ACCESS_SCOPE_H
#define KEELSON_ACCESS_SCOPE_H

#include <stdbool.h>

#include "base/span.h"

/* Does a blank-separated list of scopes allow the action on the resource?  "*" alone is everything. */
bool scope_allows(struct span scopes, const char *resource, const char *action);

/* Is this one well-formed scope?  For `keelson key create`. */
bool scope_valid(struct span scope);

#endif

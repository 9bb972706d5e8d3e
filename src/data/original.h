/*
 * Message content that neither jsonb nor text can hold (U+0000, lone surrogates): its exact bytes are kept beside a readable
 * projection, and come back in its place.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_ORIGINAL_H
#define KEELSON_DATA_ORIGINAL_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/json.h"

/*
 * If kept members of the message hold what cannot be stored: *readable is the message with U+FFFD in its place (parsed anew, in the
 * arena) and *original a JSON object of these members as they were.  Else *readable is the message itself, *original SPAN_NONE.
 */
MUST_CHECK bool original_split(struct arena *a, const struct json *message, const struct json **readable, struct span *original, struct err *e);

#endif

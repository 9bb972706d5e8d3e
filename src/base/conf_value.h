/*
 * One value of a setting: text to number and back.  Pure.
 *
 * Durations are microseconds and need a unit (500ms, 30s, 5m, 1h, 30d; 0 needs none), sizes are bytes with
 * an optional one (16384, 16KiB, 25MB).
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_CONF_VALUE_H
#define KEELSON_BASE_CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

enum conf_type {
    CONF_TEXT,          /* any text, not empty        */
    CONF_SECRET,        /* text that is never shown   */
    CONF_ADDRESS,       /* text, HOST:PORT            */
    CONF_COUNT,
    CONF_BYTES,
    CONF_TIME,
    CONF_BOOL,          /* 0 or 1                     */
    CONF_CHOICE,        /* index into a list of words */
};

/* NULL: parsed into *out.  Else why not, to continue "the value ...": "is not a whole number".
   `choices` is NULL-terminated, for CONF_CHOICE only.  Text types are checked, and leave *out alone. */
const char *conf_value_parse(enum conf_type type, struct span text, const char *const *choices, int64_t *out);

/* The shortest exact spelling: 1h, 1MiB, true, info.  Not for text types. */
const char *conf_value_text(struct arena *a, enum conf_type type, int64_t value, const char *const *choices);

#endif

/*
 * Single values as text: is it a timestamp, a date, a number?  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_SCALAR_H
#define KEELSON_DATA_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* RFC 3339, offset required, years 0001 to 9999; *out: microseconds since 1970 UTC, finer digits dropped. */
bool scalar_timestamp(struct span s, int64_t *out);
bool scalar_date(struct span s);
/* A JSON number with an exponent of at most four digits. */
bool scalar_number(struct span s);
/* Digits before the point (leading zeros not counted) and behind it (trailing zeros not counted), written out. */
void scalar_digits(struct span number, int64_t *before, int64_t *behind);

#endif

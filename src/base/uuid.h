/*
 * UUIDs: version 7 made here (RFC 9562), any version accepted, canonical lower case out.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_UUID_H
#define KEELSON_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct uuid {
    uint8_t b[16];
};

#define UUID_TEXT 36

/* Strictly increasing within the process: 48 bits of milliseconds, 12 of counter, 62 random. */
struct uuid uuid_v7(void);

/* 8-4-4-4-12 hexadecimal digits in either case; nothing else. */
bool uuid_parse(struct span s, struct uuid *out);
void uuid_format(const struct uuid *u, char out[UUID_TEXT]);      /* not terminated */
bool uuid_eq(const struct uuid *a, const struct uuid *b);
int  uuid_cmp(const struct uuid *a, const struct uuid *b);

#endif

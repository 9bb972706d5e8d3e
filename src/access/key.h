/*
 * API keys: `kls_live_<8>_<43>_<6>`: public id, 256 random bits in base62, CRC of what precedes it in base62.
 * Only the SHA-256 of the whole text is stored; a 256-bit random needs no slow hash.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_ACCESS_KEY_H
#define KEELSON_ACCESS_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/span.h"

#define KEY_ID   8
#define KEY_TEXT (9 + KEY_ID + 1 + 43 + 1 + 6)      /* without terminating zero */

/* A new key; the text is shown once and then only its hash is known. */
void key_make(char text[KEY_TEXT + 1], char id[KEY_ID + 1], uint8_t hash[DIGEST_SHA256]);

/* Well formed with a right checksum?  *id is a view of the text. */
bool key_parse(struct span text, struct span *id);

/* The token of "Bearer <token>", or SPAN_NONE. */
struct span key_bearer(struct span authorization);

#endif

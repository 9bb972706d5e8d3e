/*
 * Hashes, random bytes and text forms of bytes.  OpenSSL underneath.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_DIGEST_H
#define KEELSON_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

#define DIGEST_SHA256 32

void digest_sha256(struct span s, uint8_t out[DIGEST_SHA256]);
bool digest_equal(const void *a, const void *b, size_t n);        /* constant time */
uint32_t digest_crc32(struct span s);                             /* the zlib polynomial */
void digest_random(void *out, size_t n);                          /* aborts if the system has none */
uint64_t digest_hash64(struct span s);                            /* keyed per process, for hash tables */

void digest_hex(const uint8_t *in, size_t n, char *out);          /* 2n bytes, lower case, not terminated */
bool digest_base64(struct buf *out, struct span in);              /* RFC 4648 with padding */
bool digest_base64url(struct buf *out, struct span in);           /* without padding */
bool digest_base64_decode(struct buf *out, struct span in);       /* strict: either alphabet refused mixed, canonical padding */
bool digest_base64url_decode(struct buf *out, struct span in);    /* strict, without padding */

/* Exactly `width` characters of [0-9A-Za-z], leading zeros, big-endian value of n bytes; false when it does not fit. */
bool digest_base62(const uint8_t *in, size_t n, char *out, size_t width);

#endif

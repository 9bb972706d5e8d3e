/*
 * What the reader, the decoder and the writer of JSON share: not for anybody else.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_JSON_SCAN_H
#define KEELSON_BASE_JSON_SCAN_H

#include <endian.h>

#include "base/json.h"

enum { JSON_KEY_SHIFT = 3 };               /* from the flag of a string to that of a key */

/* One byte value in all eight. */
#define JSON_EACH(byte) (0x0101010101010101u * (uint64_t)(byte))

/* The high bit of each byte of x that is zero; above the first such byte there may be false ones. */
static inline uint64_t json_zeroes(uint64_t x)
{
    return (x - JSON_EACH(0x01)) & ~x & JSON_EACH(0x80);
}

/*
 * Skip what needs no attention inside quotes: stops at a quote, a backslash, a control character and,
 * with `ascii`, at anything that is not ASCII.  Eight bytes a step.  A borrow of the subtraction can only reach bytes
 * above the first true hit, so the lowest bit set is always right.
 */
static inline const char *json_plain(const char *p, const char *end, bool ascii)
{
    while (end - p >= 8) {
        uint64_t x, hit;

        memcpy(&x, p, sizeof(x));
        x = le64toh(x);
        hit = json_zeroes(x ^ JSON_EACH('"')) | json_zeroes(x ^ JSON_EACH('\\'));
        hit |= (x - JSON_EACH(0x20)) & ~x & JSON_EACH(0x80);
        if (ascii)
            hit |= x & JSON_EACH(0x80);
        if (hit)
            return p + __builtin_ctzll(hit) / 8;
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20 && !(ascii && (unsigned char)*p >= 0x80))
        p++;
    return p;
}

struct json_escape {
    size_t   n;            /* bytes it takes, a surrogate pair as one; 0: not an escape */
    uint32_t code;         /* code point; a lone surrogate is itself */
};

static inline bool json_surrogate(uint32_t code)
{
    return code >= 0xD800 && code <= 0xDFFF;
}

/* The escape at a backslash. */
struct json_escape json_escape(const char *p, const char *end);

/* The text between the quotes of a valid string.  What is unstorable becomes U+FFFD, or with `exact` stays apart:
   a zero byte, a surrogate as three bytes.  That is good for comparing and nothing else. */
struct span json_decode(struct arena *a, struct span inner, bool exact);

/* Whether a valid number is JSON_HUGE. */
bool json_huge(struct span number);

#endif

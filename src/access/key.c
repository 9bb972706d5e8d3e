/*
 * The checksum lets a mistyped or truncated key be refused before the database is asked, and lets scanners know one when they see it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "access/key.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#define PREFIX    "kls_live_"
#define PREFIX_N  (sizeof PREFIX - 1)
#define SECRET_N  43
#define CHECK_N   6
#define CHECKED_N (KEY_TEXT - 1 - CHECK_N)          /* what the checksum covers */

static void check_of(struct span text, char out[CHECK_N])
{
    uint32_t crc = htobe32(digest_crc32(text));

    digest_base62((const uint8_t *)&crc, sizeof crc, out, CHECK_N);     /* 62^6 > 2^32: always fits */
}

static void random_base62(char *out, size_t width)
{
    uint8_t bytes[32];
    size_t n = width == SECRET_N ? sizeof bytes : 5;    /* 62^43 > 2^256; 62^8 > 2^40 */

    digest_random(bytes, n);
    digest_base62(bytes, n, out, width);
    explicit_bzero(bytes, sizeof bytes);
}

void key_make(char text[KEY_TEXT + 1], char id[KEY_ID + 1], uint8_t hash[DIGEST_SHA256])
{
    char secret[SECRET_N];

    random_base62(id, KEY_ID);
    id[KEY_ID] = '\0';
    random_base62(secret, sizeof secret);
    snprintf(text, KEY_TEXT + 1, PREFIX "%s_%.*s_%0*d", id, SECRET_N, secret, CHECK_N, 0);
    check_of((struct span){ text, CHECKED_N }, text + KEY_TEXT - CHECK_N);
    digest_sha256((struct span){ text, KEY_TEXT }, hash);
    explicit_bzero(secret, sizeof secret);
}

static bool base62(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')))
            return false;
    }
    return true;
}

bool key_parse(struct span text, struct span *id)
{
    char check[CHECK_N];
    size_t secret_at = PREFIX_N + KEY_ID + 1;

    if (text.n != KEY_TEXT || !span_starts(text, SPAN(PREFIX)) || text.p[secret_at - 1] != '_' || text.p[CHECKED_N] != '_')
        return false;
    *id = (struct span){ text.p + PREFIX_N, KEY_ID };
    if (!base62(*id) || !base62((struct span){ text.p + secret_at, SECRET_N }))
        return false;
    check_of((struct span){ text.p, CHECKED_N }, check);
    return memcmp(check, text.p + KEY_TEXT - CHECK_N, CHECK_N) == 0;
}

struct span key_bearer(struct span authorization)
{
    struct span rest = authorization;
    struct span scheme = span_cut(&rest, ' ');

    return span_ieq(scheme, SPAN("Bearer")) && rest.n > 0 ? span_trim(rest) : SPAN_NONE;
}

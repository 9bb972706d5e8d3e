/*
 * Hashes, random bytes, and bytes as text.
 *
 * SHA-256 and the constant-time comparison are OpenSSL's, the CRC is zlib's; random bytes come from
 * the kernel.  The hash for tables is SipHash-1-3 with a key of this process, so that nobody outside can
 * choose colliding names.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sys/random.h>
#include <zlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;              /* fetched once: a lookup by name costs more than a short hash */
static uint64_t table_key[2];

static void prepare(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!sha256)
        err_die("OpenSSL has no SHA-256");
    digest_random(table_key, sizeof(table_key));
}

void digest_sha256(struct span s, uint8_t out[DIGEST_SHA256])
{
    pthread_once(&once, prepare);
    if (EVP_Digest(s.n ? s.p : "", s.n, out, NULL, sha256, NULL) != 1)
        err_die("OpenSSL cannot compute SHA-256");
}

bool digest_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

uint32_t digest_crc32(struct span s)
{
    return s.n ? (uint32_t)crc32_z(0, (const Bytef *)s.p, s.n) : 0;
}

void digest_random(void *out, size_t n)
{
    char *p = out;

    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            err_die("the system gives no random bytes: %m");
        p += got;
        n -= (size_t)got;
    }
}

static uint64_t rotate(uint64_t v, int by)
{
    return v << by | v >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

uint64_t digest_hash64(struct span s)
{
    uint64_t v[4], word, tail = (uint64_t)s.n << 56;
    size_t i;

    pthread_once(&once, prepare);
    v[0] = table_key[0] ^ 0x736f6d6570736575u;
    v[1] = table_key[1] ^ 0x646f72616e646f6du;
    v[2] = table_key[0] ^ 0x6c7967656e657261u;
    v[3] = table_key[1] ^ 0x7465646279746573u;
    for (i = 0; i + sizeof(word) <= s.n; i += sizeof(word)) {
        memcpy(&word, s.p + i, sizeof(word));
        sip_word(v, word);
    }
    for (int shift = 0; i < s.n; i++, shift += 8)
        tail |= (uint64_t)(unsigned char)s.p[i] << shift;
    sip_word(v, tail);
    v[2] ^= 0xFF;
    for (int round = 0; round < 3; round++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void digest_hex(const uint8_t *in, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        *out++ = digits[in[i] >> 4];
        *out++ = digits[in[i] & 15];
    }
}

/* ---- base 64 ---- */

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const char standard[] = LETTERS "+/";
static const char urlsafe[] = LETTERS "-_";

static bool encode(struct buf *out, struct span in, const char *alphabet, bool pad)
{
    const uint8_t *p = (const uint8_t *)in.p;
    size_t n = in.n / 3 * 4 + (in.n % 3 == 0 ? 0 : pad ? 4 : in.n % 3 + 1);
    char *to;

    if (n == 0)
        return !out->full;
    to = buf_reserve(out, n);
    if (!to)
        return false;
    for (size_t i = 0; i < in.n; i += 3) {
        size_t have = in.n - i < 3 ? in.n - i : 3;
        uint32_t v = (uint32_t)p[i] << 16 | (have > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (have > 2 ? p[i + 2] : 0);

        for (size_t k = 0; k < 4; k++)
            if (k <= have)
                *to++ = alphabet[v >> (18 - 6 * k) & 63];
            else if (pad)
                *to++ = '=';
    }
    out->n += n;
    return true;
}

bool digest_base64(struct buf *out, struct span in)
{
    return encode(out, in, standard, true);
}

bool digest_base64url(struct buf *out, struct span in)
{
    return encode(out, in, urlsafe, false);
}

static int sextet(char c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (url ? '-' : '+'))
        return 62;
    return c == (url ? '_' : '/') ? 63 : -1;
}

/* `in` without padding.  On failure *out is as before. */
static bool decode(struct buf *out, struct span in, bool url)
{
    size_t n = in.n / 4 * 3 + (in.n % 4 ? in.n % 4 - 1 : 0);
    uint32_t v = 0;
    unsigned bits = 0;
    char *to;

    if (in.n % 4 == 1)
        return false;
    if (n == 0)
        return !out->full;
    to = buf_reserve(out, n);
    if (!to)
        return false;
    for (size_t i = 0; i < in.n; i++) {
        int six = sextet(in.p[i], url);

        if (six < 0)
            return false;
        v = v << 6 | (uint32_t)six;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *to++ = (char)(v >> bits & 0xFF);
        }
    }
    if (v & ((1u << bits) - 1))         /* left-over bits that are set: a second spelling of the same bytes */
        return false;
    out->n += n;
    return true;
}

bool digest_base64_decode(struct buf *out, struct span in)
{
    bool url = in.n > 0 && (memchr(in.p, '-', in.n) || memchr(in.p, '_', in.n));
    int padding = 0;

    if (in.n % 4 != 0)
        return false;
    while (in.n > 0 && padding < 2 && in.p[in.n - 1] == '=') {
        in.n--;
        padding++;
    }
    return decode(out, in, url);
}

bool digest_base64url_decode(struct buf *out, struct span in)
{
    return decode(out, in, true);
}

/* ---- base 62 ---- */

enum { BASE62_MOST = 64 };

/* Divide the big-endian number in place; the remainder. */
static unsigned divide(uint8_t *number, size_t n, unsigned by)
{
    unsigned rest = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned v = rest << 8 | number[i];

        number[i] = (uint8_t)(v / by);
        rest = v % by;
    }
    return rest;
}

bool digest_base62(const uint8_t *in, size_t n, char *out, size_t width)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint8_t number[BASE62_MOST];
    uint8_t left = 0;

    if (n > sizeof(number))
        return false;
    memcpy(number, in, n);
    for (size_t i = width; i-- > 0;)
        out[i] = digits[divide(number, n, 62)];
    for (size_t i = 0; i < n; i++)
        left |= number[i];
    OPENSSL_cleanse(number, sizeof(number));    /* it may be a key */
    return left == 0;
}

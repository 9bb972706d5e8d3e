/*
 * Digests against published vectors, and the text forms of bytes: one spelling each.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void known_hashes(void **state)
{
    static const struct { struct span in; const char *sha256; uint32_t crc; } cases[] = {
        { SPAN(""),    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 0 },
        { SPAN("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 0x352441C2 },
        { SPAN("123456789"), "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225", 0xCBF43926 },
    };
    uint8_t out[DIGEST_SHA256];
    char hex[2 * DIGEST_SHA256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        digest_sha256(cases[i].in, out);
        digest_hex(out, sizeof(out), hex);
        assert_memory_equal(hex, cases[i].sha256, sizeof(hex));
        assert_int_equal(digest_crc32(cases[i].in), cases[i].crc);
    }
    digest_sha256(SPAN_NONE, out);
    digest_hex(out, sizeof(out), hex);
    assert_memory_equal(hex, cases[0].sha256, sizeof(hex));
}

static void table_hash_uses_every_byte(void **state)
{
    char text[40] = { 0 };

    (void)state;
    for (size_t n = 0; n < sizeof(text); n++) {
        uint64_t h = digest_hash64((struct span){ text, n });

        assert_true(h == digest_hash64((struct span){ text, n }));
        assert_true(h != digest_hash64((struct span){ text, n + 1 }));         /* zeros of another length */
        for (size_t i = 0; i < n; i++) {
            text[i] = (char)0x80;
            assert_true(h != digest_hash64((struct span){ text, n }));
            text[i] = 0;
        }
    }
}

static void random_bytes_differ(void **state)
{
    uint8_t a[300], b[300];

    (void)state;
    digest_random(a, sizeof(a));
    digest_random(b, sizeof(b));
    assert_false(digest_equal(a, b, sizeof(a)));
    assert_true(digest_equal(a, a, sizeof(a)));
    digest_random(a, 0);
}

/* RFC 4648, section 10, and the two bytes the alphabets differ in. */
static void base64_vectors(void **state)
{
    static const struct { struct span bytes; const char *standard, *url; } cases[] = {
        { SPAN(""), "", "" },                 { SPAN("f"), "Zg==", "Zg" },
        { SPAN("fo"), "Zm8=", "Zm8" },        { SPAN("foo"), "Zm9v", "Zm9v" },
        { SPAN("foob"), "Zm9vYg==", "Zm9vYg" }, { SPAN("fooba"), "Zm9vYmE=", "Zm9vYmE" },
        { SPAN("foobar"), "Zm9vYmFy", "Zm9vYmFy" }, { SPAN("\xFB\xFF\xBF"), "+/+/", "-_-_" },
        { SPAN("\0\0\0"), "AAAA", "AAAA" },
    };
    struct buf b = BUF(100);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_clear(&b);
        assert_true(digest_base64(&b, cases[i].bytes));
        assert_string_equal(buf_cstr(&b), cases[i].standard);
        buf_clear(&b);
        assert_true(digest_base64_decode(&b, span_of(cases[i].standard)));
        assert_true(span_eq(buf_span(&b), cases[i].bytes));
        buf_clear(&b);
        assert_true(digest_base64url(&b, cases[i].bytes));
        assert_string_equal(buf_cstr(&b), cases[i].url);
        buf_clear(&b);
        assert_true(digest_base64url_decode(&b, span_of(cases[i].url)));
        assert_true(span_eq(buf_span(&b), cases[i].bytes));
    }
    buf_free(&b);
}

static void base64_is_strict(void **state)
{
    static const struct { const char *why; struct span in; bool standard, url; } cases[] = {
        { "the other alphabet",        SPAN("-_-_"),     true,  true  },
        { "standard where url is due", SPAN("+/+/"),     true,  false },
        { "both alphabets",            SPAN("+_+_"),     false, false },
        { "padding missing",           SPAN("Zg"),       false, true  },
        { "padding where none is due", SPAN("Zg=="),     true,  false },
        { "half the padding",          SPAN("Zg="),      false, false },
        { "padding only",              SPAN("===="),     false, false },
        { "padding in the middle",     SPAN("Zg==Zg=="), false, false },
        { "three of padding",          SPAN("Z==="),     false, false },
        { "left-over bits set",        SPAN("Zh=="),     false, false },
        { "the same without padding",  SPAN("Zh"),       false, false },
        { "left-over bits, two",       SPAN("Zm9="),     false, false },
        { "one character",             SPAN("Z"),        false, false },
        { "blank",                     SPAN("Zg= "),     false, false },
        { "line end",                  SPAN("Zm9v\n"),   false, false },
        { "NUL",                       SPAN("Zm\0v"),    false, false },
        { "beyond ASCII",              SPAN("Zm\xC3\xA9"), false, false },
    };
    struct buf b = BUF(100);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        print_message("%s\n", cases[i].why);
        buf_clear(&b);
        assert_int_equal(digest_base64_decode(&b, cases[i].in), cases[i].standard);
        assert_true(cases[i].standard || b.n == 0);
        buf_clear(&b);
        assert_int_equal(digest_base64url_decode(&b, cases[i].in), cases[i].url);
        assert_true(cases[i].url || b.n == 0);
    }
    buf_free(&b);
}

static void base64_respects_the_maximum(void **state)
{
    struct buf b = BUF(7);

    (void)state;
    assert_false(digest_base64(&b, SPAN("foob")));
    assert_true(b.full);
    buf_clear(&b);
    assert_true(digest_base64url(&b, SPAN("fooba")));
    buf_clear(&b);
    assert_false(digest_base64_decode(&b, SPAN("Zm9vYmFyZm9v")));
    buf_free(&b);
}

static void base62_vectors(void **state)
{
    static const struct { const char *why; struct span in; size_t width; const char *out; } cases[] = {
        { "zero",                SPAN("\0"),             3,  "000" },
        { "one digit",           SPAN("\x3D"),           1,  "z"   },
        { "62 does not fit one", SPAN("\x3E"),           1,  NULL  },
        { "62 in two",           SPAN("\x3E"),           2,  "10"  },
        { "65535",               SPAN("\xFF\xFF"),       4,  "0H31" },
        { "leading zero bytes",  SPAN("\0\0\0\x01"),     2,  "01"  },
        { "nothing in nothing",  SPAN(""),               0,  ""    },
        { "too many bytes", SPAN("0123456789012345678901234567890123456789012345678901234567890123456789"), 99, NULL },
    };
    char out[100];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        print_message("%s\n", cases[i].why);
        assert_int_equal(digest_base62((const uint8_t *)cases[i].in.p, cases[i].in.n, out, cases[i].width),
                         cases[i].out != NULL);
        if (cases[i].out)
            assert_memory_equal(out, cases[i].out, cases[i].width);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_hashes),     cmocka_unit_test(table_hash_uses_every_byte),
        cmocka_unit_test(random_bytes_differ), cmocka_unit_test(base64_vectors),
        cmocka_unit_test(base64_is_strict), cmocka_unit_test(base64_respects_the_maximum),
        cmocka_unit_test(base62_vectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

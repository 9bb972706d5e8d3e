/*
 * The text of an API key: how a new one looks, and that nothing which differs from one by a single character passes for one.
 */
// SPDX-License-Identifier: Apache-2.0
#include "access/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"

static void looks_as_promised(void **state)
{
    char text[KEY_TEXT + 1], id[KEY_ID + 1];
    uint8_t hash[DIGEST_SHA256], again[DIGEST_SHA256];
    struct span parsed;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        key_make(text, id, hash);
        assert_int_equal(strlen(text), KEY_TEXT);
        assert_memory_equal(text, "kls_live_", 9);
        assert_true(text[9 + KEY_ID] == '_' && text[KEY_TEXT - 7] == '_');
        assert_true(key_parse(span_of(text), &parsed));
        assert_true(span_is(parsed, id));
        digest_sha256(span_of(text), again);
        assert_memory_equal(hash, again, sizeof hash);
    }
}

static void no_two_are_alike(void **state)
{
    char one[KEY_TEXT + 1], other[KEY_TEXT + 1], id[KEY_ID + 1], other_id[KEY_ID + 1];
    uint8_t hash[DIGEST_SHA256];

    (void)state;
    key_make(one, id, hash);
    key_make(other, other_id, hash);
    assert_string_not_equal(id, other_id);
    assert_memory_not_equal(one + 18, other + 18, 43);
}

/* The checksum is there for typing errors: each single one is noticed before the database is asked. */
static void every_wrong_character_is_noticed(void **state)
{
    static const char alphabet[] = "0129ABYZabyz_- \n";
    char text[KEY_TEXT + 1], id[KEY_ID + 1];
    uint8_t hash[DIGEST_SHA256];
    struct span parsed;

    (void)state;
    key_make(text, id, hash);
    for (int i = 0; i < KEY_TEXT; i++) {
        char right = text[i];

        for (size_t k = 0; k < sizeof alphabet; k++) {        /* the terminating zero is one of them */
            text[i] = alphabet[k];
            if (text[i] != right)
                assert_false(key_parse((struct span){ text, KEY_TEXT }, &parsed));
        }
        text[i] = right;
    }
    assert_true(key_parse((struct span){ text, KEY_TEXT }, &parsed));
}

/* As the checksum would be, had the text been made like this. */
static void checked(char text[KEY_TEXT + 1])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint64_t crc = digest_crc32((struct span){ text, KEY_TEXT - 7 });

    for (int i = KEY_TEXT - 1; i >= KEY_TEXT - 6; i--, crc /= 62)
        text[i] = digits[crc % 62];
}

static const struct { const char *why; int at; const char *text; } shapes[] = {
    { "nothing changed",                 0,              "kls_live_" },
    { "another prefix",                  0,              "kls_test_" },
    { "prefix in capitals",              0,              "KLS_live_" },
    { "no underscore before the secret", 9 + KEY_ID,     "-"         },
    { "a character of no base 62: id",   9,              "-"         },
    { "a character of no base 62",       9 + KEY_ID + 5, "+"         },
};

static void right_checksum_is_not_enough(void **state)
{
    char text[KEY_TEXT + 1], id[KEY_ID + 1];
    uint8_t hash[DIGEST_SHA256];
    struct span parsed;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        key_make(text, id, hash);
        memcpy(text + shapes[i].at, shapes[i].text, strlen(shapes[i].text));
        checked(text);
        if (key_parse(span_of(text), &parsed) != (i == 0))
            fail_msg("%s", shapes[i].why);
    }
}

static void length_must_be_right(void **state)
{
    char text[KEY_TEXT + 2], id[KEY_ID + 1];
    uint8_t hash[DIGEST_SHA256];
    struct span parsed;

    (void)state;
    key_make(text, id, hash);
    text[KEY_TEXT] = text[KEY_TEXT + 1] = '0';
    for (size_t n = 0; n <= KEY_TEXT + 1; n++)
        assert_true(key_parse((struct span){ text, n }, &parsed) == (n == KEY_TEXT));
    assert_false(key_parse(SPAN_NONE, &parsed));
}

/* A key made elsewhere, so that the format cannot drift unnoticed: the ones in use would stop working. */
static void known_key_is_read(void **state)
{
    struct span parsed;

    (void)state;
    assert_true(key_parse(SPAN("kls_live_07zrotg7_tsx1CYLnlEWZ0tpmWfme3qsXjHCLE0Hpqh2dGNJAbNN_3e0rhA"), &parsed));
    assert_true(span_is(parsed, "07zrotg7"));
    assert_false(key_parse(SPAN("kls_test_07zrotg7_tsx1CYLnlEWZ0tpmWfme3qsXjHCLE0Hpqh2dGNJAbNN_3e0rhA"), &parsed));
}

static const struct { const char *why; struct span in; const char *want; } headers[] = {
    { "as usual",                  SPAN("Bearer abc"),        "abc" },
    { "schemes have no case",      SPAN("bEARER abc"),        "abc" },
    { "more blanks",               SPAN("Bearer   abc  "),    "abc" },
    { "a blank inside stays",      SPAN("Bearer a b"),        "a b" },
    { "no token",                  SPAN("Bearer"),            NULL  },
    { "no token behind the blank", SPAN("Bearer "),           NULL  },
    { "another scheme",            SPAN("Basic abc"),         NULL  },
    { "a longer scheme",           SPAN("BearerX abc"),       NULL  },
    { "only the token",            SPAN("abc"),               NULL  },
    { "tab is no separator",       SPAN("Bearer\tabc"),       NULL  },
    { "leading blank",             SPAN(" Bearer abc"),       NULL  },
    { "empty",                     SPAN(""),                  NULL  },
};

static void bearer_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        struct span got = key_bearer(headers[i].in);

        if (headers[i].want ? !span_is(got, headers[i].want) : got.n != 0)
            fail_msg("%s: got \"%.*s\"", headers[i].why, SPAN_ARG(got));
    }
    assert_int_equal(key_bearer(SPAN_NONE).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_as_promised),    cmocka_unit_test(no_two_are_alike), cmocka_unit_test(every_wrong_character_is_noticed),
        cmocka_unit_test(right_checksum_is_not_enough),
        cmocka_unit_test(length_must_be_right), cmocka_unit_test(known_key_is_read), cmocka_unit_test(bearer_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

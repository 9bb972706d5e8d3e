/*
 * The JSON reader against the categories of the public JSON test suites, written as our own tables: what must be
 * accepted, what must be refused and at which byte, depth, encodings, flags.  Duplicate keys have json_keys.c.
 * Each case runs through json_parse() and json_check(), which must agree.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define PAIR_HIGH "\\ud834"
#define PAIR_LOW  "\\uDD1E"

/* ---- helpers ---- */

/* Parse and check a copy of exactly that size, so that the sanitizer sees one byte too many. */
static struct json *parse(struct arena *a, struct span text, struct err *e)
{
    struct json *root = NULL;
    struct err other;
    char *copy = malloc(text.n);
    bool ok, checked;

    err_clear(e);
    err_clear(&other);
    if (text.n > 0)
        memcpy(copy, text.p, text.n);
    checked = json_check((struct span){ copy, text.n }, &other);
    free(copy);
    ok = json_parse(a, text, &root, e);
    assert_int_equal(ok, checked);
    assert_int_equal(ok, root != NULL);
    assert_string_equal(e->message, other.message);
    if (!ok) {
        assert_int_equal(e->kind, E_JSON);
        assert_int_equal(other.kind, E_JSON);
        assert_null(other.faults);
    }
    return root;
}

static struct span repeat(struct arena *a, const char *piece, size_t times)
{
    size_t n = strlen(piece);
    char *text = arena_alloc(a, n * times + 1);

    for (size_t i = 0; i < times; i++)
        memcpy(text + i * n, piece, n);
    return (struct span){ text, n * times };
}

/* open x n, middle, close x n */
static struct span nested(struct arena *a, size_t n, const char *open, const char *middle, const char *close)
{
    struct span left = repeat(a, open, n), right = repeat(a, close, n);

    return span_of(arena_printf(a, "%.*s%s%.*s", SPAN_ARG(left), middle, SPAN_ARG(right)));
}

/* ---- accepted ---- */

static const struct { const char *why; struct span in; enum json_type type; size_t count; unsigned flags; } accepted[] = {
    { "empty array",                    SPAN("[]"),                         JSON_ARRAY,  0, 0 },
    { "empty array with blanks",        SPAN("[ \n\r\t]"),                  JSON_ARRAY,  0, 0 },
    { "blanks around everything",       SPAN(" \r\n\t[ 1 , 2 ]\t "),        JSON_ARRAY,  2, 0 },
    { "every type",                     SPAN("[null,true,false,1,\"\",[],{}]"), JSON_ARRAY, 7, 0 },
    { "no blanks at all",               SPAN("[1,[2,{\"a\":[]}]]"),         JSON_ARRAY,  2, 0 },
    { "null alone",                     SPAN("null"),                       JSON_NULL,   0, 0 },
    { "true alone",                     SPAN("true"),                       JSON_TRUE,   0, 0 },
    { "false alone",                    SPAN("false"),                      JSON_FALSE,  0, 0 },
    { "number alone",                   SPAN("42"),                         JSON_NUMBER, 0, 0 },
    { "negative number alone",          SPAN("-0.1"),                       JSON_NUMBER, 0, 0 },
    { "string alone",                   SPAN("\"asd\""),                    JSON_STRING, 0, 0 },
    { "empty string alone",             SPAN("\"\""),                       JSON_STRING, 0, 0 },
    { "new line at the end",            SPAN("[\"a\"]\n"),                  JSON_ARRAY,  1, 0 },
    { "empty object",                   SPAN("{}"),                         JSON_OBJECT, 0, 0 },
    { "empty key",                      SPAN("{\"\":0}"),                   JSON_OBJECT, 1, 0 },
    { "object with blanks",             SPAN("{ \"a\" : 1 ,\n\"b\":2 }"),   JSON_OBJECT, 2, 0 },
    { "same key in another object",     SPAN("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"), JSON_OBJECT, 2, 0 },
    { "keys that differ in case",       SPAN("{\"a\":1,\"A\":1}"),          JSON_OBJECT, 2, 0 },
    { "NFC and NFD are two keys",       SPAN("{\"\xC3\xA9\":1,\"e\xCC\x81\":2}"), JSON_OBJECT, 2, 0 },
    { "two lone surrogates are two",    SPAN("{\"\\ud800\":1,\"\\ud801\":2}"), JSON_OBJECT, 2,
      JSON_ESCAPED | JSON_UNSTORABLE },
    { "U+FFFD is not a lone surrogate", SPAN("{\"\\ud800\":1,\"\xEF\xBF\xBD\":2}"), JSON_OBJECT, 2,
      JSON_ESCAPED | JSON_UNSTORABLE },
    { "U+0000 is not the empty key",    SPAN("{\"\\u0000\":1,\"\":2}"),     JSON_OBJECT, 2,
      JSON_ESCAPED | JSON_UNSTORABLE },

    { "zero",                           SPAN("0"),                          JSON_NUMBER, 0, 0 },
    { "minus zero",                     SPAN("-0"),                         JSON_NUMBER, 0, 0 },
    { "0e1",                            SPAN("0e1"),                        JSON_NUMBER, 0, 0 },
    { "0E+1",                           SPAN("0E+1"),                       JSON_NUMBER, 0, 0 },
    { "capital exponent",               SPAN("1E22"),                       JSON_NUMBER, 0, 0 },
    { "negative capital exponent",      SPAN("1E-2"),                       JSON_NUMBER, 0, 0 },
    { "fraction and exponent",          SPAN("123.456e78"),                 JSON_NUMBER, 0, 0 },
    { "zeros in the exponent",          SPAN("1e0000000002"),               JSON_NUMBER, 0, 0 },
    { "2^53+1",                         SPAN("9007199254740993"),           JSON_NUMBER, 0, 0 },
    { "more than 64 bits",              SPAN("100000000000000000000"),      JSON_NUMBER, 0, 0 },
    { "close to zero",                  SPAN("-0.000000000000000000000000000000000000000000000001"), JSON_NUMBER, 0, 0 },
    { "more than a double, storable",   SPAN("1E400"),                      JSON_NUMBER, 0, 0 },
    { "huge exponent",                  SPAN("9e131071"),                   JSON_NUMBER, 0, JSON_HUGE },
    { "tiny exponent",                  SPAN("1e-2000"),                    JSON_NUMBER, 0, JSON_HUGE },
    { "exponent over every integer",    SPAN("1e99999999999999999999"),     JSON_NUMBER, 0, JSON_HUGE },
    { "the same, negative",             SPAN("-1e-99999999999999999999"),   JSON_NUMBER, 0, JSON_HUGE },
    { "huge far below",                 SPAN("{\"a\":[0,{\"b\":1e5000}]}"), JSON_OBJECT, 1, JSON_HUGE },

    { "simple escapes",                 SPAN("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), JSON_STRING, 0, JSON_ESCAPED },
    { "\\u in both cases",              SPAN("\"\\u00e9\\u00E9\""),         JSON_STRING, 0, JSON_ESCAPED },
    { "escaped backslash, then u",      SPAN("\"\\\\u0000\""),              JSON_STRING, 0, JSON_ESCAPED },
    { "surrogate pair",                 SPAN("\"" PAIR_HIGH PAIR_LOW "\""), JSON_STRING, 0, JSON_ESCAPED },
    { "two pairs",                      SPAN("\"\\ud83d\\ude39\\ud83d\\udc8d\""), JSON_STRING, 0, JSON_ESCAPED },
    { "noncharacter, escaped",          SPAN("\"\\uDBFF\\uDFFF\\uFFFF\""),  JSON_STRING, 0, JSON_ESCAPED },
    { "noncharacter, raw",              SPAN("\"\xEF\xBF\xBF\xF4\x8F\xBF\xBF\""), JSON_STRING, 0, 0 },
    { "DEL and U+2028 are plain",       SPAN("\"\x7F\xE2\x80\xA8\""),       JSON_STRING, 0, 0 },
    { "BOM inside a string",            SPAN("\"\xEF\xBB\xBF\""),           JSON_STRING, 0, 0 },
    { "comment inside a string",        SPAN("\"a/*b*/c/*d//e\""),          JSON_STRING, 0, 0 },
    { "1, 2, 3 and 4 bytes of UTF-8",   SPAN("\"a\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E\""), JSON_STRING, 0, 0 },
    { "U+0000, escaped",                SPAN("\"\\u0000\""),                JSON_STRING, 0,
      JSON_ESCAPED | JSON_UNSTORABLE },
    { "high surrogate alone",           SPAN("\"" PAIR_HIGH "\""),          JSON_STRING, 0,
      JSON_ESCAPED | JSON_UNSTORABLE },
    { "low surrogate alone",            SPAN("\"" PAIR_LOW "\""),           JSON_STRING, 0,
      JSON_ESCAPED | JSON_UNSTORABLE },
    { "pair the wrong way round",       SPAN("\"" PAIR_LOW PAIR_HIGH "\""), JSON_STRING, 0,
      JSON_ESCAPED | JSON_UNSTORABLE },
    { "high, high, low",                SPAN("\"" PAIR_HIGH PAIR_HIGH PAIR_LOW "\""), JSON_STRING, 0,
      JSON_ESCAPED | JSON_UNSTORABLE },
    { "high, then another escape",      SPAN("\"" PAIR_HIGH "\\n\""),       JSON_STRING, 0,
      JSON_ESCAPED | JSON_UNSTORABLE },
    { "high, then text",                SPAN("\"" PAIR_HIGH "abc\""),       JSON_STRING, 0,
      JSON_ESCAPED | JSON_UNSTORABLE },
    { "lone surrogate in a deep key",   SPAN("[0,{\"a\":{\"\\udc00\":1}}]"), JSON_ARRAY, 2,
      JSON_ESCAPED | JSON_UNSTORABLE },
    { "escape in a key",                SPAN("[{\"\\u0061\":1}]"),          JSON_ARRAY,  1, JSON_ESCAPED },
};

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
        struct arena a = ARENA;
        struct err e;
        struct json *root = parse(&a, accepted[i].in, &e);

        if (!root)
            fail_msg("%s: %s", accepted[i].why, e.message);
        if (root->type != accepted[i].type || root->count != accepted[i].count || root->flags != accepted[i].flags)
            fail_msg("%s: type %d, count %zu, flags %u", accepted[i].why, root->type, root->count, root->flags);
        arena_free(&a);
    }
}

/* ---- refused ---- */

static const struct { const char *why; struct span in; const char *message; } refused[] = {
    { "nothing",                      SPAN(""),                  "byte 0: the text ends, expected a value" },
    { "one blank",                    SPAN(" "),                 "byte 1: the text ends, expected a value" },
    { "byte order mark",              SPAN("\xEF\xBB\xBF{}"),    "byte 0: byte order mark" },
    { "byte order mark alone",        SPAN("\xEF\xBB\xBF"),      "byte 0: byte order mark" },
    { "half a byte order mark",       SPAN("\xEF\xBB{}"),        "byte 0: expected a value" },
    { "UTF-16 with its mark",         SPAN("\xFF\xFE[\0]\0"),    "byte 0: expected a value" },
    { "UTF-16, big end first",        SPAN("\0[\0]"),            "byte 0: expected a value" },
    { "UTF-16, little end first",     SPAN("[\0]\0"),            "byte 1: expected a value" },
    { "UTF-32, big end first",        SPAN("\0\0\0["),           "byte 0: expected a value" },
    { "NUL at the end",               SPAN("[1]\0"),             "byte 3: text after the value" },
    { "NUL between tokens",           SPAN("[\0001]"),           "byte 1: expected a value" },
    { "NUL in a string",              SPAN("\"a\0b\""),          "byte 2: control character in a string" },
    { "NUL after a backslash",        SPAN("\"\\\0\""),          "byte 1: invalid escape in a string" },

    { "two values",                   SPAN("1 2"),               "byte 2: text after the value" },
    { "two arrays",                   SPAN("[][]"),              "byte 2: text after the value" },
    { "closed once too often",        SPAN("[1]]"),              "byte 3: text after the value" },
    { "comment at the end",           SPAN("{}/**/"),            "byte 2: text after the value" },
    { "hash at the end",              SPAN("{}#"),               "byte 2: text after the value" },
    { "comma at the end",             SPAN("[],"),               "byte 2: text after the value" },
    { "form feed is no blank",        SPAN("[\f]"),              "byte 1: expected a value" },
    { "vertical tab is no blank",     SPAN("\v1"),               "byte 0: expected a value" },
    { "no-break space is no blank",   SPAN("\xC2\xA0" "1"),      "byte 0: expected a value" },
    { "a word",                       SPAN("hello"),             "byte 0: expected a value" },
    { "a word with an accent",        SPAN("\xC3\xA9"),          "byte 0: expected a value" },
    { "capital True",                 SPAN("[True]"),            "byte 1: expected a value" },
    { "half of null",                 SPAN("[nul]"),             "byte 1: expected a value" },
    { "null cut off",                 SPAN("nul"),               "byte 0: expected a value" },
    { "more than true",               SPAN("truee"),             "byte 4: text after the value" },
    { "single quotes",                SPAN("['a']"),             "byte 1: expected a value" },
    { "close of an array that is not open", SPAN("]"),           "byte 0: expected a value" },

    { "array, not closed",            SPAN("[1"),                "byte 2: the text ends, expected ',' or ']'" },
    { "array, just opened",           SPAN("["),                 "byte 1: the text ends, expected a value" },
    { "array, no comma",              SPAN("[1 true]"),          "byte 3: expected ',' or ']'" },
    { "array, comma at the end",      SPAN("[1,]"),              "byte 3: expected a value" },
    { "array, comma first",           SPAN("[,1]"),              "byte 1: expected a value" },
    { "array, two commas",            SPAN("[1,,2]"),            "byte 3: expected a value" },
    { "array, colon",                 SPAN("[\"\":1]"),          "byte 3: expected ',' or ']'" },
    { "array, semicolon",             SPAN("[1;2]"),             "byte 2: expected ',' or ']'" },
    { "array closed as object",       SPAN("[1}"),               "byte 2: expected ',' or ']'" },
    { "object closed as array",       SPAN("{\"a\":1]"),         "byte 6: expected ',' or '}'" },
    { "object, just opened",          SPAN("{"),                 "byte 1: the text ends, expected a key in quotes" },
    { "object, not closed",           SPAN("{\"a\":1"),          "byte 6: the text ends, expected ',' or '}'" },
    { "object, comma at the end",     SPAN("{\"a\":1,}"),        "byte 7: expected a key in quotes" },
    { "object, two commas",           SPAN("{\"a\":1,,\"b\":2}"), "byte 7: expected a key in quotes" },
    { "object, comma first",          SPAN("{,\"a\":1}"),        "byte 1: expected a key in quotes" },
    { "object, no colon",             SPAN("{\"a\" 1}"),         "byte 5: expected ':'" },
    { "object, comma for a colon",    SPAN("{\"a\",1}"),         "byte 4: expected ':'" },
    { "object, two colons",           SPAN("{\"a\"::1}"),        "byte 5: expected a value" },
    { "object, no value",             SPAN("{\"a\":}"),          "byte 5: expected a value" },
    { "object, ends after the colon", SPAN("{\"a\":"),           "byte 5: the text ends, expected a value" },
    { "object, ends after the key",   SPAN("{\"a\""),            "byte 4: the text ends, expected ':'" },
    { "key without quotes",           SPAN("{a:1}"),             "byte 1: expected a key in quotes" },
    { "key in single quotes",         SPAN("{'a':1}"),           "byte 1: expected a key in quotes" },
    { "key is a number",              SPAN("{1:1}"),             "byte 1: expected a key in quotes" },
    { "key is not UTF-8",             SPAN("{\"\xB9\":1}"),      "byte 2: not UTF-8" },
    { "comment in an object",         SPAN("{\"a\":/*c*/1}"),    "byte 5: expected a value" },

    { "plus",                         SPAN("+1"),                "byte 0: expected a value" },
    { "minus alone",                  SPAN("-"),                 "byte 1: the text ends, expected a digit" },
    { "minus, blank",                 SPAN("[- 1]"),             "byte 2: expected a digit" },
    { "two minus",                    SPAN("--1"),               "byte 1: expected a digit" },
    { "leading zero",                 SPAN("012"),               "byte 0: number with a leading zero" },
    { "leading zero, negative",       SPAN("-012"),              "byte 1: number with a leading zero" },
    { "two zeros",                    SPAN("00"),                "byte 0: number with a leading zero" },
    { "no digit before the point",    SPAN("[.5]"),              "byte 1: expected a value" },
    { "minus, point",                 SPAN("-.5"),               "byte 1: expected a digit" },
    { "no digit behind the point",    SPAN("[1.]"),              "byte 3: expected a digit" },
    { "point, exponent",              SPAN("0.e1"),              "byte 2: expected a digit" },
    { "two points",                   SPAN("[0.1.2]"),           "byte 4: expected ',' or ']'" },
    { "exponent, nothing",            SPAN("1e"),                "byte 2: the text ends, expected a digit" },
    { "exponent, plus, nothing",      SPAN("[1E+]"),             "byte 4: expected a digit" },
    { "exponent, two signs",          SPAN("1e+-2"),             "byte 3: expected a digit" },
    { "two exponents",                SPAN("1eE2"),              "byte 2: expected a digit" },
    { "fraction in the exponent",     SPAN("1e1.5"),             "byte 3: text after the value" },
    { "hexadecimal",                  SPAN("0x42"),              "byte 1: text after the value" },
    { "underscore",                   SPAN("1_000"),             "byte 1: text after the value" },
    { "letter behind a number",       SPAN("[1.2a]"),            "byte 4: expected ',' or ']'" },
    { "NaN",                          SPAN("NaN"),               "byte 0: expected a value" },
    { "-NaN",                         SPAN("-NaN"),              "byte 1: expected a digit" },
    { "Infinity",                     SPAN("Infinity"),          "byte 0: expected a value" },
    { "-Infinity",                    SPAN("-Infinity"),         "byte 1: expected a digit" },
    { "full width digit",             SPAN("\xEF\xBC\x91"),      "byte 0: expected a value" },

    { "string, not closed",           SPAN("\"a"),               "byte 2: the text ends inside a string" },
    { "string, just opened",          SPAN("\""),                "byte 1: the text ends inside a string" },
    { "escaped quote at the end",     SPAN("\"\\\""),            "byte 3: the text ends inside a string" },
    { "tab in a string",              SPAN("\"sixteen bytes on\tx\""), "byte 17: control character in a string" },
    { "new line in a string",         SPAN("\"a\nb\""),          "byte 2: control character in a string" },
    { "U+001F in a string",           SPAN("\"\x1F\""),          "byte 1: control character in a string" },
    { "control character in a key",   SPAN("{\"a\nb\":1}"),      "byte 3: control character in a string" },
    { "\\a",                          SPAN("\"\\a\""),           "byte 1: invalid escape in a string" },
    { "\\x",                          SPAN("\"\\x41\""),         "byte 1: invalid escape in a string" },
    { "\\U",                          SPAN("\"\\U0041\""),       "byte 1: invalid escape in a string" },
    { "\\'",                          SPAN("\"\\'\""),           "byte 1: invalid escape in a string" },
    { "\\u with three digits",        SPAN("\"\\u00A\""),        "byte 1: invalid escape in a string" },
    { "\\u with another letter",      SPAN("\"\\u00Ag\""),       "byte 1: invalid escape in a string" },
    { "\\u cut off",                  SPAN("\"\\u00"),           "byte 1: invalid escape in a string" },
    { "backslash at the end",         SPAN("\"\\"),              "byte 1: invalid escape in a string" },
    { "high surrogate, broken low",   SPAN("\"\\uD800\\u1x\""),  "byte 7: invalid escape in a string" },
    { "escape outside a string",      SPAN("[\\u000A\"\"]"),     "byte 1: expected a value" },

    { "continuation byte alone",      SPAN("\"\x81\""),          "byte 1: not UTF-8" },
    { "Latin-1",                      SPAN("\"ab\xE9\""),        "byte 3: not UTF-8" },
    { "overlong, 2 bytes",            SPAN("\"\xC0\xAF\""),      "byte 1: not UTF-8" },
    { "overlong, 3 bytes",            SPAN("\"\xE0\x80\xAF\""),  "byte 1: not UTF-8" },
    { "overlong, 4 bytes",            SPAN("\"\xF0\x80\x80\xAF\""), "byte 1: not UTF-8" },
    { "6 bytes",                      SPAN("\"\xFC\x83\xBF\xBF\xBF\xBF\""), "byte 1: not UTF-8" },
    { "raw surrogate",                SPAN("\"\xED\xA0\x80\""),  "byte 1: not UTF-8" },
    { "above U+10FFFF",               SPAN("\"\xF4\xBF\xBF\xBF\""), "byte 1: not UTF-8" },
    { "character cut by the quote",   SPAN("\"\xE0\xFF\""),      "byte 1: not UTF-8" },
    { "character cut by the end",     SPAN("\"\xE2\x82"),        "byte 1: not UTF-8" },
    { "after eight plain bytes",      SPAN("\"12345678\xFF\""),  "byte 9: not UTF-8" },

    { "same key twice",               SPAN("{\"a\":1,\"a\":1}"), "byte 7: duplicate key" },
    { "the third is the first to repeat", SPAN("{\"b\":1,\"a\":1,\"b\":2,\"a\":2}"), "byte 13: duplicate key" },
    { "empty key twice",              SPAN("{\"\":1,\"\":1}"),   "byte 6: duplicate key" },
    { "same after decoding",          SPAN("{\"a\":1,\"\\u0061\":2}"), "byte 7: duplicate key" },
    { "lone surrogate twice",         SPAN("{\"\\ud800\":1,\"\\uD800\":2}"), "byte 12: duplicate key" },
    { "U+0000 twice",                 SPAN("{\"\\u0000\":1,\"\\u0000\":2}"), "byte 12: duplicate key" },
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct arena a = ARENA;
        struct err e;

        if (parse(&a, refused[i].in, &e))
            fail_msg("%s: accepted", refused[i].why);
        if (strcmp(e.message, refused[i].message) != 0)
            fail_msg("%s: \"%s\"", refused[i].why, e.message);
        arena_free(&a);
    }
}

/* Any beginning of a valid text is refused: nothing reads past the end, nothing is guessed. */
static void test_every_prefix(void **state)
{
    static const char text[] = "{\"a\\u00e9\\ud834\\udd1e\":[1.5e+3,-0,true,false,null,\"\xE2\x82\xAC 12345678\"],\"b\":{}}";
    struct arena a = ARENA;
    struct err e;

    (void)state;
    for (size_t n = 0; n < sizeof(text) - 1; n++)
        assert_null(parse(&a, (struct span){ text, n }, &e));
    assert_non_null(parse(&a, span_of(text), &e));
    arena_free(&a);
}

/* ---- limits ---- */

static void test_depth(void **state)
{
    struct arena a = ARENA;
    struct err e;

    (void)state;
    assert_non_null(parse(&a, nested(&a, JSON_DEPTH, "[", "", "]"), &e));
    assert_non_null(parse(&a, nested(&a, JSON_DEPTH, "{\"a\":", "1", "}"), &e));
    assert_non_null(parse(&a, nested(&a, JSON_DEPTH / 2, "[{\"a\":", "1", "}]"), &e));
    assert_null(parse(&a, nested(&a, JSON_DEPTH + 1, "[", "", "]"), &e));
    assert_string_equal(e.message, "byte 64: nested deeper than 64");
    assert_null(parse(&a, nested(&a, JSON_DEPTH + 1, "{\"a\":", "1", "}"), &e));
    assert_string_equal(e.message, "byte 320: nested deeper than 64");
    assert_null(parse(&a, repeat(&a, "[", 100000), &e));
    assert_string_equal(e.message, "byte 64: nested deeper than 64");
    assert_null(parse(&a, repeat(&a, "[{\"\":", 50000), &e));
    assert_non_null(parse(&a, span_of(arena_printf(&a, "[%s1]", repeat(&a, "[[]],", 1000).p)), &e));
    arena_free(&a);
}

/* An array of n zeros; with itself n + 1 values. */
static struct span zeros(struct arena *a, size_t n)
{
    return span_of(arena_printf(a, "[%s0]", repeat(a, "0,", n - 1).p));
}

static void test_number_of_values(void **state)
{
    struct arena a = ARENA;
    struct err e;

    (void)state;
    assert_non_null(parse(&a, zeros(&a, JSON_VALUES - 1), &e));
    assert_null(parse(&a, zeros(&a, JSON_VALUES), &e));
    assert_string_equal(e.message, "byte 1999999: more than 1000000 values");
    arena_free(&a);
}

/* head, zeros x times, tail: digits written out, counted by hand */
static const struct { const char *why; const char *head, *tail; size_t times; bool huge; } digits[] = {
    { "1000 digits",                        "1", "",       999,  false },
    { "1001 digits",                        "1", "",       1000, true  },
    { "the sign is no digit",               "-1", "",      999,  false },
    { "1 and 999 behind the point",         "0.", "",      999,  false },
    { "1 and 1000 behind the point",        "0.", "",      1000, true  },
    { "brought back by the exponent",       "0.", "1e2000", 1999, false },
    { "many digits made few",               "1", "e-3000", 3000, true  },
    { "many zeros, then 1e5",               "0.", "1e4000", 4000, false },
};

static const struct { struct span in; bool huge; } exponents[] = {
    { SPAN("1e999"), false },     { SPAN("1e1000"), true },       { SPAN("9.99e999"), false },  { SPAN("9.99e1000"),
      true },
    { SPAN("0.001e1002"), false }, { SPAN("0.001e1003"), true },  { SPAN("1e-999"), false },    { SPAN("1e-1000"), true },
    { SPAN("0.1e-998"), false },  { SPAN("0.1e-999"), true },     { SPAN("0e5000"), false },    { SPAN("0e-999"), false },
    { SPAN("0e-1000"), true },    { SPAN("0.00e1001"), false },   { SPAN("-0E+999999999"), false },
    { SPAN("0e1073741822"), false }, { SPAN("0e1073741823"), true }, { SPAN("0e00000000000000000000"), false },
    { SPAN("12345e995"), false }, { SPAN("12345e996"), true },
};

static void test_huge(void **state)
{
    struct arena a = ARENA;
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(digits); i++) {
        const char *middle = repeat(&a, "0", digits[i].times).p;
        struct json *n = parse(&a, span_of(arena_printf(&a, "%s%s%s", digits[i].head, middle, digits[i].tail)), &e);

        if (!n || n->flags != (digits[i].huge ? JSON_HUGE : 0))
            fail_msg("%s", digits[i].why);
    }
    for (size_t i = 0; i < ARRAY_LEN(exponents); i++) {
        struct json *n = parse(&a, exponents[i].in, &e);

        if (!n || n->flags != (exponents[i].huge ? JSON_HUGE : 0))
            fail_msg("%s", exponents[i].in.p);
    }
    arena_free(&a);
}

/* ---- the tree ---- */

static void test_tree(void **state)
{
    struct span text = SPAN(" { \"a\" : [ 1.10 , \"x\\n\" ] ,\"\\u0062\":{\"c\":null} } ");
    struct arena a = ARENA;
    struct err e;
    struct json *root = parse(&a, text, &e);
    struct json *array = root->first, *object = array->next;

    (void)state;
    assert_true(span_is(root->raw, "{ \"a\" : [ 1.10 , \"x\\n\" ] ,\"\\u0062\":{\"c\":null} }"));
    assert_ptr_equal(root->raw.p, text.p + 1);
    assert_null(root->next);
    assert_true(span_is(array->key, "a"));
    assert_true(span_is(array->raw, "[ 1.10 , \"x\\n\" ]"));
    assert_true(span_is(array->first->raw, "1.10"));
    assert_true(span_is(array->first->next->raw, "\"x\\n\""));
    assert_int_equal(array->flags, JSON_ESCAPED);
    assert_true(span_is(object->key, "b"));
    assert_int_equal(object->flags, JSON_KEY_ESCAPED);
    assert_true(span_is(object->first->key, "c"));
    assert_null(object->next);
    assert_int_equal(root->flags, JSON_ESCAPED);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_number_of_values),
        cmocka_unit_test(test_huge),
        cmocka_unit_test(test_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

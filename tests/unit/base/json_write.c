/*
 * The writer: commas, escapes, and the property that matters: what is written, read and written again is the same.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void expect(struct buf *b, const char *want)
{
    assert_string_equal(buf_cstr(b), want);
    buf_free(b);
}

static void test_commas(void **state)
{
    struct buf b = BUF(1000);
    struct json_out o = JSON_OUT(&b);

    (void)state;
    json_open(&o, '{');
    json_key(&o, "empty");
    json_open(&o, '[');
    json_close(&o, ']');
    json_key(&o, "list");
    json_open(&o, '[');
    json_int(&o, INT64_MIN);
    json_boolean(&o, true);
    json_boolean(&o, false);
    json_null(&o);
    json_cstring(&o, NULL);
    json_cstring(&o, "text");
    json_raw(&o, SPAN("1.10"));
    json_open(&o, '{');
    json_close(&o, '}');
    json_string(&o, SPAN_NONE);
    json_close(&o, ']');
    json_key_span(&o, SPAN("a\"b"));
    json_int(&o, 7);
    json_close(&o, '}');
    expect(&b, "{\"empty\":[],\"list\":[-9223372036854775808,true,false,null,null,\"text\",1.10,{},\"\"],\"a\\\"b\":7}");
}

static void test_escapes(void **state)
{
    struct buf b = BUF(1000);
    struct json_out o = JSON_OUT(&b);

    (void)state;
    json_string(&o, SPAN("\"\\/\b\f\n\r\t\x01\x1F\x7F"));
    json_string(&o, SPAN("\xC3\xA9\xE2\x80\xA8\xF0\x9D\x84\x9E"));
    json_string(&o, SPAN("a\0b"));
    expect(&b, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F\",\"\xC3\xA9\xE2\x80\xA8\xF0\x9D\x84\x9E\",\"a\\u0000b\"");
}

/* Each byte that needs an escape, at each place of the eight that are looked at together. */
static void test_escape_at_every_place(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (int c = 1; c < 0x80; c++)
        for (size_t at = 0; at < 20; at++) {
            char text[] = "abcdefghijklmnopqrst";
            struct buf b = BUF(1000);
            struct json_out o = JSON_OUT(&b);
            struct err e;
            struct json *v;

            text[at] = (char)c;
            json_string(&o, span_of(text));
            assert_true(json_parse(&a, buf_span(&b), &v, &e));
            assert_true(span_is(json_text(&a, v), text));
            assert_int_equal(v->flags, c < 0x20 || c == '"' || c == '\\' ? JSON_ESCAPED : 0);
            buf_free(&b);
        }
    arena_free(&a);
}

static void test_full(void **state)
{
    struct buf b = BUF(8);
    struct json_out o = JSON_OUT(&b);

    (void)state;
    json_string(&o, SPAN("123456"));
    assert_false(b.full);
    json_string(&o, SPAN(""));
    assert_true(b.full);
    assert_true(b.n <= 8);
    buf_free(&b);
}

/* ---- random trees ---- */

/* xorshift: the same trees on every machine */
static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static struct span random_text(struct arena *a, uint64_t *seed)
{
    static const char *const pieces[] = {
        "a", "key", "\"", "\\", "/", "\n", "\x01", "\x1F", "\x7F", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9D\x84\x9E", "12345678",
        "~", "u0041",
    };
    const char *text = "";

    for (uint64_t n = random_next(seed) % 6; n > 0; n--)
        text = arena_printf(a, "%s%s", text, pieces[random_next(seed) % ARRAY_LEN(pieces)]);
    return span_of(text);
}

static struct span random_number(struct arena *a, uint64_t *seed)
{
    static const char *const forms[] = {
        "-0", "0", "1.10", "1E2", "-1e-400", "9007199254740993", "0.00", "1e131071", "123456789012345678901",
    };
    uint64_t r = random_next(seed);

    if (r % 2)
        return span_of(forms[r / 2 % ARRAY_LEN(forms)]);
    return span_of(arena_printf(a, "%lld.%02llue%lld", (long long)r / 1000, (unsigned long long)r % 100, (long long)r % 50));
}

static void random_value(struct arena *a, struct json_out *o, uint64_t *seed, int depth);

static void random_container(struct arena *a, struct json_out *o, uint64_t *seed, int depth)
{
    bool object = random_next(seed) % 2;

    json_open(o, object ? '{' : '[');
    for (uint64_t i = 0, n = random_next(seed) % 7; i < n; i++) {
        if (object)                        /* the number keeps keys apart */
            json_key_span(o, span_of(arena_printf(a, "%s%d", random_text(a, seed).p, (int)i)));
        random_value(a, o, seed, depth + 1);
    }
    json_close(o, object ? '}' : ']');
}

static void random_value(struct arena *a, struct json_out *o, uint64_t *seed, int depth)
{
    switch (depth < 6 ? random_next(seed) % 8 : random_next(seed) % 5) {
    case 0:  json_null(o); break;
    case 1:  json_boolean(o, random_next(seed) % 2); break;
    case 2:  json_raw(o, random_number(a, seed)); break;
    case 3:
    case 4:  json_string(o, random_text(a, seed)); break;
    default: random_container(a, o, seed, depth);
    }
}

/* Write a tree from what it means, not from how it is spelled. */
static void rewrite(struct arena *a, struct json_out *o, const struct json *v)
{
    bool object = v->type == JSON_OBJECT;

    if (v->type == JSON_STRING) {
        json_string(o, json_text(a, v));
        return;
    }
    if (!object && v->type != JSON_ARRAY) {
        json_raw(o, v->raw);
        return;
    }
    json_open(o, object ? '{' : '[');
    for (const struct json *c = v->first; c; c = c->next) {
        if (object)
            json_key_span(o, c->key);
        rewrite(a, o, c);
    }
    json_close(o, object ? '}' : ']');
}

static void test_write_parse_write(void **state)
{
    uint64_t seed = 20240229;

    (void)state;
    for (int i = 0; i < 5000; i++) {
        struct arena a = ARENA;
        struct buf once = BUF(1 << 20), twice = BUF(1 << 20), spelled = BUF(1 << 20);
        struct json_out o = JSON_OUT(&once), p = JSON_OUT(&twice), q = JSON_OUT(&spelled);
        struct json *tree = NULL, *again = NULL;
        struct err e = { 0 };

        random_value(&a, &o, &seed, 0);
        if (!json_parse(&a, buf_span(&once), &tree, &e))
            fail_msg("tree %d: %s: %s", i, e.message, buf_cstr(&once));
        rewrite(&a, &p, tree);
        json_tree(&q, tree);
        assert_string_equal(buf_cstr(&once), buf_cstr(&twice));
        assert_string_equal(buf_cstr(&once), buf_cstr(&spelled));
        assert_true(json_parse(&a, buf_span(&twice), &again, &e));
        assert_true(json_equal(&a, tree, again));
        buf_free(&once);
        buf_free(&twice);
        buf_free(&spelled);
        arena_free(&a);
    }
}

/* A node without `raw` is written from its children, which may be spelled. */
static void test_made_nodes(void **state)
{
    struct json number = { .type = JSON_NUMBER, .raw = SPAN("1.10"), .key = SPAN("a\n") };
    struct json list = { .type = JSON_ARRAY, .key = SPAN("l"), .next = &number };
    struct json root = { .type = JSON_OBJECT, .first = &list, .count = 2 };
    struct buf b = BUF(1000);
    struct json_out o = JSON_OUT(&b);

    (void)state;
    json_tree(&o, &root);
    expect(&b, "{\"l\":[],\"a\\n\":1.10}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commas),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_escape_at_every_place),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_write_parse_write),
        cmocka_unit_test(test_made_nodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

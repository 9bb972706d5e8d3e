/*
 * Finding one's way: members, elements, pointers as in RFC 6901 section 5, flags.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct json *parse(struct arena *a, struct span text)
{
    struct err e = { 0 };
    struct json *root;

    if (!json_parse(a, text, &root, &e))
        fail_msg("%.*s: %s", SPAN_ARG(text), e.message);
    return root;
}

static void test_find(void **state)
{
    struct arena a = ARENA;
    const struct json *o = parse(&a, SPAN("{\"a\":1,\"b\\n\":2,\"\":3,\"l\":[7,8]}")), *l = json_find(o, "l");

    (void)state;
    assert_true(span_is(json_find(o, "a")->raw, "1"));
    assert_true(span_is(json_find(o, "b\n")->raw, "2"));
    assert_true(span_is(json_find(o, "")->raw, "3"));
    assert_null(json_find(o, "c"));
    assert_null(json_find(l, "a"));
    assert_true(span_is(json_at(l, 0)->raw, "7"));
    assert_true(span_is(json_at(l, 1)->raw, "8"));
    assert_null(json_at(l, 2));
    assert_null(json_at(l, SIZE_MAX));
    assert_null(json_at(o, 0));
    arena_free(&a);
}

static void test_type_names(void **state)
{
    static const struct { struct span in; const char *name; } types[] = {
        { SPAN("null"), "null" }, { SPAN("true"), "boolean" }, { SPAN("false"), "boolean" }, { SPAN("1"), "number" },
        { SPAN("\"\""), "string" }, { SPAN("[]"), "array" }, { SPAN("{}"), "object" },
    };
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        assert_string_equal(json_type_name(parse(&a, types[i].in)->type), types[i].name);
    arena_free(&a);
}

static void test_sorted(void **state)
{
    static const char *const order[] = { "", "A", "a", "aa", "b", "\xC3\xA9" };
    struct arena a = ARENA;
    const struct json **m = json_sorted(&a, parse(&a, SPAN("{\"b\":1,\"\xC3\xA9\":1,\"a\":1,\"\":1,\"aa\":1,\"A\":1}")));

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        assert_true(span_is(m[i]->key, order[i]));
    arena_free(&a);
}

/* ---- pointers ---- */

static const char document[] =
    "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,"
    "\"m~n\":8,\"o\":{\"\":{\"\":9}},\"~1\":10,\"0\":11}";

static const struct { const char *why; struct span pointer; const char *raw; } pointers[] = {
    { "first element",          SPAN("/foo/0"),   "\"bar\"" },
    { "last element",           SPAN("/foo/1"),   "\"baz\"" },
    { "behind the last",        SPAN("/foo/2"),   NULL },
    { "the place behind",       SPAN("/foo/-"),   NULL },
    { "leading zero",           SPAN("/foo/00"),  NULL },
    { "signed",                 SPAN("/foo/+1"),  NULL },
    { "no index at all",        SPAN("/foo/"),    NULL },
    { "more than 64 bits",      SPAN("/foo/18446744073709551616"), NULL },
    { "empty key",              SPAN("/"),        "0" },
    { "~1 is a slash",          SPAN("/a~1b"),    "1" },
    { "percent is itself",      SPAN("/c%d"),     "2" },
    { "caret",                  SPAN("/e^f"),     "3" },
    { "bar",                    SPAN("/g|h"),     "4" },
    { "backslash",              SPAN("/i\\j"),    "5" },
    { "quote",                  SPAN("/k\"l"),    "6" },
    { "blank",                  SPAN("/ "),       "7" },
    { "~0 is a tilde",          SPAN("/m~0n"),    "8" },
    { "empty keys in a row",    SPAN("/o//"),     "9" },
    { "~01 is ~1, not a slash", SPAN("/~01"),     "10" },
    { "digits as a key",        SPAN("/0"),       "11" },
    { "below a scalar",         SPAN("/foo/0/0"), NULL },
    { "absent",                 SPAN("/bar"),     NULL },
    { "no slash at the start",  SPAN("foo"),      NULL },
    { "tilde at the end",       SPAN("/m~"),      NULL },
    { "tilde and another",      SPAN("/m~2n"),    NULL },
};

static void test_resolve(void **state)
{
    struct arena a = ARENA;
    const struct json *root = parse(&a, span_of(document));

    (void)state;
    assert_ptr_equal(json_resolve(&a, root, SPAN("")), root);
    for (size_t i = 0; i < ARRAY_LEN(pointers); i++) {
        const struct json *v = json_resolve(&a, root, pointers[i].pointer);

        if (!v != !pointers[i].raw || (v && !span_is(v->raw, pointers[i].raw)))
            fail_msg("%s", pointers[i].why);
    }
    arena_free(&a);
}

static void test_pointer_is_found_again(void **state)
{
    struct arena a = ARENA;
    const struct json *root = parse(&a, span_of(document));

    (void)state;
    for (const struct json *m = root->first; m; m = m->next)
        assert_ptr_equal(json_resolve(&a, root, span_of(json_pointer(&a, "", m->key))), m);
    assert_string_equal(json_pointer(&a, "/x", SPAN("~/~1")), "/x/~0~1~01");
    assert_string_equal(json_pointer_at(&a, "/x", 12), "/x/12");
    arena_free(&a);
}

/* ---- flags ---- */

static const struct { const char *why; struct span in; unsigned flags; const char *where; } places[] = {
    { "nothing there",            SPAN("[1,{\"a\":\"b\"}]"),                  JSON_UNSTORABLE | JSON_HUGE, NULL },
    { "the root itself",          SPAN("\"\\u0000\""),                        JSON_UNSTORABLE, "" },
    { "a value",                  SPAN("{\"a\":[0,{\"b/c\":\"\\udc00\"}]}"),  JSON_UNSTORABLE, "/a/1/b~1c" },
    { "a key",                    SPAN("{\"a\":[0,{\"\\udc00\":1}]}"),        JSON_UNSTORABLE, "/a/1/\xEF\xBF\xBD" },
    { "the first of two",         SPAN("[1,\"\\u0000\",\"\\u0000\"]"),        JSON_UNSTORABLE, "/1" },
    { "only keys",                SPAN("[\"\\u0000\",{\"\\u0000\":\"\\u0000\"}]"), JSON_KEY_UNSTORABLE, "/1/\xEF\xBF\xBD" },
    { "only keys, and none",      SPAN("[\"\\u0000\",{\"a\":\"\\u0000\"}]"),  JSON_KEY_UNSTORABLE, NULL },
    { "huge, not the other",      SPAN("[\"\\u0000\",1e9999]"),               JSON_HUGE, "/1" },
    { "either",                   SPAN("[\"\\u0000\",1e9999]"),               JSON_HUGE | JSON_UNSTORABLE, "/0" },
    { "an escaped key",           SPAN("{\"a\":{\"\\u0062\":1}}"),            JSON_ESCAPED, "/a/b" },
};

static void test_where(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const char *where = json_where(&a, parse(&a, places[i].in), places[i].flags);

        if (!where != !places[i].where || (where && strcmp(where, places[i].where) != 0))
            fail_msg("%s: %s", places[i].why, where ? where : "NULL");
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_type_names),
        cmocka_unit_test(test_sorted),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_pointer_is_found_again),
        cmocka_unit_test(test_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * JSON patch against the appendix of RFC 6902, faults by pointer, and what must not explode.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/patch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct json *parse(struct arena *a, struct span text)
{
    struct err e = { 0 };
    struct json *root;

    if (!json_parse(a, text, &root, &e))
        fail_msg("%.*s: %s", SPAN_ARG(text), e.message);
    return root;
}

static const char *written(struct arena *a, const struct json *v)
{
    struct buf b = BUF(32 << 20);
    const char *text;

    patch_write(&b, v);
    text = arena_strdup(a, buf_span(&b));
    buf_free(&b);
    return text;
}

#define OP(name, path)           "{\"op\":\"" name "\",\"path\":\"" path "\"}"
#define OP_V(name, path, value)  "{\"op\":\"" name "\",\"path\":\"" path "\",\"value\":" value "}"
#define OP_F(name, from, path)   "{\"op\":\"" name "\",\"from\":\"" from "\",\"path\":\"" path "\"}"
#define OPS(...)                 SPAN("[" __VA_ARGS__ "]")

static const struct { const char *why; struct span target, ops; const char *result; } cases[] = {
    { "A.1 member",            SPAN("{\"foo\":\"bar\"}"), OPS(OP_V("add", "/baz", "\"qux\"")),
      "{\"foo\":\"bar\",\"baz\":\"qux\"}" },
    { "A.2 element",           SPAN("{\"foo\":[\"bar\",\"baz\"]}"), OPS(OP_V("add", "/foo/1", "\"qux\"")),
      "{\"foo\":[\"bar\",\"qux\",\"baz\"]}" },
    { "A.3 remove a member",   SPAN("{\"baz\":\"qux\",\"foo\":\"bar\"}"), OPS(OP("remove", "/baz")),
      "{\"foo\":\"bar\"}" },
    { "A.4 remove an element", SPAN("{\"foo\":[\"bar\",\"qux\",\"baz\"]}"), OPS(OP("remove", "/foo/1")),
      "{\"foo\":[\"bar\",\"baz\"]}" },
    { "A.5 replace",           SPAN("{\"baz\":\"qux\",\"foo\":\"bar\"}"), OPS(OP_V("replace", "/baz", "\"boo\"")),
      "{\"baz\":\"boo\",\"foo\":\"bar\"}" },
    { "A.6 move a value",      SPAN("{\"foo\":{\"bar\":\"baz\",\"waldo\":\"fred\"},\"qux\":{\"corge\":\"grault\"}}"),
      OPS(OP_F("move", "/foo/waldo", "/qux/thud")), "{\"foo\":{\"bar\":\"baz\"},\"qux\":{\"corge\":\"grault\",\"thud\":\"fred\"}}" },
    { "A.7 move an element",   SPAN("{\"foo\":[\"all\",\"grass\",\"cows\",\"eat\"]}"), OPS(OP_F("move", "/foo/1",
      "/foo/3")),
      "{\"foo\":[\"all\",\"cows\",\"eat\",\"grass\"]}" },
    { "A.8 test",              SPAN("{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}"),
      OPS(OP_V("test", "/baz", "\"qux\"") "," OP_V("test", "/foo/1", "2")), "{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}" },
    { "A.10 nested object",    SPAN("{\"foo\":\"bar\"}"), OPS(OP_V("add", "/child", "{\"grandchild\":{}}")),
      "{\"foo\":\"bar\",\"child\":{\"grandchild\":{}}}" },
    { "A.11 unknown members",  SPAN("{\"foo\":\"bar\"}"),
      OPS("{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\",\"xyz\":123}"),
      "{\"foo\":\"bar\",\"baz\":\"qux\"}" },
    { "A.14 ~01 is ~1",        SPAN("{\"/\":9,\"~1\":10}"), OPS(OP_V("test", "/~01", "10")), "{\"/\":9,\"~1\":10}" },
    { "A.16 array as element", SPAN("{\"foo\":[\"bar\"]}"), OPS(OP_V("add", "/foo/-", "[\"abc\",\"def\"]")),
      "{\"foo\":[\"bar\",[\"abc\",\"def\"]]}" },

    { "no operations",             SPAN("{ }"),              SPAN("[]"),                            "{ }" },
    { "add over a member",         SPAN("{\"a\":1,\"b\":2}"), OPS(OP_V("add", "/a", "null")),
      "{\"a\":null,\"b\":2}" },
    { "add at the first place",    SPAN("[1]"),              OPS(OP_V("add", "/0", "0")),           "[0,1]" },
    { "add behind the last",       SPAN("[1]"),              OPS(OP_V("add", "/1", "2")),           "[1,2]" },
    { "add the whole document",    SPAN("{\"a\":1}"),        OPS(OP_V("add", "", "[]")),            "[]" },
    { "replace the whole document", SPAN("{\"a\":1}"),       OPS(OP_V("replace", "", "7")),         "7" },
    { "replace the last element",  SPAN("[1,2]"),            OPS(OP_V("replace", "/1", "3")),       "[1,3]" },
    { "replace the last member",   SPAN("{\"a\":1,\"b\":2}"), OPS(OP_V("replace", "/b", "3")),      "{\"a\":1,\"b\":3}" },
    { "empty key",                 SPAN("{\"\":1}"),         OPS(OP_V("replace", "/", "2")),        "{\"\":2}" },
    { "- is a key of an object",   SPAN("{}"),               OPS(OP_V("add", "/-", "1")),           "{\"-\":1}" },
    { "digits are a key too",      SPAN("{}"),               OPS(OP_V("add", "/01", "1")),          "{\"01\":1}" },
    { "key from ~0 and ~1",        SPAN("{}"),               OPS(OP_V("add", "/~0~1\\n", "1")),     "{\"~/\\n\":1}" },
    { "move onto itself",          SPAN("{\"a\":1}"),        OPS(OP_F("move", "/a", "/a")),         "{\"a\":1}" },
    { "move a child to the root",  SPAN("{\"a\":{\"b\":1}}"), OPS(OP_F("move", "/a", "")),          "{\"b\":1}" },
    { "move beside a longer name", SPAN("{\"a\":1}"),        OPS(OP_F("move", "/a", "/ab")),        "{\"ab\":1}" },
    { "copy, then change one",     SPAN("{\"a\":{\"x\":1}}"), OPS(OP_F("copy", "/a", "/b") "," OP_V("add", "/a/x", "2")),
      "{\"a\":{\"x\":2},\"b\":{\"x\":1}}" },
    { "change, copy, change the copy", SPAN("{\"a\":{\"x\":[]}}"),
      OPS(OP_V("add", "/a/x/-", "1") "," OP_F("copy", "/a", "/b") "," OP_V("add", "/b/x/-", "2")),
      "{\"a\":{\"x\":[1]},\"b\":{\"x\":[1,2]}}" },
    { "copy into itself",          SPAN("{\"a\":{\"x\":1}}"), OPS(OP_F("copy", "/a", "/a/b")),
      "{\"a\":{\"x\":1,\"b\":{\"x\":1}}}" },
    { "change what was added",     SPAN("[]"),               OPS(OP_V("add", "/0", "{\"a\":[1]}") "," OP("remove",
      "/0/a/0")),
      "[{\"a\":[]}]" },
    { "the same value added twice", SPAN("{}"),
      OPS(OP_V("add", "/a", "[1]") "," OP_F("copy", "/a", "/b") "," OP("remove", "/a/0")), "{\"a\":[],\"b\":[1]}" },
    { "remove until empty",        SPAN("[1,2]"),            OPS(OP("remove", "/1") "," OP("remove", "/0")), "[]" },
    { "test by value",             SPAN("{\"a\":[1.0,{\"x\":1,\"y\":\"\\u0061\"}]}"),
      OPS(OP_V("test", "/a", "[1,{\"y\":\"a\",\"x\":1e0}]")), "{\"a\":[1.0,{\"x\":1,\"y\":\"\\u0061\"}]}" },
    { "test the whole document",   SPAN("[ 1 ]"),            OPS(OP_V("test", "", "[1]")),          "[ 1 ]" },
    { "what nobody touched keeps its spelling", SPAN("{\"a\":{ \"n\" : 1E2 },\"b\":[ 1.0, 2 ]}"), OPS(OP_V("add",
      "/b/0", "-0")),
      "{\"a\":{ \"n\" : 1E2 },\"b\":[-0,1.0,2]}" },
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a = ARENA;
        struct json *target = parse(&a, cases[i].target), *again = parse(&a, cases[i].target), *result = NULL;
        struct err e = { 0 };
        const char *text;

        if (!patch_json(&a, target, parse(&a, cases[i].ops), &result, &e))
            fail_msg("%s: %s", cases[i].why, e.message);
        text = written(&a, result);
        if (strcmp(text, cases[i].result) != 0)
            fail_msg("%s: %s", cases[i].why, text);
        assert_int_equal(result->count, parse(&a, span_of(text))->count);
        assert_true(json_equal(&a, target, again));
        assert_true(span_eq(target->raw, cases[i].target));
        arena_free(&a);
    }
}

/* The result of one patch is the target of the next, and not changed by it either. */
static void test_patch_a_result(void **state)
{
    struct arena a = ARENA;
    struct json *first, *second, *third;
    struct err e = { 0 };

    (void)state;
    assert_true(patch_json(&a, parse(&a, SPAN("{\"a\":[1]}")), parse(&a, OPS(OP_V("add", "/a/-", "2"))), &first, &e));
    assert_true(patch_json(&a, first, parse(&a, OPS(OP("remove", "/a/0"))), &second, &e));
    assert_true(patch_merge(&a, first, parse(&a, SPAN("{\"b\":3}")), &third, &e));
    assert_string_equal(written(&a, first), "{\"a\":[1,2]}");
    assert_string_equal(written(&a, second), "{\"a\":[2]}");
    assert_string_equal(written(&a, third), "{\"a\":[1,2],\"b\":3}");
    arena_free(&a);
}

/* ---- refused ---- */

static const struct { const char *why; struct span ops; enum err_kind kind; const char *pointer, *code; } refused[] = {
    { "no array",                   SPAN("{}"),                                     E_INPUT,    "",        "type" },
    { "no object in it",            SPAN("[1]"),                                    E_INPUT,    "/0",      "type" },
    { "no op",                      SPAN("[{\"path\":\"/a\"}]"),                    E_INPUT,    "/0/op",   "required" },
    { "op is no string",            SPAN("[{\"op\":1,\"path\":\"/a\"}]"),           E_INPUT,    "/0/op",   "type" },
    { "unknown op",                 OPS(OP("merge", "/a")),                         E_INPUT,    "/0/op",   "unknown" },
    { "op in capitals",             OPS(OP("REMOVE", "/a")),                        E_INPUT,    "/0/op",   "unknown" },
    { "no path",                    SPAN("[{\"op\":\"remove\"}]"),                  E_INPUT,    "/0/path", "required" },
    { "path is null",               SPAN("[{\"op\":\"remove\",\"path\":null}]"),    E_INPUT,    "/0/path", "type" },
    { "path without a slash",       OPS(OP("remove", "a")),                         E_INPUT,    "/0/path",
      "format.json-pointer" },
    { "path with a bare tilde",     OPS(OP("remove", "/a~")),                       E_INPUT,    "/0/path",
      "format.json-pointer" },
    { "path with U+0000",           OPS(OP("remove", "/\\u0000")),                  E_INPUT,    "/0/path",
      "format.json-pointer" },
    { "no value",                   OPS(OP("add", "/x")),                           E_INPUT,    "/0/value", "required" },
    { "no from",                    OPS(OP("move", "/x")),                          E_INPUT,    "/0/from", "required" },
    { "from is no pointer",         OPS(OP_F("copy", "a", "/x")),                   E_INPUT,    "/0/from",
      "format.json-pointer" },
    { "unstorable key in a value",  OPS(OP_V("add", "/x", "{\"\\ud800\":1}")),      E_INPUT,    "/0/value/\xEF\xBF\xBD",
      "unstorable-key" },
    { "A.12 no such parent",        OPS(OP_V("add", "/baz/bat", "1")),              E_INPUT,    "/0/path", "not-found" },
    { "the second one",             OPS(OP("remove", "/a") "," OP("remove", "/a")), E_INPUT,    "/1/path", "not-found" },
    { "remove what is not there",   OPS(OP("remove", "/x")),                        E_INPUT,    "/0/path", "not-found" },
    { "remove the document",        OPS(OP("remove", "")),                          E_INPUT,    "/0/path", "not-found" },
    { "replace what is not there",  OPS(OP_V("replace", "/x", "1")),                E_INPUT,    "/0/path", "not-found" },
    { "replace behind the last",    OPS(OP_V("replace", "/l/2", "1")),              E_INPUT,    "/0/path", "not-found" },
    { "replace at -",               OPS(OP_V("replace", "/l/-", "1")),              E_INPUT,    "/0/path", "not-found" },
    { "index too large",            OPS(OP_V("add", "/l/3", "1")),                  E_INPUT,    "/0/path", "not-found" },
    { "index with a leading zero",  OPS(OP_V("add", "/l/01", "1")),                 E_INPUT,    "/0/path", "not-found" },
    { "index that is no number",    OPS(OP_V("add", "/l/x", "1")),                  E_INPUT,    "/0/path", "not-found" },
    { "below a scalar",             OPS(OP_V("add", "/a/b", "1")),                  E_INPUT,    "/0/path", "not-found" },
    { "below the place behind",     OPS(OP_V("add", "/l/-/b", "1")),                E_INPUT,    "/0/path", "not-found" },
    { "move from nowhere",          OPS(OP_F("move", "/x", "/y")),                  E_INPUT,    "/0/from", "not-found" },
    { "move nowhere onto itself",   OPS(OP_F("move", "/x", "/x")),                  E_INPUT,    "/0/from", "not-found" },
    { "copy from nowhere",          OPS(OP_F("copy", "/l/-", "/y")),                E_INPUT,    "/0/from", "not-found" },
    { "move into itself",           OPS(OP_F("move", "/o", "/o/x")),                E_INPUT,    "/0/path",
      "inside-itself" },
    { "move the document",          OPS(OP_F("move", "", "/o")),                    E_INPUT,    "/0/path",
      "inside-itself" },
    { "A.9 test",                   OPS(OP_V("test", "/a", "\"bar\"")),             E_CONFLICT, "/0",      "test" },
    { "A.15 number and string",     OPS(OP_V("test", "/a", "\"1\"")),               E_CONFLICT, "/0",      "test" },
    { "test what is not there",     OPS(OP_V("test", "/x", "null")),                E_CONFLICT, "/0",      "test" },
    { "test after a change",        OPS(OP_V("add", "/a", "2") "," OP_V("test", "/a", "1")), E_CONFLICT, "/1", "test" },
};

static void test_refused(void **state)
{
    struct span text = SPAN("{\"a\":1,\"l\":[1,2],\"o\":{\"p\":{}}}");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct arena a = ARENA;
        struct json *target = parse(&a, text), *result = NULL;
        struct err e = { 0 };

        if (patch_json(&a, target, parse(&a, refused[i].ops), &result, &e))
            fail_msg("%s: accepted", refused[i].why);
        if (e.kind != refused[i].kind || !e.faults || strcmp(e.faults->pointer, refused[i].pointer) != 0
            || strcmp(e.faults->code, refused[i].code) != 0)
            fail_msg("%s: %s", refused[i].why, e.message);
        assert_null(result);
        assert_true(json_equal(&a, target, parse(&a, text)));
        arena_free(&a);
    }
}

static void test_all_faults_of_form_at_once(void **state)
{
    static const char *const want[] = { "/0/op", "/0/path", "/1/from", "/1/path", "/2" };
    struct arena a = ARENA;
    struct json *result;
    struct err e = { 0 };
    size_t n = 0;

    (void)state;
    assert_false(patch_json(&a, parse(&a, SPAN("{}")),
                            parse(&a, SPAN("[{\"op\":\"x\"},{\"op\":\"copy\",\"path\":\"~\",\"from\":1},7]")), &result, &e));
    for (const struct fault *f = e.faults; f; f = f->next, n++) {
        bool known = false;

        for (size_t i = 0; i < ARRAY_LEN(want); i++)
            known |= strcmp(f->pointer, want[i]) == 0;
        assert_true(known);
    }
    assert_int_equal(n, ARRAY_LEN(want));
    arena_free(&a);
}

/* ---- limits ---- */

/* The same operations n times. */
static struct json *repeated(struct arena *a, const char *op, size_t n)
{
    const char *text = "";

    for (size_t i = 0; i < n; i++)
        text = arena_printf(a, "%s%s%s", text, i > 0 ? "," : "", op);
    return parse(a, span_of(arena_printf(a, "[%s]", text)));
}

static const char *refused_with(struct arena *a, struct span target, const struct json *ops)
{
    struct json *result;
    struct err e = { 0 };

    if (patch_json(a, parse(a, target), ops, &result, &e))
        return "";
    return arena_printf(a, "%s %s", e.faults->pointer, e.faults->code);
}

static void test_limits(void **state)
{
    struct arena a = ARENA;

    (void)state;
    assert_string_equal(refused_with(&a, SPAN("{}"), repeated(&a, OP_V("add", "/a", "1"), 200)), "");
    assert_string_equal(refused_with(&a, SPAN("{}"), repeated(&a, OP_V("add", "/a", "1"), 201)), " too-many");
    assert_string_equal(refused_with(&a, SPAN("[[]]"), repeated(&a, OP_F("copy", "/0", "/0/0"), 200)), "/19 too-large");
    assert_string_equal(refused_with(&a, SPAN("[[]]"), repeated(&a, OP_V("add", "/0/0", "[[]]"), 200)), "");
    assert_string_equal(refused_with(&a, SPAN("[[1]]"), repeated(&a, OP_F("copy", "", "/-"), 200)), "/19 too-large");
    assert_string_equal(refused_with(&a, SPAN("{\"a\":[]}"), repeated(&a, OP_V("add", "/a", "[]"), 200)), "");
    arena_free(&a);
}

static void test_a_large_text_copied(void **state)
{
    struct arena a = ARENA;
    char *big = arena_alloc(&a, (1 << 20) + 1);
    struct span target;

    (void)state;
    memset(big, 'x', 1 << 20);
    target = span_of(arena_printf(&a, "[\"%s\"]", big));
    assert_string_equal(refused_with(&a, target, repeated(&a, OP_F("copy", "/0", "/-"), 14)), "");
    assert_string_equal(refused_with(&a, target, repeated(&a, OP_F("copy", "/0", "/-"), 200)), "/14 too-large");
    assert_string_equal(refused_with(&a, target, repeated(&a, OP_F("move", "/0", "/-"), 200)), "");
    assert_string_equal(refused_with(&a, target, repeated(&a, OP_F("copy", "/0", "/0"), 1)), "");
    arena_free(&a);
}

static void test_depth(void **state)
{
    struct arena a = ARENA;
    char deep[2 * JSON_DEPTH + 2] = "";
    char path[2 * JSON_DEPTH] = "";
    const struct json *ops;

    (void)state;
    memset(deep, '[', JSON_DEPTH);
    memset(deep + JSON_DEPTH, ']', JSON_DEPTH);
    for (int i = 0; i < JSON_DEPTH - 1; i++)
        strcat(path, "/0");
    ops = parse(&a, span_of(arena_printf(&a, "[{\"op\":\"add\",\"path\":\"%s/0\",\"value\":1}]", path)));
    assert_string_equal(refused_with(&a, span_of(deep), ops), "");
    ops = parse(&a, span_of(arena_printf(&a, "[{\"op\":\"add\",\"path\":\"%s/0\",\"value\":[]}]", path)));
    assert_string_equal(refused_with(&a, span_of(deep), ops), "/0 too-deep");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_patch_a_result),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_all_faults_of_form_at_once),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_a_large_text_copied),
        cmocka_unit_test(test_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

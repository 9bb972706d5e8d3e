/*
 * Bodies of fixed shape: every fault at once, with its pointer.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/member.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"

struct thing {
    struct span text, bytes;
    bool        flag;
    int64_t     n;
    const struct json *object, *list, *any;
};

static const struct member table[] = {
    { "text",   MEMBER_TEXT,   offsetof(struct thing, text),   4, MEMBER_MUST },
    { "bytes",  MEMBER_BYTES,  offsetof(struct thing, bytes),  0, MEMBER_NULLABLE },
    { "flag",   MEMBER_BOOL,   offsetof(struct thing, flag),   0, MEMBER_MAY },
    { "n",      MEMBER_INT,    offsetof(struct thing, n),      9, MEMBER_MAY },
    { "object", MEMBER_OBJECT, offsetof(struct thing, object), 0, MEMBER_MAY },
    { "list",   MEMBER_ARRAY,  offsetof(struct thing, list),   2, MEMBER_MAY },
    { "any",    MEMBER_ANY,    offsetof(struct thing, any),    0, MEMBER_MAY },
};

static const struct { const char *why, *body, *faults; } cases[] = {
    { "the least",                 "{\"text\":\"a\"}",                                        "" },
    { "all of it",                 "{\"text\":\"abcd\",\"bytes\":\"AA==\",\"flag\":true,\"n\":9,\"object\":{},\"list\":[1,2],\"any\":[]}", "" },
    { "null where it may be",      "{\"text\":\"a\",\"bytes\":null}",                         "" },
    { "null where it may not",     "{\"text\":null,\"flag\":null}",                           "/text type,/flag type," },
    { "nothing",                   "{}",                                                      "/text required," },
    { "empty where it may not",    "{\"text\":\"\"}",                                         "/text too-short," },
    { "too long in bytes",         "{\"text\":\"\xc3\xa4\xc3\xa4x\"}",                        "/text too-large," },
    { "what text cannot hold",     "{\"text\":\"\\u0000\"}",                                  "/text unstorable," },
    { "what jsonb cannot hold",    "{\"text\":\"a\",\"any\":{\"b\":[\"\\ud800\"]}}",          "/any/b/0 unstorable," },
    { "a number too large",        "{\"text\":\"a\",\"object\":{\"b\":1e5000}}",              "/object/b too-large," },
    { "bad base64",                "{\"text\":\"a\",\"bytes\":\"A\"}",                        "/bytes format.base64," },
    { "numbers out of range",      "{\"text\":\"a\",\"n\":10}",                               "/n range," },
    { "below zero",                "{\"text\":\"a\",\"n\":-1}",                               "/n range," },
    { "no whole number",           "{\"text\":\"a\",\"n\":1.5}",                              "/n range," },
    { "too many, too few",         "{\"text\":\"a\",\"list\":[]}",                            "/list count," },
    { "an escaped pointer",        "{\"text\":\"a\",\"x/y~\":1}",                             "/x~1y~0 unknown," },
    { "all faults",                "{\"bytes\":1,\"list\":{},\"object\":3}",                  "/bytes type,/list type,/object type,/text required," },
    { "no object",                 "[]",                                                      " type," },
};

static void check(struct arena *a, size_t i)
{
    struct buf b = BUF(4096);
    struct err e = { 0 };
    struct thing out = { .n = 0 };
    struct json *v;
    bool ok;

    assert_true(json_parse(a, span_of(cases[i].body), &v, &e));
    ok = member_read(a, v, "", table, ARRAY_LEN(table), &out, &e);
    for (const struct fault *f = e.faults; f; f = f->next)
        buf_printf(&b, "%s %s,", f->pointer, f->code);
    if (strcmp(buf_cstr(&b), cases[i].faults) != 0 || ok != (cases[i].faults[0] == '\0'))
        fail_msg("%s: %s", cases[i].why, buf_cstr(&b));
    assert_int_equal(e.kind, ok ? E_NONE : E_INPUT);
    buf_free(&b);
}

static void test_members(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&a, i);
    arena_free(&a);
}

static void test_names(void **state)
{
    struct err e = { 0 };

    (void)state;
    assert_true(member_name("x", SPAN("\xc3\xa4"), 2, &e));
    assert_false(member_name("x", SPAN("abc"), 2, &e));
    assert_int_equal(e.kind, E_PARAMETER);
    assert_false(member_name("x", SPAN("a\0"), 2, &e));
    assert_false(member_name("x", SPAN("\xff"), 2, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_members), cmocka_unit_test(test_names) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

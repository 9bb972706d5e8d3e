/*
 * Files before the database is asked: types and names that are refused, and what a Range header asks for.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/file.h"

#include <endian.h>

#include "example.h"

static const struct { const char *why, *type, *name, *body; enum err_kind kind; } uploads[] = {
    { "a file",                 "application/pdf",           "cv.pdf",     "x",  E_NONE },
    { "no name, no type",       NULL,                        NULL,         "x",  E_NONE },
    { "a type with parameters", "text/plain; charset=utf-8", "\xC3\xBC.txt", "x",  E_NONE },
    { "no bytes",               "application/pdf",           "cv.pdf",     "",   E_INPUT },
    { "no subtype",             "pdf",                       NULL,         "x",  E_MEDIA_TYPE },
    { "empty subtype",          "text/",                     NULL,         "x",  E_MEDIA_TYPE },
    { "line break in the type", "text/plain;a\r\nX: y",      NULL,         "x",  E_MEDIA_TYPE },
    { "path for a name",        "text/plain",                "../x",       "x",  E_PARAMETER },
    { "control in the name",    "text/plain",                "a\nb",       "x",  E_PARAMETER },
    { "empty name",             "text/plain",                "",           "x",  E_PARAMETER },
};

static void put(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(uploads); i++) {
        struct call c = example_call(&a, m, "resumes", NULL);
        struct err e = { 0 };

        c.capture[0] = SPAN("019a0bff-0000-7000-8000-0000000000ab");
        c.body = span_of(uploads[i].body);
        c.content_type = span_of(uploads[i].type);
        if (uploads[i].name)
            example_param(&c, "name", uploads[i].name);
        file_put_plan(&c, &c.plan, &e);
        if (e.kind != uploads[i].kind)
            fail_msg("%s: %s", uploads[i].why, e.message);
    }
    arena_free(&a);
}

#define NONE (-1)

static const struct { const char *range; int64_t from, to, last; } ranges[] = {
    { NULL,               NONE, NONE,          NONE },
    { "bytes=0-499",      0,    499,           NONE },
    { "bytes=500-",       500,  INT64_MAX - 1, NONE },
    { "bytes=-500",       NONE, NONE,          500  },
    { "bytes=7-7",        7,    7,             NONE },
    { "bytes=-0",         NONE, NONE,          0    },
    { "bytes=9-5",        NONE, NONE,          NONE },
    { "bytes=0-1,3-4",    NONE, NONE,          NONE },
    { "bytes=",           NONE, NONE,          NONE },
    { "bytes=x-y",        NONE, NONE,          NONE },
    { "bytes=--5",        NONE, NONE,          NONE },
    { "lines=0-1",        NONE, NONE,          NONE },
    { "bytes=18446744073709551616-", NONE, NONE, NONE },
};

static int64_t given(const struct stmt *s, int at)
{
    uint64_t v;

    if (!s->value[at])
        return NONE;
    memcpy(&v, s->value[at], sizeof v);
    return (int64_t)be64toh(v);
}

static void get(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        struct call c = example_call(&a, m, "resumes", NULL);
        const struct stmt *s;
        struct err e = { 0 };

        c.capture[0] = SPAN("019a0bff-0000-7000-8000-0000000000ab");
        c.range = span_of(ranges[i].range);
        assert_true(file_get_plan(&c, &c.plan, &e));
        s = &c.plan.stmts[0];
        if (given(s, 2) != ranges[i].from || given(s, 3) != ranges[i].to || given(s, 4) != ranges[i].last)
            fail_msg("%s: %lld %lld %lld", ranges[i].range, (long long)given(s, 2), (long long)given(s, 3), (long long)given(s, 4));
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put),
        cmocka_unit_test(get),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

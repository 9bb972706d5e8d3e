/*
 * Buffers: the maximum holds exactly, a refusal stays visible, files are read to their end.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static void appends(void **state)
{
    struct buf b = BUF(1000);

    (void)state;
    assert_string_equal(buf_cstr(&b), "");
    assert_true(buf_str(&b, "a"));
    assert_true(buf_char(&b, '\0'));
    assert_true(buf_add(&b, SPAN_NONE));
    assert_true(buf_printf(&b, "%d|%s", 5, "x"));
    assert_true(span_eq(buf_span(&b), SPAN("a\0005|x")));
    buf_consume(&b, 2);
    assert_string_equal(buf_cstr(&b), "5|x");
    buf_consume(&b, 0);
    buf_consume(&b, 3);
    assert_int_equal(b.n, 0);
    buf_free(&b);
    assert_int_equal(b.max, 1000);
}

static void holds_its_maximum(void **state)
{
    struct buf b = BUF(100);

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_true(buf_char(&b, 'x'));
    assert_false(b.full);
    assert_int_equal(strlen(buf_cstr(&b)), 100);        /* the terminator does not count */
    assert_false(buf_char(&b, 'y'));
    assert_int_equal(b.n, 100);
    buf_consume(&b, 50);
    assert_false(buf_char(&b, 'y'));                    /* the flag stays: a piece is missing */
    assert_false(buf_add(&b, SPAN_NONE));
    assert_false(buf_printf(&b, "%d", 1));
    buf_clear(&b);
    assert_true(buf_str(&b, "new"));
    assert_null(buf_reserve(&b, 98));
    buf_clear(&b);
    assert_non_null(buf_reserve(&b, 100));
    assert_null(buf_reserve(&b, SIZE_MAX));
    buf_free(&b);
    b = (struct buf){ 0 };
    assert_false(buf_char(&b, 'x'));
}

static void prints_longer_than_the_first_try(void **state)
{
    struct buf b = BUF(600);

    (void)state;
    for (int width = 254; width < 259; width++) {
        buf_clear(&b);
        assert_true(buf_printf(&b, "%*d", width, 1));
        assert_int_equal(b.n, width);
        assert_int_equal(b.p[width - 1], '1');
    }
    buf_clear(&b);
    assert_true(buf_printf(&b, "%600d", 1));
    buf_clear(&b);
    assert_false(buf_printf(&b, "%601d", 1));
    assert_int_equal(b.n, 0);
    buf_free(&b);
}

static void writes_numbers(void **state)
{
    static const struct { int64_t v; const char *text; } cases[] = {
        { 0, "0" }, { 9, "9" }, { 10, "10" }, { -1, "-1" },
        { INT64_MAX, "9223372036854775807" }, { INT64_MIN, "-9223372036854775808" },
    };
    struct buf b = BUF(100);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_clear(&b);
        assert_true(buf_i64(&b, cases[i].v));
        assert_string_equal(buf_cstr(&b), cases[i].text);
    }
    buf_free(&b);
}

/* A pipe that holds n bytes and then ends. */
static int pipe_of(size_t n)
{
    char text[4096] = { 0 };
    int ends[2];

    assert_return_code(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, n), n);
    close(ends[1]);
    return ends[0];
}

static void reads_to_the_end(void **state)
{
    static const struct { const char *why; size_t bytes, max; bool good; } cases[] = {
        { "nothing",            0,    10,   true  }, { "nothing fits nothing", 0,  0,  true  },
        { "exactly the maximum", 2000, 2000, true  }, { "one byte over",       2001, 2000, false },
        { "less",               100,  2000, true  }, { "one into none",       1,  0,  false },
    };
    struct err e = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf b = BUF(cases[i].max);
        int fd = pipe_of(cases[i].bytes);

        print_message("%s\n", cases[i].why);
        assert_int_equal(buf_read_fd(&b, fd, &e), cases[i].good);
        if (cases[i].good)
            assert_int_equal(b.n, cases[i].bytes);
        else
            assert_int_equal(e.kind, E_TOO_LARGE);
        close(fd);
        buf_free(&b);
    }
}

static void names_the_file_that_cannot_be_read(void **state)
{
    struct buf b = BUF(10);
    struct err e = { 0 };

    (void)state;
    assert_false(buf_read_file(&b, "/nonexistent/file", &e));
    assert_string_equal(e.message, "open /nonexistent/file: No such file or directory");
    assert_false(buf_read_file(&b, "/", &e));
    assert_string_equal(e.message, "/: read: Is a directory");
    assert_int_equal(e.kind, E_IO);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends),
        cmocka_unit_test(holds_its_maximum),
        cmocka_unit_test(prints_longer_than_the_first_try),
        cmocka_unit_test(writes_numbers),
        cmocka_unit_test(reads_to_the_end),
        cmocka_unit_test(names_the_file_that_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

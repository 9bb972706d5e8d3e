/*
 * Chunked bodies: verdicts, bytes, where the body ends, and that no split changes any of them.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

#define MANY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct { const char *why; struct span in; enum http_result want; const char *body; size_t behind; } cases[] = {
    { "empty body",                     SPAN("0\r\n\r\n"),                                HTTP_OK,   "",         0 },
    { "one chunk",                      SPAN("5\r\nhello\r\n0\r\n\r\n"),                  HTTP_OK,   "hello",    0 },
    { "two chunks",                     SPAN("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),         HTTP_OK,   "hello",    0 },
    { "what follows is not eaten",      SPAN("1\r\na\r\n0\r\n\r\nGET /"),                 HTTP_OK,   "a",        5 },
    { "hexadecimal in both cases",      SPAN("a\r\n0123456789\r\nB\r\n0123456789X\r\n0\r\n\r\n"), HTTP_OK, "01234567890123456789X", 0 },
    { "leading zeros",                  SPAN("0005\r\nhello\r\n000\r\n\r\n"),             HTTP_OK,   "hello",    0 },
    { "line ends inside the data",      SPAN("4\r\n\r\n\r\n\r\n0\r\n\r\n"),               HTTP_OK,   "\r\n\r\n", 0 },
    { "extension",                      SPAN("5;a=b;c=\"d\"\r\nhello\r\n0\r\n\r\n"),      HTTP_OK,   "hello",    0 },
    { "extension of the last chunk",    SPAN("0;a\r\n\r\n"),                              HTTP_OK,   "",         0 },
    { "trailers are dropped",           SPAN("1\r\na\r\n0\r\nX: y\r\nContent-Length: 9\r\n\r\n"), HTTP_OK, "a",  0 },
    { "empty trailer value",            SPAN("0\r\nX:\r\n\r\n"),                          HTTP_OK,   "",         0 },
    { "not finished: size",             SPAN("5"),                                        HTTP_MORE, "",         0 },
    { "not finished: data",             SPAN("5\r\nhel"),                                 HTTP_MORE, "hel",      0 },
    { "not finished: last line",        SPAN("5\r\nhello\r\n0\r\n\r"),                    HTTP_MORE, "hello",    0 },
    { "nothing",                        SPAN(""),                                         HTTP_MORE, "",         0 },
    { "no size",                        SPAN("\r\nhello\r\n0\r\n\r\n"),                   HTTP_BAD,  "",         0 },
    { "size with sign",                 SPAN("+5\r\nhello\r\n0\r\n\r\n"),                 HTTP_BAD,  "",         0 },
    { "negative size",                  SPAN("-1\r\nhello\r\n0\r\n\r\n"),                 HTTP_BAD,  "",         0 },
    { "size with 0x",                   SPAN("0x5\r\nhello\r\n0\r\n\r\n"),                HTTP_BAD,  "",         0 },
    { "size with underscore",           SPAN("1_0\r\nhello\r\n0\r\n\r\n"),                HTTP_BAD,  "",         0 },
    { "blank before the size",          SPAN(" 5\r\nhello\r\n0\r\n\r\n"),                 HTTP_BAD,  "",         0 },
    { "blank after the size",           SPAN("5 \r\nhello\r\n0\r\n\r\n"),                 HTTP_BAD,  "",         0 },
    { "size not hexadecimal",           SPAN("g\r\nhello\r\n0\r\n\r\n"),                  HTTP_BAD,  "",         0 },
    { "longest size",                   SPAN("fffffffffffffff\r\n"),                      HTTP_MORE, "",         0 },
    { "size of 2^60",                   SPAN("1000000000000000\r\n"),                     HTTP_BAD,  "",         0 },
    { "size that overflows 64 bits",    SPAN("10000000000000005\r\nhello\r\n0\r\n\r\n"),  HTTP_BAD,  "",         0 },
    { "zeros that hide an overflow",    SPAN("0000000000000000005\r\n"),                  HTTP_BAD,  "",         0 },
    { "bare LF after the size",         SPAN("5\nhello\r\n0\r\n\r\n"),                    HTTP_BAD,  "",         0 },
    { "bare CR after the size",         SPAN("5\rhello\r\n0\r\n\r\n"),                    HTTP_BAD,  "",         0 },
    { "bare LF in an extension",        SPAN("5;a\nhello\r\n0\r\n\r\n"),                  HTTP_BAD,  "",         0 },
    { "bare CR in an extension",        SPAN("5;a\rb\r\nhello\r\n0\r\n\r\n"),             HTTP_BAD,  "",         0 },
    { "NUL in an extension",            SPAN("5;a\0b\r\nhello\r\n0\r\n\r\n"),             HTTP_BAD,  "",         0 },
    { "line too long",                  SPAN("5;" MANY MANY MANY MANY "\r\nhello\r\n"),   HTTP_BAD,  "",         0 },
    { "data longer than its size",      SPAN("4\r\nhello\r\n0\r\n\r\n"),                  HTTP_BAD,  "hell",     0 },
    { "data shorter than its size",     SPAN("6\r\nhello\r\n0\r\n\r\n"),                  HTTP_BAD,  "hello\r",  0 },
    { "bare LF after the data",         SPAN("5\r\nhello\n0\r\n\r\n"),                    HTTP_BAD,  "hello",    0 },
    { "bare CR after the data",         SPAN("5\r\nhello\r0\r\n\r\n"),                    HTTP_BAD,  "hello",    0 },
    { "bare LF at the end",             SPAN("0\r\n\n"),                                  HTTP_BAD,  "",         0 },
    { "bare CR at the end",             SPAN("0\r\n\rX"),                                 HTTP_BAD,  "",         0 },
    { "trailer without colon",          SPAN("0\r\nX\r\n\r\n"),                           HTTP_BAD,  "",         0 },
    { "trailer without name",           SPAN("0\r\n: y\r\n\r\n"),                         HTTP_BAD,  "",         0 },
    { "trailer folded",                 SPAN("0\r\nX: y\r\n z\r\n\r\n"),                  HTTP_BAD,  "",         0 },
    { "blank before a trailer's colon", SPAN("0\r\nX : y\r\n\r\n"),                       HTTP_BAD,  "",         0 },
    { "NUL in a trailer",               SPAN("0\r\nX: \0\r\n\r\n"),                       HTTP_BAD,  "",         0 },
    { "bare LF in a trailer",           SPAN("0\r\nX: y\n\r\n"),                          HTTP_BAD,  "",         0 },
};

/* The whole input in pieces of at most `step` bytes; *eaten is where the body ended. */
static enum http_result run(struct span in, size_t step, struct buf *body, size_t *eaten, struct err *e)
{
    struct http_chunks c = { 0 };
    enum http_result r = HTTP_MORE;
    size_t end = 0;

    *eaten = 0;
    err_clear(e);
    while (r == HTTP_MORE && (end < in.n || *eaten < end)) {
        struct span data;
        size_t used;

        if (*eaten == end)
            end = in.n - end < step ? in.n : end + step;
        r = http_parse_chunks(&c, (struct span){ in.p + *eaten, end - *eaten }, &data, &used, e);
        if (r != HTTP_BAD)
            buf_add(body, data);
        *eaten += used;
    }
    return r;
}

static void test_cases_in_every_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t step = 1; step <= cases[i].in.n + 1; step++) {
            struct buf body = BUF(4096);
            struct err e;
            size_t eaten;
            enum http_result r = run(cases[i].in, step, &body, &eaten, &e);

            if (r != cases[i].want || strcmp(buf_cstr(&body), cases[i].body) != 0)
                fail_msg("%s, in steps of %zu: result %d with \"%s\"", cases[i].why, step, r, buf_cstr(&body));
            if (r == HTTP_OK)
                assert_int_equal(eaten, cases[i].in.n - cases[i].behind);
            if (r == HTTP_BAD)
                assert_int_equal(e.kind, E_MALFORMED);
            buf_free(&body);
        }
    }
}

static void test_long_trailers(void **state)
{
    struct buf in = BUF(1 << 20), body = BUF(16);
    struct err e;
    size_t eaten;

    (void)state;
    buf_str(&in, "0\r\n");
    for (int i = 0; i < 3000; i++)
        buf_str(&in, "X: y\r\n");
    buf_str(&in, "\r\n");
    assert_int_equal(run(buf_span(&in), 1000, &body, &eaten, &e), HTTP_BAD);
    assert_int_equal(e.kind, E_HEADERS);
    buf_free(&in);
}

/* Extensions that outweigh their data a hundredfold are an attack; the same on honest chunks are not. */
static void test_overhead(void **state)
{
    static const struct { const char *why; const char *chunk; enum http_result want; } tries[] = {
        { "long extensions on single bytes", "1;" MANY MANY MANY "\r\na\r\n", HTTP_BAD  },
        { "single bytes as such",            "1\r\na\r\n",                    HTTP_MORE },
        { "extensions in proportion",        "40;" MANY "\r\n" MANY "\r\n",   HTTP_MORE },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        struct buf in = BUF(1 << 20), body = BUF(1 << 20);
        struct err e;
        size_t eaten;

        for (int k = 0; k < 1000; k++)
            buf_str(&in, tries[i].chunk);
        if (run(buf_span(&in), 4096, &body, &eaten, &e) != tries[i].want)
            fail_msg("%s", tries[i].why);
        buf_free(&in);
        buf_free(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_in_every_step),
        cmocka_unit_test(test_long_trailers),
        cmocka_unit_test(test_overhead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Heads: what is accepted, what is refused and as what; and that no split of the bytes changes the verdict.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define H "Host: x\r\n"

static const struct { const char *why; struct span in; } accepted[] = {
    { "the least HTTP/1.1",               SPAN("GET / HTTP/1.1\r\n" H "\r\n") },
    { "the least HTTP/1.0",               SPAN("GET / HTTP/1.0\r\n\r\n") },
    { "query and percent escapes",        SPAN("GET /a%20b/c?x=1&y=%7B HTTP/1.1\r\n" H "\r\n") },
    { "braces as browsers send them",     SPAN("GET /a?m=cs.{\"a\":[1|2]} HTTP/1.1\r\n" H "\r\n") },
    { "every path character",             SPAN("GET /-._~!$&'()*+,;=:@%41 HTTP/1.1\r\n" H "\r\n") },
    { "an empty query",                   SPAN("GET /? HTTP/1.1\r\n" H "\r\n") },
    { "OPTIONS of everything",            SPAN("OPTIONS * HTTP/1.1\r\n" H "\r\n") },
    { "unknown method",                   SPAN("BREW /pot HTTP/1.1\r\n" H "\r\n") },
    { "methods are case-sensitive",       SPAN("get / HTTP/1.1\r\n" H "\r\n") },
    { "no blank after the colon",         SPAN("GET / HTTP/1.1\r\nHost:x\r\n\r\n") },
    { "blanks around a value",            SPAN("GET / HTTP/1.1\r\nHost: \t x \t\r\n\r\n") },
    { "empty value",                      SPAN("GET / HTTP/1.1\r\n" H "X-Empty:\r\n\r\n") },
    { "bytes above ASCII in a value",     SPAN("GET / HTTP/1.1\r\n" H "X: \xc3\xa4\xff\r\n\r\n") },
    { "colons in a value",                SPAN("GET / HTTP/1.1\r\n" H "X: a:b::c\r\n\r\n") },
    { "names in any case",                SPAN("POST / HTTP/1.1\r\nhOsT: x\r\ncontent-LENGTH: 5\r\n\r\n") },
    { "odd but legal name",               SPAN("GET / HTTP/1.1\r\n" H "!#$%&'*+-.^_`|~09az: 1\r\n\r\n") },
    { "host with port",                   SPAN("GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n") },
    { "IPv6 host",                        SPAN("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n") },
    { "host with an underscore",          SPAN("GET / HTTP/1.1\r\nHost: my_service\r\n\r\n") },
    { "length zero",                      SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n") },
    { "length with 18 digits",            SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 999999999999999999\r\n\r\n") },
    { "chunked",                          SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n") },
    { "expectation",                      SPAN("POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n") },
    { "h2c upgrade is ignored",           SPAN("GET / HTTP/1.1\r\n" H "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                                               "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n") },
    { "one empty line before",            SPAN("\r\nGET / HTTP/1.1\r\n" H "\r\n") },
};

static const struct { const char *why; struct span in; enum err_kind kind; } refused[] = {
    /* lines */
    { "bare LF after the request line",   SPAN("GET / HTTP/1.1\n" H "\r\n"),                        E_MALFORMED },
    { "bare LF after a field",            SPAN("GET / HTTP/1.1\r\nHost: x\n\r\n"),                   E_MALFORMED },
    { "bare LF at the end",               SPAN("GET / HTTP/1.1\r\n" H "\n"),                         E_MALFORMED },
    { "only bare LF",                     SPAN("GET / HTTP/1.1\nHost: x\n\n"),                       E_MALFORMED },
    { "bare CR in a value",               SPAN("GET / HTTP/1.1\r\n" H "X: a\rb\r\n\r\n"),            E_MALFORMED },
    { "CR CR LF",                         SPAN("GET / HTTP/1.1\r\n" H "X: a\r\r\n\r\n"),             E_MALFORMED },
    { "bare CR at the end",               SPAN("GET / HTTP/1.1\r\n" H "\rX"),                        E_MALFORMED },
    { "two empty lines before",           SPAN("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"),               E_MALFORMED },
    { "LF before",                        SPAN("\nGET / HTTP/1.1\r\n" H "\r\n"),                     E_MALFORMED },
    /* request line */
    { "blank before the method",          SPAN(" GET / HTTP/1.1\r\n" H "\r\n"),                      E_MALFORMED },
    { "no method",                        SPAN("/ HTTP/1.1\r\n" H "\r\n"),                           E_MALFORMED },
    { "method with a colon",              SPAN("G:T / HTTP/1.1\r\n" H "\r\n"),                       E_MALFORMED },
    { "TLS",                              SPAN("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),      E_MALFORMED },
    { "tab after the method",             SPAN("GET\t/ HTTP/1.1\r\n" H "\r\n"),                      E_MALFORMED },
    { "two blanks after the method",      SPAN("GET  / HTTP/1.1\r\n" H "\r\n"),                      E_MALFORMED },
    { "two blanks after the target",      SPAN("GET /  HTTP/1.1\r\n" H "\r\n"),                      E_MALFORMED },
    { "blank in the target",              SPAN("GET /a b HTTP/1.1\r\n" H "\r\n"),                    E_MALFORMED },
    { "NUL in the target",                SPAN("GET /\0 HTTP/1.1\r\n" H "\r\n"),                     E_MALFORMED },
    { "tab in the target",                SPAN("GET /\t HTTP/1.1\r\n" H "\r\n"),                     E_MALFORMED },
    { "DEL in the target",                SPAN("GET /\x7f HTTP/1.1\r\n" H "\r\n"),                   E_MALFORMED },
    { "raw UTF-8 in the target",          SPAN("GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n"),               E_MALFORMED },
    { "fragment",                         SPAN("GET /a#b HTTP/1.1\r\n" H "\r\n"),                    E_MALFORMED },
    { "fragment in the query",            SPAN("GET /a?b#c HTTP/1.1\r\n" H "\r\n"),                  E_MALFORMED },
    { "backslash in the path",            SPAN("GET /a\\b HTTP/1.1\r\n" H "\r\n"),                   E_MALFORMED },
    { "absolute form",                    SPAN("GET http://x/ HTTP/1.1\r\n" H "\r\n"),               E_MALFORMED },
    { "authority form",                   SPAN("GET x:80 HTTP/1.1\r\n" H "\r\n"),                    E_MALFORMED },
    { "relative path",                    SPAN("GET a HTTP/1.1\r\n" H "\r\n"),                       E_MALFORMED },
    { "asterisk of another method",       SPAN("GET * HTTP/1.1\r\n" H "\r\n"),                       E_MALFORMED },
    { "asterisk and more",                SPAN("OPTIONS */ HTTP/1.1\r\n" H "\r\n"),                  E_MALFORMED },
    { "CONNECT",                          SPAN("CONNECT x:443 HTTP/1.1\r\n" H "\r\n"),               E_NOT_IMPLEMENTED },
    { "method too long for any",          SPAN("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n" H "\r\n"), E_NOT_IMPLEMENTED },
    { "HTTP/0.9",                         SPAN("GET /\r\n"),                                         E_MALFORMED },
    { "no version",                       SPAN("GET / \r\n" H "\r\n"),                               E_MALFORMED },
    { "lower case version",               SPAN("GET / http/1.1\r\n" H "\r\n"),                       E_MALFORMED },
    { "another protocol",                 SPAN("GET / ICY/1.1\r\n" H "\r\n"),                        E_MALFORMED },
    { "HTTP/2.0",                         SPAN("GET / HTTP/2.0\r\n" H "\r\n"),                       E_HTTP_VERSION },
    { "HTTP/1.2",                         SPAN("GET / HTTP/1.2\r\n" H "\r\n"),                       E_HTTP_VERSION },
    { "HTTP/0.9 spelled out",             SPAN("GET / HTTP/0.9\r\n" H "\r\n"),                       E_HTTP_VERSION },
    { "HTTP/1.10",                        SPAN("GET / HTTP/1.10\r\n" H "\r\n"),                      E_MALFORMED },
    { "HTTP/1.",                          SPAN("GET / HTTP/1.\r\n" H "\r\n"),                        E_MALFORMED },
    { "HTTP/11",                          SPAN("GET / HTTP/11\r\n" H "\r\n"),                        E_MALFORMED },
    { "blank after the version",          SPAN("GET / HTTP/1.1 \r\n" H "\r\n"),                      E_MALFORMED },
    /* fields */
    { "folded field",                     SPAN("GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n"),         E_MALFORMED },
    { "folded with a tab",                SPAN("GET / HTTP/1.1\r\n" H "X: a\r\n\tb\r\n\r\n"),        E_MALFORMED },
    { "first field starts with a blank",  SPAN("GET / HTTP/1.1\r\n Host: x\r\n\r\n"),                E_MALFORMED },
    { "blank before the colon",           SPAN("GET / HTTP/1.1\r\nHost : x\r\n\r\n"),                E_MALFORMED },
    { "tab before the colon",             SPAN("GET / HTTP/1.1\r\n" H "X\t: y\r\n\r\n"),             E_MALFORMED },
    { "blank in a name",                  SPAN("GET / HTTP/1.1\r\n" H "X Y: y\r\n\r\n"),             E_MALFORMED },
    { "no colon",                         SPAN("GET / HTTP/1.1\r\n" H "X\r\n\r\n"),                  E_MALFORMED },
    { "no name",                          SPAN("GET / HTTP/1.1\r\n" H ": y\r\n\r\n"),                E_MALFORMED },
    { "NUL in a name",                    SPAN("GET / HTTP/1.1\r\n" H "X\0Y: y\r\n\r\n"),            E_MALFORMED },
    { "NUL in a value",                   SPAN("GET / HTTP/1.1\r\n" H "X: a\0b\r\n\r\n"),            E_MALFORMED },
    { "escape in a value",                SPAN("GET / HTTP/1.1\r\n" H "X: a\x1b[31m\r\n\r\n"),       E_MALFORMED },
    { "DEL in a value",                   SPAN("GET / HTTP/1.1\r\n" H "X: a\x7f\r\n\r\n"),           E_MALFORMED },
    { "UTF-8 in a name",                  SPAN("GET / HTTP/1.1\r\n" H "X\xc3\xa4: y\r\n\r\n"),       E_MALFORMED },
    { "name in brackets",                 SPAN("GET / HTTP/1.1\r\n" H "[X]: y\r\n\r\n"),             E_MALFORMED },
    /* Host */
    { "no Host",                          SPAN("GET / HTTP/1.1\r\n\r\n"),                            E_MALFORMED },
    { "two Host",                         SPAN("GET / HTTP/1.1\r\n" H H "\r\n"),                     E_MALFORMED },
    { "two different Host",               SPAN("GET / HTTP/1.1\r\n" H "host: y\r\n\r\n"),            E_MALFORMED },
    { "two Host in HTTP/1.0",             SPAN("GET / HTTP/1.0\r\n" H H "\r\n"),                     E_MALFORMED },
    { "empty Host",                       SPAN("GET / HTTP/1.1\r\nHost:\r\n\r\n"),                   E_MALFORMED },
    { "only a port",                      SPAN("GET / HTTP/1.1\r\nHost: :80\r\n\r\n"),               E_MALFORMED },
    { "list in Host",                     SPAN("GET / HTTP/1.1\r\nHost: x, y\r\n\r\n"),              E_MALFORMED },
    { "user in Host",                     SPAN("GET / HTTP/1.1\r\nHost: u@x\r\n\r\n"),               E_MALFORMED },
    { "path in Host",                     SPAN("GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"),               E_MALFORMED },
    { "port that is none",                SPAN("GET / HTTP/1.1\r\nHost: x:http\r\n\r\n"),            E_MALFORMED },
    { "two ports",                        SPAN("GET / HTTP/1.1\r\nHost: x:1:2\r\n\r\n"),             E_MALFORMED },
    { "unclosed bracket in Host",         SPAN("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),              E_MALFORMED },
    { "text behind a bracket in Host",    SPAN("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"),            E_MALFORMED },
    /* Content-Length */
    { "length with sign",                 SPAN("POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n"),          E_MALFORMED },
    { "negative length",                  SPAN("POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\n"),          E_MALFORMED },
    { "hexadecimal length",               SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n"),         E_MALFORMED },
    { "length with a leading zero",       SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 05\r\n\r\n"),          E_MALFORMED },
    { "length with a blank behind",       SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 5 \r\n\r\n"),          E_MALFORMED },
    { "length with a blank inside",       SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 5 0\r\n\r\n"),         E_MALFORMED },
    { "fractional length",                SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 5.0\r\n\r\n"),         E_MALFORMED },
    { "exponent",                         SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 1e1\r\n\r\n"),         E_MALFORMED },
    { "empty length",                     SPAN("POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"),             E_MALFORMED },
    { "length list, equal",               SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n"),        E_MALFORMED },
    { "length list, different",           SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 5,6\r\n\r\n"),         E_MALFORMED },
    { "length twice, equal",              SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), E_MALFORMED },
    { "length twice, different",          SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\ncontent-length: 6\r\n\r\n"), E_MALFORMED },
    { "length of 2^63",                   SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 9223372036854775808\r\n\r\n"), E_MALFORMED },
    { "length of 2^64 + 5",               SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551621\r\n\r\n"), E_MALFORMED },
    { "Unicode digits",                   SPAN("POST / HTTP/1.1\r\n" H "Content-Length: \xef\xbc\x95\r\n\r\n"), E_MALFORMED },
    /* Transfer-Encoding */
    { "length and chunked",               SPAN("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), E_MALFORMED },
    { "chunked and length",               SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), E_MALFORMED },
    { "chunked and length zero",          SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"), E_MALFORMED },
    { "upper case coding",                SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n"),          E_MALFORMED },
    { "coding with a blank behind",       SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked \r\n\r\n"),         E_MALFORMED },
    { "coding with a tab behind",         SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\t\r\n\r\n"),        E_MALFORMED },
    { "coding in quotes",                 SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: \"chunked\"\r\n\r\n"),      E_MALFORMED },
    { "coding with x in front",           SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n"),         E_MALFORMED },
    { "coding with VT in front",          SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: \vchunked\r\n\r\n"),        E_MALFORMED },
    { "coding with a parameter",          SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked;q=1\r\n\r\n"),      E_MALFORMED },
    { "chunked twice in a list",          SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n"), E_MALFORMED },
    { "chunked, identity",                SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n"), E_MALFORMED },
    { "gzip, chunked",                    SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n"),    E_MALFORMED },
    { "identity",                         SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n"),         E_MALFORMED },
    { "empty coding",                     SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n"),                  E_MALFORMED },
    { "two fields",                       SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), E_MALFORMED },
    { "two fields, one unknown",          SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n"), E_MALFORMED },
    { "chunked in HTTP/1.0",              SPAN("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"),          E_MALFORMED },
    { "blank before its colon",           SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n"),         E_MALFORMED },
    { "folded coding",                    SPAN("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n chunked\r\n\r\n"),      E_MALFORMED },
    /* Expect */
    { "another expectation",              SPAN("POST / HTTP/1.1\r\n" H "Expect: 200-ok\r\n\r\n"),                      E_EXPECT },
    { "a list of expectations",           SPAN("POST / HTTP/1.1\r\n" H "Expect: 100-continue, x\r\n\r\n"),             E_EXPECT },
};

static const char *const result_names[] = { "HTTP_OK", "HTTP_MORE", "HTTP_BAD" };

/* From memory of exactly that size, so that a sanitizer sees one byte too far. */
static enum http_result parse(struct span in, struct http_head *h, size_t *used, struct err *e)
{
    char *copy = malloc(in.n + 1);
    enum http_result r;

    if (in.n)
        memcpy(copy + 1, in.p, in.n);
    err_clear(e);
    r = http_parse_head((struct span){ copy + 1, in.n }, h, used, e);
    free(copy);
    return r;
}

static void expect_result(const char *why, size_t n, enum http_result got, enum http_result want)
{
    if (got != want)
        fail_msg("%s, first %zu bytes: %s, not %s", why, n, result_names[got], result_names[want]);
}

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
        struct http_head h;
        struct err e;
        size_t used;

        expect_result(accepted[i].why, accepted[i].in.n, parse(accepted[i].in, &h, &used, &e), HTTP_OK);
        assert_int_equal(used, accepted[i].in.n);
    }
}

static void test_prefix_of_valid_is_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
        for (size_t n = 0; n < accepted[i].in.n; n++) {
            struct http_head h;
            struct err e;
            size_t used;

            expect_result(accepted[i].why, n, parse((struct span){ accepted[i].in.p, n }, &h, &used, &e), HTTP_MORE);
        }
    }
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct http_head h;
        struct err e;
        size_t used;

        expect_result(refused[i].why, refused[i].in.n, parse(refused[i].in, &h, &used, &e), HTTP_BAD);
        if (e.kind != refused[i].kind)
            fail_msg("%s: %s, not %s", refused[i].why, err_info(e.kind)->name, err_info(refused[i].kind)->name);
        assert_true(e.message[0] != '\0');
    }
}

/* Bytes that come one at a time: first HTTP_MORE, then once the very same verdict as for the whole. */
static void test_no_split_changes_the_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct err whole, part;
        struct http_head h;
        size_t used, n = 0;

        parse(refused[i].in, &h, &used, &whole);
        while (parse((struct span){ refused[i].in.p, n }, &h, &used, &part) == HTTP_MORE)
            n++;
        for (; n <= refused[i].in.n; n++) {
            expect_result(refused[i].why, n, parse((struct span){ refused[i].in.p, n }, &h, &used, &part), HTTP_BAD);
            assert_int_equal(part.kind, whole.kind);
            assert_string_equal(part.message, whole.message);
        }
    }
}

/* No single byte inserted or changed may make a well-framed request mean another length without being refused. */
static void test_framing_survives_mutation(void **state)
{
    static const struct span with_length = SPAN("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
    size_t at = sizeof("POST / HTTP/1.1\r\nHost: x\r\n") - 1, end = with_length.n - 4;
    char text[128];

    (void)state;
    for (size_t i = at; i <= end; i++) {
        for (int c = 0; c < 256; c++) {
            struct http_head h;
            struct err e;
            size_t used;

            memcpy(text, with_length.p, i);
            text[i] = (char)c;
            memcpy(text + i + 1, with_length.p + i, with_length.n - i);
            if (parse((struct span){ text, with_length.n + 1 }, &h, &used, &e) != HTTP_OK || !h.has_length)
                continue;       /* refused, or another field altogether */
            assert_true(h.length == 5 || (c >= '1' && c <= '9') || (c == '0' && h.length == 50));
            assert_false(h.chunked);
        }
    }
}

static void test_spans_and_flags(void **state)
{
    static const struct span in = SPAN("POST /v1/a%20b?x=1&y HTTP/1.1\r\nHost: h:80\r\nX-A:  one \r\nx-a: two\r\n"
                                       "Content-Length: 12\r\nExpect: 100-continue\r\n\r\nbody");
    struct http_head h;
    struct err e;
    size_t used, count;

    (void)state;
    assert_int_equal(http_parse_head(in, &h, &used, &e), HTTP_OK);
    assert_int_equal(used, in.n - 4);
    assert_int_equal(h.method, HTTP_POST);
    assert_true(span_is(h.method_text, "POST"));
    assert_true(span_is(h.target, "/v1/a%20b?x=1&y"));
    assert_true(span_is(h.path, "/v1/a%20b"));
    assert_true(span_is(h.query, "x=1&y"));
    assert_int_equal(h.minor, 1);
    assert_int_equal(h.nfields, 5);
    assert_true(h.has_length && h.length == 12 && !h.chunked && h.keep_alive && h.expect_continue);
    assert_true(span_is(http_field(&h, "x-A", &count), "one"));
    assert_int_equal(count, 2);
    assert_null(http_field(&h, "absent", &count).p);
    assert_int_equal(count, 0);
    assert_true(span_is(http_field(&h, "HOST", NULL), "h:80"));
}

static void test_method_names(void **state)
{
    static const struct { struct span in; enum http_method want; } cases[] = {
        { SPAN("GET / HTTP/1.0\r\n\r\n"), HTTP_GET },         { SPAN("HEAD / HTTP/1.0\r\n\r\n"), HTTP_HEAD },
        { SPAN("POST / HTTP/1.0\r\n\r\n"), HTTP_POST },       { SPAN("PUT / HTTP/1.0\r\n\r\n"), HTTP_PUT },
        { SPAN("PATCH / HTTP/1.0\r\n\r\n"), HTTP_PATCH },     { SPAN("DELETE / HTTP/1.0\r\n\r\n"), HTTP_DELETE },
        { SPAN("OPTIONS / HTTP/1.0\r\n\r\n"), HTTP_OPTIONS }, { SPAN("TRACE / HTTP/1.0\r\n\r\n"), HTTP_TRACE },
        { SPAN("Get / HTTP/1.0\r\n\r\n"), 0 },                { SPAN("GETT / HTTP/1.0\r\n\r\n"), 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_head h;
        struct err e;
        size_t used;

        assert_int_equal(http_parse_head(cases[i].in, &h, &used, &e), HTTP_OK);
        assert_int_equal(h.method, cases[i].want);
    }
}

static void test_keep_alive(void **state)
{
    static const struct { const char *why; struct span in; bool want; } cases[] = {
        { "1.1 by default",         SPAN("GET / HTTP/1.1\r\n" H "\r\n"),                                     true  },
        { "1.1 asked to close",     SPAN("GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n"),                false },
        { "in a list, any case",    SPAN("GET / HTTP/1.1\r\n" H "Connection: x , CLOSE\r\n\r\n"),            false },
        { "in a second field",      SPAN("GET / HTTP/1.1\r\n" H "Connection: x\r\nConnection: close\r\n\r\n"), false },
        { "close wins",             SPAN("GET / HTTP/1.1\r\n" H "Connection: keep-alive, close\r\n\r\n"),    false },
        { "not part of a word",     SPAN("GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n"),               true  },
        { "1.0 by default",         SPAN("GET / HTTP/1.0\r\n\r\n"),                                          false },
        { "1.0 asked to keep it",   SPAN("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"),                true  },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_head h;
        struct err e;
        size_t used;

        assert_int_equal(http_parse_head(cases[i].in, &h, &used, &e), HTTP_OK);
        if (h.keep_alive != cases[i].want)
            fail_msg("%s", cases[i].why);
    }
}

static void test_expect_is_ignored_in_1_0(void **state)
{
    struct http_head h;
    struct err e;
    size_t used;

    (void)state;
    assert_int_equal(http_parse_head(SPAN("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"), &h, &used, &e), HTTP_OK);
    assert_false(h.expect_continue);
}

/* A request whose target, number of fields or head has exactly the given size. */
static struct span made(char *out, size_t target, size_t fields, size_t total)
{
    size_t n = (size_t)sprintf(out, "GET /%0*d HTTP/1.1\r\n", (int)target - 1, 0);

    n += (size_t)sprintf(out + n, "Host: x\r\n");
    for (size_t i = 1; i < fields; i++)
        n += (size_t)sprintf(out + n, "A: %zu\r\n", i);
    if (total > n)
        n += (size_t)sprintf(out + n, "B: %0*d\r\n", (int)(total - n - 7), 0);
    n += (size_t)sprintf(out + n, "\r\n");
    return (struct span){ out, n };
}

static void test_limits(void **state)
{
    static const struct { const char *why; size_t target, fields, total; enum err_kind kind; } cases[] = {
        { "longest URL",      HTTP_TARGET_MAX,     1,                   0,                 E_NONE    },
        { "URL one too long", HTTP_TARGET_MAX + 1, 1,                   0,                 E_URI     },
        { "URL far too long", 15000,               1,                   0,                 E_URI     },
        { "most fields",      2,                   HTTP_FIELDS_MAX,     0,                 E_NONE    },
        { "one field more",   2,                   HTTP_FIELDS_MAX + 1, 0,                 E_HEADERS },
        { "longest head",     2,                   1,                   HTTP_HEAD_MAX,     E_NONE    },
        { "one byte more",    2,                   1,                   HTTP_HEAD_MAX + 1, E_HEADERS },
        { "far too long",     2,                   1,                   30000,             E_HEADERS },
    };
    char *text = malloc(64000);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct span in = made(text, cases[i].target, cases[i].fields, cases[i].total);
        struct http_head h;
        struct err e;
        size_t used;

        if (cases[i].total)
            assert_int_equal(in.n, cases[i].total);
        expect_result(cases[i].why, in.n, parse(in, &h, &used, &e), cases[i].kind ? HTTP_BAD : HTTP_OK);
        assert_int_equal(e.kind, cases[i].kind);
    }
    memset(text, 'a', 40000);
    memcpy(text, "GET / HTTP/1.1\r\nX: ", 19);
    for (size_t n = HTTP_HEAD_MAX - 1; n <= HTTP_HEAD_MAX + 1; n++) {
        struct http_head h;
        struct err e;
        size_t used;

        expect_result("a line without end", n, parse((struct span){ text, n }, &h, &used, &e), n < HTTP_HEAD_MAX ? HTTP_MORE : HTTP_BAD);
    }
    free(text);
}

/* What was read of a bad request is there for the answer: where it went, who asked. */
static void test_partial_head_of_bad(void **state)
{
    struct http_head h;
    struct err e;
    size_t used;

    (void)state;
    assert_int_equal(http_parse_head(SPAN("GET /a?b HTTP/1.1\r\n" H "Request-Id: r1\r\nbad\r\n\r\n"), &h, &used, &e), HTTP_BAD);
    assert_true(span_is(h.path, "/a"));
    assert_true(span_is(http_field(&h, "request-id", NULL), "r1"));
    assert_int_equal(http_parse_head(SPAN("GET a HTTP/1.1\r\n" H "\r\n"), &h, &used, &e), HTTP_BAD);
    assert_null(h.path.p);
    assert_int_equal(h.nfields, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_prefix_of_valid_is_more),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_split_changes_the_verdict),
        cmocka_unit_test(test_framing_survives_mutation),
        cmocka_unit_test(test_spans_and_flags),
        cmocka_unit_test(test_method_names),
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_expect_is_ignored_in_1_0),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_partial_head_of_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

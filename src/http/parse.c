/*
 * The head of a request: one pass from left to right, no I/O, no memory.
 *
 * Every check depends only on the bytes up to the place it looks at, so a request that arrives in pieces gets the
 * same verdict as one that arrives whole, and a prefix of a valid head is always HTTP_MORE.  Chunked bodies are in
 * parse_chunks.c, paths and queries in parse_target.c.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/parse.h"

#define METHOD_MAX 32

enum {                              /* what a byte may be part of */
    TOKEN = 1,                      /* method, field name: RFC 9110, 5.6.2 */
    PATH  = 2,                      /* pchar, '/' and '%': RFC 3986, 3.3 */
    QUERY = 4,                      /* any visible ASCII but '#': browsers send {}|[]^` as they are */
    VALUE = 8,                      /* visible, blank, tab, and bytes above ASCII (obs-text) */
    HOST  = 16,                     /* a name or an IPv4 address */
    HEX   = 32,
    DIGIT = 64,
};

#define ALNUM   (TOKEN | PATH | QUERY | VALUE | HOST)
#define T       (TOKEN | QUERY | VALUE)
#define TP      (TOKEN | PATH | QUERY | VALUE)
#define P       (PATH | QUERY | VALUE)
#define Q       (QUERY | VALUE)

static const uint8_t classes[256] = {
    ['0' ... '9'] = ALNUM | HEX | DIGIT,
    ['A' ... 'F'] = ALNUM | HEX, ['G' ... 'Z'] = ALNUM,
    ['a' ... 'f'] = ALNUM | HEX, ['g' ... 'z'] = ALNUM,
    ['-'] = ALNUM, ['.'] = ALNUM, ['_'] = ALNUM,
    ['~'] = TP, ['!'] = TP, ['$'] = TP, ['%'] = TP, ['&'] = TP, ['\''] = TP, ['*'] = TP, ['+'] = TP,
    ['('] = P, [')'] = P, [','] = P, [';'] = P, ['='] = P, [':'] = P, ['@'] = P, ['/'] = P,
    ['^'] = T, ['`'] = T, ['|'] = T,
    ['"'] = Q, ['<'] = Q, ['>'] = Q, ['?'] = Q, ['['] = Q, ['\\'] = Q, [']'] = Q, ['{'] = Q, ['}'] = Q,
    ['#'] = TOKEN | VALUE, [' '] = VALUE, ['\t'] = VALUE,
    [0x80 ... 0xff] = VALUE,
};

#undef T
#undef TP
#undef P
#undef Q

struct cursor {
    const char *p, *end;
};

/* What the framing rules need to remember across fields. */
struct seen {
    bool host, length, encoding, close, keep_alive;
};

static bool is(char c, unsigned class)
{
    return (classes[(uint8_t)c] & class) != 0;
}

/* How many bytes from here are of that class. */
static size_t run(const struct cursor *c, unsigned class)
{
    const char *p = c->p;

    while (p < c->end && is(*p, class))
        p++;
    return (size_t)(p - c->p);
}

static bool all(struct span s, unsigned class)
{
    return run(&(struct cursor){ s.p, s.p + s.n }, class) == s.n;
}

static enum http_result bad(struct err *e, enum err_kind kind, const char *message)
{
    fail(e, kind, "%s", message);
    return HTTP_BAD;
}

/* Exactly this text, or what has come of it so far. */
static enum http_result expect(struct cursor *c, const char *text, const char *otherwise, struct err *e)
{
    for (; *text; text++, c->p++) {
        if (c->p == c->end)
            return HTTP_MORE;
        if (*c->p != *text)
            return bad(e, E_MALFORMED, otherwise);
    }
    return HTTP_OK;
}

static const struct {
    struct span      name;
    enum http_method method;
} methods[] = {
    { SPAN("GET"),     HTTP_GET     },
    { SPAN("POST"),    HTTP_POST    },
    { SPAN("PATCH"),   HTTP_PATCH   },
    { SPAN("PUT"),     HTTP_PUT     },
    { SPAN("DELETE"),  HTTP_DELETE  },
    { SPAN("HEAD"),    HTTP_HEAD    },
    { SPAN("OPTIONS"), HTTP_OPTIONS },
    { SPAN("TRACE"),   HTTP_TRACE   },
};

static enum http_method method_find(struct span name)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (span_eq(methods[i].name, name))
            return methods[i].method;
    return 0;
}

static enum http_result take_method(struct cursor *c, struct http_head *h, struct err *e)
{
    size_t n = run(c, TOKEN);

    if (n > METHOD_MAX)
        return bad(e, E_NOT_IMPLEMENTED, "the method is longer than any this server knows");
    if (c->p + n == c->end)
        return HTTP_MORE;
    if (n == 0 || c->p[n] != ' ')
        return bad(e, E_MALFORMED, "a request starts with a method and one blank");
    h->method_text = (struct span){ c->p, n };
    h->method = method_find(h->method_text);
    if (span_is(h->method_text, "CONNECT"))     /* its target has a form of its own */
        return bad(e, E_NOT_IMPLEMENTED, "CONNECT is not supported, this is not a proxy");
    c->p += n + 1;
    return HTTP_OK;
}

/* Origin form.  Spans are set only when the whole target has been seen. */
static enum http_result take_path(struct cursor *c, struct http_head *h, struct err *e)
{
    struct cursor at = *c;
    struct span path = { c->p, run(c, PATH) }, query = SPAN_NONE;

    at.p += path.n;
    if (at.p < at.end && *at.p == '?') {
        at.p++;
        query = (struct span){ at.p, run(&at, QUERY) };
        at.p += query.n;
    }
    if (at.p - c->p > HTTP_TARGET_MAX)
        return bad(e, E_URI, "the URL is longer than 8192 bytes");
    if (at.p == at.end)
        return HTTP_MORE;
    if (*at.p != ' ')
        return bad(e, E_MALFORMED, "the target contains a byte that must be percent-encoded");
    h->target = (struct span){ c->p, (size_t)(at.p - c->p) };
    h->path = path;
    h->query = query;
    c->p = at.p + 1;
    return HTTP_OK;
}

static enum http_result take_target(struct cursor *c, struct http_head *h, struct err *e)
{
    enum http_result r;

    if (c->p == c->end)
        return HTTP_MORE;
    if (*c->p == '/')
        return take_path(c, h, e);
    if (*c->p != '*' || h->method != HTTP_OPTIONS)
        return bad(e, E_MALFORMED, "the target must be a path that starts with '/'");
    h->target = h->path = (struct span){ c->p, 1 };
    r = expect(c, "* ", "the target '*' stands alone", e);
    if (r != HTTP_OK)
        h->target = h->path = SPAN_NONE;
    return r;
}

static enum http_result take_digit(struct cursor *c, int *out, struct err *e)
{
    if (c->p == c->end)
        return HTTP_MORE;
    if (!is(*c->p, DIGIT))
        return bad(e, E_MALFORMED, "the version must be HTTP/1.1 or HTTP/1.0");
    *out = *c->p++ - '0';
    return HTTP_OK;
}

static enum http_result take_version(struct cursor *c, struct http_head *h, struct err *e)
{
    static const char form[] = "the version must be HTTP/1.1 or HTTP/1.0";
    int major = 0;
    enum http_result r = expect(c, "HTTP/", form, e);

    if (r == HTTP_OK)
        r = take_digit(c, &major, e);
    if (r == HTTP_OK)
        r = expect(c, ".", form, e);
    if (r == HTTP_OK)
        r = take_digit(c, &h->minor, e);
    if (r == HTTP_OK)
        r = expect(c, "\r\n", "the request line must end in CRLF right after the version", e);
    if (r == HTTP_OK && (major != 1 || h->minor > 1)) {
        fail(e, E_HTTP_VERSION, "HTTP/%d.%d is not served, only HTTP/1.1 and HTTP/1.0", major, h->minor);
        return HTTP_BAD;
    }
    return r;
}

/* "name", "name:8080", "[::1]:8080".  An authority is never empty, and user information has no place here. */
static bool host_valid(struct span v)
{
    struct cursor c = { v.p, v.p + v.n };
    const char *start = c.p;

    if (c.p < c.end && *c.p == '[') {
        do
            c.p++;
        while (c.p < c.end && (is(*c.p, HEX) || *c.p == ':' || *c.p == '.'));
        if (c.p == c.end || *c.p++ != ']')
            return false;
    } else {
        c.p += run(&c, HOST);
    }
    if (c.p == start)
        return false;
    if (c.p == c.end)
        return true;
    return *c.p++ == ':' && c.end - c.p <= 5 && run(&c, DIGIT) == (size_t)(c.end - c.p);
}

static bool on_host(struct http_head *h, struct seen *s, struct span v, struct err *e)
{
    (void)h;
    if (s->host)
        return fail(e, E_MALFORMED, "there are two Host fields");
    s->host = true;
    return host_valid(span_trim(v)) || fail(e, E_MALFORMED, "Host is not a host name with an optional port");
}

/* Digits and nothing else, not even the blank a field value may end in; "05" is octal to some. */
static bool on_length(struct http_head *h, struct seen *s, struct span v, struct err *e)
{
    if (s->length)
        return fail(e, E_MALFORMED, "there are two Content-Length fields");
    s->length = h->has_length = true;
    if (!all(v, DIGIT) || v.n == 0 || (v.n > 1 && v.p[0] == '0'))
        return fail(e, E_MALFORMED, "Content-Length is not a plain decimal number");
    if (!span_u64(v, &h->length) || h->length > INT64_MAX)
        return fail(e, E_MALFORMED, "Content-Length is too large to be a length");
    return true;
}

/* The exact spelling only: each variant is understood by some proxy and not by another. */
static bool on_encoding(struct http_head *h, struct seen *s, struct span v, struct err *e)
{
    if (s->encoding)
        return fail(e, E_MALFORMED, "there are two Transfer-Encoding fields");
    s->encoding = h->chunked = true;
    return span_is(v, "chunked") || fail(e, E_MALFORMED, "Transfer-Encoding must be exactly \"chunked\"");
}

static bool on_connection(struct http_head *h, struct seen *s, struct span v, struct err *e)
{
    (void)h;
    (void)e;
    while (v.n) {
        struct span option = span_trim(span_cut(&v, ','));

        s->close |= span_ieq(option, SPAN("close"));
        s->keep_alive |= span_ieq(option, SPAN("keep-alive"));
    }
    return true;
}

static bool on_expect(struct http_head *h, struct seen *s, struct span v, struct err *e)
{
    (void)s;
    if (!span_ieq(span_trim(v), SPAN("100-continue")))
        return fail(e, E_EXPECT, "the only expectation that can be met is 100-continue");
    h->expect_continue = h->minor == 1;         /* RFC 9110, 10.1.1: ignored in HTTP/1.0 */
    return true;
}

/* Fields that decide about the connection; `v` still has the blanks at its end. */
static const struct {
    struct span name;
    bool (*take)(struct http_head *h, struct seen *s, struct span v, struct err *e);
} special[] = {
    { SPAN("host"),              on_host       },
    { SPAN("content-length"),    on_length     },
    { SPAN("transfer-encoding"), on_encoding   },
    { SPAN("connection"),        on_connection },
    { SPAN("expect"),            on_expect     },
};

static bool field_add(struct http_head *h, struct seen *s, struct span name, struct span value, struct err *e)
{
    if (h->nfields == HTTP_FIELDS_MAX)
        return fail(e, E_HEADERS, "there are more than %d header fields", HTTP_FIELDS_MAX);
    h->fields[h->nfields++] = (struct http_field){ name, span_trim(value) };
    for (size_t i = 0; i < ARRAY_LEN(special); i++)
        if (name.n == special[i].name.n && span_ieq(name, special[i].name))
            return special[i].take(h, s, value, e);
    return true;
}

static enum http_result take_name(struct cursor *c, struct span *name, struct err *e)
{
    if (*c->p == ' ' || *c->p == '\t')
        return bad(e, E_MALFORMED, "a header field must not be folded over lines or start with a blank");
    *name = (struct span){ c->p, run(c, TOKEN) };
    c->p += name->n;
    if (c->p == c->end)
        return HTTP_MORE;
    if (*c->p == ' ' || *c->p == '\t')
        return bad(e, E_MALFORMED, "there must be no blank between a header field's name and its colon");
    if (name->n == 0 || *c->p != ':')
        return bad(e, E_MALFORMED, "a header line must be a name, a colon and a value");
    c->p++;
    return HTTP_OK;
}

static enum http_result take_field(struct cursor *c, struct http_head *h, struct seen *s, struct err *e)
{
    struct span name, value;
    enum http_result r = take_name(c, &name, e);

    if (r != HTTP_OK)
        return r;
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
        c->p++;
    value = (struct span){ c->p, run(c, VALUE) };
    c->p += value.n;
    r = expect(c, "\r\n", "a header line must end in CRLF and contain no control characters", e);
    if (r != HTTP_OK)
        return r;
    return field_add(h, s, name, value, e) ? HTTP_OK : HTTP_BAD;
}

/* What can only be said when all fields are there. */
static enum http_result finish(struct http_head *h, const struct seen *s, struct err *e)
{
    if (!s->host && h->minor == 1)
        return bad(e, E_MALFORMED, "the Host field is missing");
    if (s->length && s->encoding)
        return bad(e, E_MALFORMED, "Content-Length and Transfer-Encoding exclude each other");
    if (s->encoding && h->minor == 0)
        return bad(e, E_MALFORMED, "HTTP/1.0 has no Transfer-Encoding");
    h->keep_alive = !s->close && (h->minor == 1 || s->keep_alive);
    return HTTP_OK;
}

static enum http_result take_head(struct cursor *c, struct http_head *h, struct err *e)
{
    struct seen s = { 0 };
    enum http_result r = HTTP_OK;

    if (c->p < c->end && *c->p == '\r')         /* RFC 9112, 2.2: one empty line before a request is forgiven */
        r = expect(c, "\r\n", "a bare CR is not a line end", e);
    if (r == HTTP_OK)
        r = take_method(c, h, e);
    if (r == HTTP_OK)
        r = take_target(c, h, e);
    if (r == HTTP_OK)
        r = take_version(c, h, e);
    while (r == HTTP_OK) {
        if (c->p == c->end)
            return HTTP_MORE;
        if (*c->p == '\r') {
            r = expect(c, "\r\n", "a bare CR is not a line end", e);
            return r == HTTP_OK ? finish(h, &s, e) : r;
        }
        r = take_field(c, h, &s, e);
    }
    return r;
}

/* All but the fields themselves: clearing 3 kB for each request would cost more than reading it. */
static void head_init(struct http_head *h)
{
    h->method = 0;
    h->method_text = h->target = h->path = h->query = SPAN_NONE;
    h->minor = 0;
    h->nfields = 0;
    h->length = 0;
    h->chunked = h->has_length = h->keep_alive = h->expect_continue = false;
}

enum http_result http_parse_head(struct span in, struct http_head *out, size_t *used, struct err *e)
{
    size_t n = in.n < HTTP_HEAD_MAX ? in.n : HTTP_HEAD_MAX;
    struct cursor c = { in.p, in.p + n };
    enum http_result r;

    head_init(out);
    r = take_head(&c, out, e);
    *used = (size_t)(c.p - in.p);
    if (r == HTTP_MORE && n == HTTP_HEAD_MAX)
        return bad(e, E_HEADERS, "request line and header fields are longer than 16384 bytes");
    return r;
}

struct span http_field(const struct http_head *h, const char *name, size_t *count)
{
    struct span wanted = span_of(name), found = SPAN_NONE;
    size_t n = 0;

    for (size_t i = 0; i < h->nfields; i++) {
        if (h->fields[i].name.n != wanted.n || !span_ieq(h->fields[i].name, wanted))
            continue;
        if (n++ == 0)
            found = h->fields[i].value;
        if (!count)
            break;
    }
    if (count)
        *count = n;
    return found;
}

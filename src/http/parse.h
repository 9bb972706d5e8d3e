/*
 * HTTP/1.1 from bytes, strictly (RFC 9112): pure functions over a buffer, no I/O.
 *
 * Strict means: CRLF only, no obs-fold, no blank before a colon, exactly one Host, no request with both
 * or conflicting lengths, `Transfer-Encoding: chunked` only and only in HTTP/1.1, no NUL or control
 * characters.  Whatever is not clearly right is an error and ends the connection.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_HTTP_PARSE_H
#define KEELSON_HTTP_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"

#define HTTP_HEAD_MAX    16384      /* request line and header fields */
#define HTTP_TARGET_MAX  8192
#define HTTP_FIELDS_MAX  100

enum http_method {                  /* bits, for sets of them */
    HTTP_GET = 1, HTTP_HEAD = 2, HTTP_POST = 4, HTTP_PUT = 8, HTTP_PATCH = 16, HTTP_DELETE = 32, HTTP_OPTIONS = 64,
    HTTP_TRACE = 128,                /* known, so that it is refused as what it is; no route has it */
};

struct http_field {
    struct span name;               /* as spelled; compare with span_ieq */
    struct span value;              /* trimmed */
};

struct http_head {                  /* spans view the caller's bytes */
    enum http_method  method;       /* 0: a method we do not know (well-formed token): 501 */
    struct span       method_text;
    struct span       target;       /* as received: origin-form "/path?query", or "*" for OPTIONS */
    struct span       path;         /* before '?', still encoded */
    struct span       query;        /* after '?', still encoded; SPAN_NONE when there is none */
    int               minor;        /* HTTP/1.minor: 0 or 1 */
    struct http_field fields[HTTP_FIELDS_MAX];
    size_t            nfields;
    bool              chunked;
    bool              has_length;
    uint64_t          length;
    bool              keep_alive;   /* after this exchange, as version and Connection say */
    bool              expect_continue;
};

enum http_result { HTTP_OK, HTTP_MORE, HTTP_BAD };

/*
 * A whole head?  HTTP_OK: *used bytes were the head (one empty line before it is forgiven and counted).  HTTP_MORE: not yet
 * (and under all limits).  HTTP_BAD: *e is E_MALFORMED, E_URI, E_HEADERS, E_HTTP_VERSION, E_NOT_IMPLEMENTED or E_EXPECT; close
 * after answering; method, target, path and fields are set as far as they were read.
 * Keeps no state: call it when a line has come, not for every byte.
 */
enum http_result http_parse_head(struct span in, struct http_head *out, size_t *used, struct err *e);

/* First field of that name, or SPAN_NONE; *count (may be NULL) says how many there are. */
struct span http_field(const struct http_head *h, const char *name, size_t *count);

/* Chunked bodies.  Zero-initialise; feed bytes as they come. */
struct http_chunks {
    int      state;                 /* the parser's business */
    uint64_t left;
    size_t   line;                  /* length of the current size line or of all trailers, limited */
    size_t   waste;                 /* bytes spent on framing beyond what chunks that size need, limited */
};
/* Consume from `in`; *data is the next run of body bytes (may be empty), *used how much of `in` was eaten.
   HTTP_OK: the body, trailers included, has ended.  HTTP_MORE: give more, or call again when *used < in.n. */
enum http_result http_parse_chunks(struct http_chunks *c, struct span in, struct span *data, size_t *used, struct err *e);

/* Value of a hexadecimal digit, -1 of anything else. */
static inline int http_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decode a path once and split it.  E_MALFORMED for %00, %2F, bad escapes, invalid UTF-8, "." and "..",
   empty segments other than one trailing; E_NOT_FOUND for more than 16.  "/" has none.  A segment without escapes
   views `path`, others are arena memory. */
struct http_path { struct span seg[16]; size_t n; bool trailing_slash; };
MUST_CHECK bool http_parse_path(struct arena *a, struct span path, struct http_path *out, struct err *e);

/* application/x-www-form-urlencoded query: '+' is a blank.  E_PARAMETER for bad escapes, NUL, invalid UTF-8, a parameter
   without a name, more than 100. */
struct http_param { struct span name, value; };
MUST_CHECK bool http_parse_query(struct arena *a, struct span query, struct http_param **out, size_t *n, struct err *e);

#endif

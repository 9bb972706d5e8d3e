/*
 * Answers: status line, headers, body; problem documents.
 *
 * The server adds Date, Content-Length, Request-Id, X-Content-Type-Options and Connection, and Cache-Control: no-store
 * unless the caller has its own; callers give the rest.  A header whose value has a line end or NUL, or a body over
 * output_max, becomes a 500 and a line in the log.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_HTTP_REPLY_H
#define KEELSON_HTTP_REPLY_H

#include "base/buf.h"
#include "base/err.h"
#include "http/server.h"

/* Answer and finish the exchange; the arena may be gone when this returns.  Body bytes are copied or written at once.
   HEAD requests get the headers of the same GET (Content-Length included) and no body; so do 204 and 304 without a length. */
void http_reply(struct exchange *x, int status, const struct http_header *headers, size_t nheaders, struct span body);

/* The problem document of *e (RFC 9457), with Retry-After when the error has one.  What is wrong inside (status 500) is
   logged here and not sent. */
void http_problem(struct exchange *x, const struct err *e, const struct http_header *more, size_t nmore);

/* Only the document, for bodies that are stored. */
void http_problem_body(struct buf *out, const struct err *e, struct span instance, struct span request_id);

const char *http_reason(int status);

/* For server.c: a whole answer for a client that cannot be let in.  Valid until the next answer is made. */
struct span reply_overloaded(struct http_server *s);

#endif

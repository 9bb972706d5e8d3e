/*
 * Which row of a route table a request means.  Pure.
 *
 * A pattern is "/v1/sessions/{id}/messages/{seq}"; "{r}" at the second place stands for any resource name and is
 * captured like the others.  Rows are tried in order; a literal segment of an earlier row wins.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_HTTP_ROUTE_H
#define KEELSON_HTTP_ROUTE_H

#include "http/parse.h"

#define ROUTE_CAPTURES 4

struct route_pattern {
    unsigned    methods;            /* HTTP_GET | ... of this row (HEAD goes with GET) */
    const char *pattern;
};

struct route_match {
    size_t      row;
    struct span capture[ROUTE_CAPTURES];
    size_t      ncaptures;
};

/* `stride` is the size of the caller's row, which begins with a struct route_pattern.
   False: E_NOT_FOUND, or E_METHOD when the path exists with other methods; *allowed then has them all. */
bool route_find(const void *rows, size_t n, size_t stride, enum http_method m, const struct http_path *p,
                struct route_match *out, unsigned *allowed, struct err *e);

/* "GET, HEAD, POST" of a set, into out (at least 64 bytes). */
void route_methods(unsigned methods, char *out, size_t n);

#endif

/*
 * What a target means: the path as decoded segments, the query as decoded parameters.  Decoded once, never twice.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/parse.h"

#define PARAMS_MAX 100

/* Undo %XX, and '+' if asked; false for an incomplete or non-hexadecimal escape.  Text without any is returned as it is. */
static bool decode(struct arena *a, struct span in, bool plus, struct span *out)
{
    char *to;
    size_t n = 0;

    *out = in;
    if (in.n == 0 || (!memchr(in.p, '%', in.n) && !(plus && memchr(in.p, '+', in.n))))
        return true;
    to = arena_alloc(a, in.n);
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];

        if (c == '%') {
            if (in.n - i < 3 || http_hex(in.p[i + 1]) < 0 || http_hex(in.p[i + 2]) < 0)
                return false;
            c = (char)(http_hex(in.p[i + 1]) << 4 | http_hex(in.p[i + 2]));
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        to[n++] = c;
    }
    *out = (struct span){ to, n };
    return true;
}

static bool has(struct span s, char c)
{
    return s.n && memchr(s.p, c, s.n);
}

/* A decoded segment must not be able to mean anything but one name. */
static bool segment(struct arena *a, struct span raw, struct span *out, struct err *e)
{
    if (!decode(a, raw, false, out))
        return fail(e, E_MALFORMED, "the path contains a bad percent escape");
    if (has(*out, '\0') || has(*out, '/'))
        return fail(e, E_MALFORMED, "the path contains an encoded NUL or slash");
    if (span_is(*out, ".") || span_is(*out, ".."))
        return fail(e, E_MALFORMED, "the path contains a dot segment");
    return span_utf8(*out) || fail(e, E_MALFORMED, "the path is not valid UTF-8");
}

bool http_parse_path(struct arena *a, struct span path, struct http_path *out, struct err *e)
{
    struct span rest = path;

    out->n = 0;
    out->trailing_slash = false;
    if (path.n == 0 || path.p[0] != '/')
        return fail(e, E_MALFORMED, "the path does not start with '/'");
    rest = span_drop(rest, 1);
    if (rest.n == 0)
        return true;
    do {
        struct span raw = span_cut(&rest, '/');

        if (raw.n == 0 && rest.p == NULL) {
            out->trailing_slash = true;
            break;
        }
        if (raw.n == 0)
            return fail(e, E_MALFORMED, "the path contains an empty segment");
        if (out->n == ARRAY_LEN(out->seg))
            return fail(e, E_NOT_FOUND, "no such path");
        if (!segment(a, raw, &out->seg[out->n++], e))
            return false;
    } while (rest.p);
    return true;
}

static bool component(struct arena *a, struct span raw, struct span *out, struct err *e)
{
    if (!decode(a, raw, true, out))
        return fail(e, E_PARAMETER, "the query contains a bad percent escape");
    if (has(*out, '\0'))
        return fail(e, E_PARAMETER, "the query contains an encoded NUL");
    return span_utf8(*out) || fail(e, E_PARAMETER, "the query is not valid UTF-8");
}

static size_t count_pieces(struct span query)
{
    size_t n = 1;

    for (size_t i = 0; i < query.n; i++)
        n += query.p[i] == '&';
    return n;
}

bool http_parse_query(struct arena *a, struct span query, struct http_param **out, size_t *n, struct err *e)
{
    size_t pieces = count_pieces(query);

    *n = 0;
    *out = arena_array(a, struct http_param, pieces < PARAMS_MAX ? pieces : PARAMS_MAX);
    while (query.n) {
        struct span value = span_cut(&query, '&'), name;

        if (value.n == 0)
            continue;
        if (*n == PARAMS_MAX)
            return fail(e, E_PARAMETER, "the query has more than %d parameters", PARAMS_MAX);
        name = span_cut(&value, '=');
        if (value.p == NULL)
            value = SPAN("");
        if (name.n == 0)
            return fail(e, E_PARAMETER, "the query has a parameter without a name");
        if (!component(a, name, &(*out)[*n].name, e) || !component(a, value, &(*out)[*n].value, e))
            return false;
        (*n)++;
    }
    return true;
}

/*
 * Matching a path against a table of patterns: row by row, segment by segment, nothing compiled.  Rows differ in
 * their first segments, so most are left after one comparison.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/route.h"

#include <stdio.h>

static const struct { unsigned method; const char *name; } names[] = {
    { HTTP_GET,   "GET"   }, { HTTP_HEAD,   "HEAD"   }, { HTTP_POST,    "POST"    }, { HTTP_PUT, "PUT" },
    { HTTP_PATCH, "PATCH" }, { HTTP_DELETE, "DELETE" }, { HTTP_OPTIONS, "OPTIONS" },
};

/* One segment of the pattern, which stands behind its '/'; *at moves to the end of it. */
static bool segment_matches(const char **at, struct span seg, struct route_match *m)
{
    size_t n = strcspn(*at, "/");
    const char *start = *at;

    *at += n;
    if (*start != '{')
        return span_eq(seg, (struct span){ start, n });
    if (m->ncaptures == ROUTE_CAPTURES)
        return false;
    m->capture[m->ncaptures++] = seg;
    return true;
}

static bool pattern_matches(const char *at, const struct http_path *p, struct route_match *m)
{
    m->ncaptures = 0;
    for (size_t i = 0; i < p->n; i++)
        if (*at++ != '/' || !segment_matches(&at, p->seg[i], m))
            return false;
    if (p->n == 0 || p->trailing_slash)
        return strcmp(at, "/") == 0;
    return *at == '\0';
}

/* HEAD is GET without the body, so whoever answers one answers the other. */
static unsigned with_head(unsigned methods)
{
    return methods & HTTP_GET ? methods | HTTP_HEAD : methods;
}

void route_methods(unsigned methods, char *out, size_t n)
{
    size_t used = 0;

    methods = with_head(methods);
    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(names) && used < n; i++)
        if (methods & names[i].method)
            used += (size_t)snprintf(out + used, n - used, "%s%s", used ? ", " : "", names[i].name);
}

bool route_find(const void *rows, size_t n, size_t stride, enum http_method m, const struct http_path *p,
                struct route_match *out, unsigned *allowed, struct err *e)
{
    bool spelled = false;               /* by a row without captures: then the path belongs to such rows alone */
    char list[64];

    *allowed = 0;
    for (size_t i = 0; i < n; i++) {
        const struct route_pattern *row = (const void *)((const char *)rows + i * stride);

        if (!pattern_matches(row->pattern, p, out) || (spelled && out->ncaptures > 0))
            continue;
        spelled = spelled || out->ncaptures == 0;
        out->row = i;
        *allowed |= with_head(row->methods);
        if (with_head(row->methods) & m)
            return true;
    }
    if (!*allowed)
        return fail(e, E_NOT_FOUND, "there is nothing at this path");
    route_methods(*allowed, list, sizeof(list));
    return fail(e, E_METHOD, "this path takes %s", list);
}

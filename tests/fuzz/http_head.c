/*
 * Any bytes as a request: every prefix agrees with the whole, what is accepted obeys the rules, and its path and query
 * can be decoded or are refused.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/parse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* From memory of exactly that size, so that a byte too far is found. */
static enum http_result parse(struct span in, struct http_head *h, size_t *used, struct err *e)
{
    char *copy = malloc(in.n ? in.n : 1);
    enum http_result r;

    if (in.n)
        memcpy(copy, in.p, in.n);
    err_clear(e);
    r = http_parse_head((struct span){ copy, in.n }, h, used, e);
    free(copy);
    return r;
}

static void require_sound(const struct http_head *h, size_t used, struct span in)
{
    size_t hosts;

    require(used <= in.n && used <= HTTP_HEAD_MAX && used >= 4 && memcmp(in.p + used - 4, "\r\n\r\n", 4) == 0);
    require(!(h->chunked && h->has_length) && !(h->chunked && h->minor == 0));
    require(h->target.n <= HTTP_TARGET_MAX && h->nfields <= HTTP_FIELDS_MAX);
    http_field(h, "Host", &hosts);
    require(hosts == 1 || (hosts == 0 && h->minor == 0));
    for (size_t i = 0; i < h->nfields; i++) {
        require(h->fields[i].name.n > 0);
        for (size_t k = 0; k < h->fields[i].value.n; k++)
            require(h->fields[i].value.p[k] == '\t' || (uint8_t)h->fields[i].value.p[k] >= ' ');
    }
}

static void decode_target(const struct http_head *h)
{
    struct arena a = ARENA;
    struct err e = { 0 };
    struct http_path p;
    struct http_param *params;
    size_t n;

    if (http_parse_path(&a, h->path, &p, &e))
        for (size_t i = 0; i < p.n; i++)
            require(p.seg[i].n && span_utf8(p.seg[i]) && !memchr(p.seg[i].p, '/', p.seg[i].n)
                    && !memchr(p.seg[i].p, 0, p.seg[i].n));
    if (http_parse_query(&a, h->query, &params, &n, &e))
        for (size_t i = 0; i < n; i++)
            require(span_utf8(params[i].name) && span_utf8(params[i].value));
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = { (const char *)data, size };
    struct http_head h;
    struct err whole, part;
    size_t used, n;
    enum http_result r = parse(in, &h, &used, &whole), early;

    if (r == HTTP_OK) {
        http_parse_head(in, &h, &used, &whole);     /* again, with spans that live */
        require_sound(&h, used, in);
        decode_target(&h);
    }
    for (n = size > 2000 ? size - 2000 : 0; n < size; n++) {
        early = parse((struct span){ in.p, n }, &h, &used, &part);
        require(early == HTTP_MORE || (early == r && part.kind == whole.kind && strcmp(part.message, whole.message) == 0));
    }
    return 0;
}

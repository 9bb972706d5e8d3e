/*
 * One way to answer with an object, so that the same object looks the same after every request.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/answer.h"

#include "data/precondition.h"
#include "data/render.h"

int64_t answer_version(const struct resource *res, const struct rows *r, int row, int first)
{
    return res->has_version ? rows_i64(r, row, first + res->at_version) : 0;
}

struct span answer_etag(struct call *c, const struct rows *r, int row, int first)
{
    const struct resource *res = c->resource;

    if (!res->has_version)
        return SPAN_NONE;
    return precondition_etag(c->arena, rows_i64(r, row, first + res->at_version),
                             res->at_event >= 0 ? rows_i64(r, row, first + res->at_event) : -1);
}

bool answer_object(struct call *c, int status, const struct rows *r, int row, int first, const struct projection *p)
{
    struct span etag = answer_etag(c, r, row, first);

    c->status = status;
    if (etag.p)
        call_header(c, "ETag", etag);
    render_object(c->out, r, row, first, c->resource->fields, p->n, p->want);
    return true;
}

bool answer_nothing(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows, (void)n, (void)e;
    c->status = 204;
    return true;
}

bool answer_missing(const struct call *c, struct err *e)
{
    return fail(e, E_NOT_FOUND, "there is no such %s", call_noun(c));
}

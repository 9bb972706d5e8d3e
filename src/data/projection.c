/*
 * `fields=a,b` keeps the resource's own order of fields: the answer is the same object with less in it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/projection.h"

const char *projection_names(struct call *c, bool (*which)(const struct field *f))
{
    struct buf b = BUF(400);        /* has to fit into a message */
    const char *out;

    for (int i = 0; i < c->resource->nfields; i++) {
        if (c->resource->fields[i].kind != FIELD_EXACT && (!which || which(&c->resource->fields[i])))
            buf_printf(&b, "%s%s", b.n > 0 ? ", " : "", c->resource->fields[i].name);
    }
    out = arena_strdup(c->arena, buf_span(&b));
    buf_free(&b);
    return out;
}

bool projection_parse(struct call *c, struct projection *out, struct err *e)
{
    const struct resource *r = c->resource;
    struct span rest;
    bool *want;

    *out = (struct projection){ .n = r->neager };
    if (!call_param(c, "fields", &rest) || rest.n == 0)
        return true;
    want = arena_array(c->arena, bool, r->nfields);
    while (rest.n > 0) {
        struct span name = span_trim(span_cut(&rest, ','));
        const struct field *f = resource_field(r, name);

        if (!f)
            return fail(e, E_PARAMETER, "fields: there is no \"%.*s\"; there are %s", SPAN_ARG(span_clip(name, 64)),
                        projection_names(c, NULL));
        want[f - r->fields] = true;
        out->lazy |= f - r->fields >= r->neager;
    }
    out->want = want;
    out->n = out->lazy ? r->nfields : r->neager;
    return true;
}

bool projection_trash(struct call *c, bool *trash, struct err *e)
{
    struct span value;

    *trash = false;
    if (!call_param(c, "include", &value))
        return true;
    if (!span_is(value, "trash"))
        return fail(e, E_PARAMETER, "include: the only value is trash");
    *trash = true;
    return true;
}

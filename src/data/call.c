/*
 * What every handler needs of a call: its parameters, its headers, its statements.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/call.h"

#include <string.h>

#include "data/resource.h"

bool call_param(struct call *c, const char *name, struct span *out)
{
    for (int i = 0; i < c->nparams; i++) {
        if (span_is(c->params[i].name, name)) {
            c->params[i].used = true;
            *out = c->params[i].value;
            return true;
        }
    }
    return false;
}

bool call_params_done(struct call *c, struct err *e)
{
    for (int i = 0; i < c->nparams; i++) {
        if (!c->params[i].used)
            return fail(e, E_PARAMETER, "unknown query parameter \"%.*s\"", SPAN_ARG(span_clip(c->params[i].name, 64)));
    }
    return true;
}

void call_header(struct call *c, const char *name, struct span value)
{
    if (c->nheaders < CALL_HEADERS)
        c->headers[c->nheaders++] = (struct call_header){ name, value };
}

bool call_uuid(struct call *c, int capture, struct uuid *out, struct err *e)
{
    return uuid_parse(c->capture[capture], out) || fail(e, E_NOT_FOUND, "there is no such %s", call_noun(c));
}

const char *call_noun(const struct call *c)
{
    return c->resource ? c->resource->singular : "object";
}

struct stmt *plan_stmt(struct call *c, struct plan *p, const char *name, const char *sql)
{
    if (p->nstmts == p->room) {
        struct stmt *grown = arena_array(c->arena, struct stmt, p->room == 0 ? 4 : 2 * p->room);

        if (p->nstmts > 0)
            memcpy(grown, p->stmts, (size_t)p->nstmts * sizeof *grown);
        p->stmts = grown;
        p->room = p->room == 0 ? 4 : 2 * p->room;
    }
    p->stmts[p->nstmts] = STMT(name, sql);
    stmt_uuid(c->arena, &p->stmts[p->nstmts], &c->org);
    return &p->stmts[p->nstmts++];
}

void plan_next(struct plan *p)
{
    /* The statements that were sent may still be looked at: leave them. */
    p->stmts = NULL;
    p->nstmts = p->room = 0;
}

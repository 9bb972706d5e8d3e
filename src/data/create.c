/*
 * First the parents are locked and looked at, then one statement inserts all objects, then they are read as any reader will
 * see them.  Identifiers are made here and travel inside the objects.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/create.h"

#include "data/answer.h"
#include "data/current.h"
#include "data/parent.h"
#include "data/read.h"
#include "data/render.h"
#include "data/validate.h"

struct create_state {
    struct uuid      *ids;
    size_t            n;
    bool              array;
    struct span       items;         /* the objects as the statement takes them */
    struct parent_set parents;
    bool              written;
};

/* ---- the body ---- */

static const struct json *first_of(const struct call *c)
{
    return c->doc->type == JSON_ARRAY ? c->doc->first : c->doc;
}

static bool validate(struct call *c, struct create_state *s, struct err *e)
{
    struct validator v = { .arena = c->arena, .resource = c->resource, .e = e };
    size_t at = 0;

    s->array = c->doc->type == JSON_ARRAY;
    s->n = s->array ? c->doc->count : 1;
    if (s->n == 0 || s->n > CREATE_MAX) {
        fault_add(e, c->arena, "", s->n == 0 ? "min-items" : "max-items", "must have 1 to %d objects", CREATE_MAX);
        return fail(e, E_INPUT, "the array has %zu objects", s->n);
    }
    for (const struct json *o = first_of(c); o; o = s->array ? o->next : NULL)
        validate_create(&v, o, s->array ? json_pointer_at(c->arena, "", at++) : "");
    return validate_done(&v);
}

/* [{"id":"...", what the client gave}, ...] */
static void collect(struct call *c, struct create_state *s)
{
    struct buf b = BUF(c->body.n + s->n * 64 + 64);
    struct json_out out = JSON_OUT(&b);
    char id[UUID_TEXT];
    size_t at = 0;

    s->ids = arena_array(c->arena, struct uuid, s->n);
    json_open(&out, '[');
    for (const struct json *o = first_of(c); o; o = s->array ? o->next : NULL) {
        const char *pointer = s->array ? json_pointer_at(c->arena, "", at) : "";

        s->ids[at] = uuid_v7();
        uuid_format(&s->ids[at++], id);
        json_open(&out, '{');
        json_key(&out, "id");
        json_string(&out, (struct span){ id, UUID_TEXT });
        for (const struct json *m = o->first; m; m = m->next) {
            json_key_span(&out, m->key);
            json_raw(&out, m->raw);
        }
        json_close(&out, '}');
        parent_add(c, &s->parents, o, pointer, (int)s->n);
    }
    json_close(&out, ']');
    s->items = arena_span(c->arena, buf_span(&b));
    buf_free(&b);
}

/* ---- statements ---- */

/* Who is current now gives way to those that want to be. */
static void give_way(struct call *c, struct plan *p, const struct create_state *s, const struct column *col)
{
    struct uuid *parents = arena_array(c->arena, struct uuid, s->n);
    size_t n = 0;

    for (const struct json *o = first_of(c); o; o = s->array ? o->next : NULL)
        n += current_wanted(col, o) && current_parent(c, col, o, &parents[n]);
    if (n > 0)
        current_stmt(c, p, col, parents, n);
}

static void write(struct call *c, struct plan *p, struct create_state *s)
{
    const struct resource *r = c->resource;
    struct uuid *feed = arena_array(c->arena, struct uuid, s->n);
    struct stmt *insert;

    for (int i = 0; i < r->table->ncolumns; i++) {
        if (r->table->columns[i].current_within)
            give_way(c, p, s, &r->table->columns[i]);
    }
    for (size_t i = 0; i < s->n; i++)
        feed[i] = uuid_v7();
    insert = plan_stmt(c, p, r->name_insert, r->sql_insert);
    stmt_text(c->arena, insert, s->items);
    stmt_uuid_array(c->arena, insert, feed, s->n);
    for (int i = 0; i < r->nparts; i++)
        stmt_text(c->arena, plan_stmt(c, p, NULL, r->parts[i].sql_insert), s->items);
    read_stmt_many(c, p, s->ids, s->n);
    s->written = true;
}

static enum txn_next step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct create_state *s = c->state;

    if (s->written)
        return TXN_COMMIT;
    if (!parent_check(c, &s->parents, rows, n, e))
        return TXN_ROLLBACK;
    plan_next(&c->plan);
    write(c, &c->plan, s);
    return TXN_MORE;
}

/* Their identifiers were made here, so nobody else can have written them. */
static bool recover(struct call *c)
{
    struct create_state *s = c->state;

    plan_next(&c->plan);
    read_stmt_many(c, &c->plan, s->ids, s->n);
    return true;
}

static bool recovered(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct create_state *s = c->state;

    (void)e;
    return rows[n - 1].n == (int)s->n;
}

bool create_plan(struct call *c, struct plan *p, struct err *e)
{
    struct create_state *s = arena_new(c->arena, struct create_state);

    if (c->resource->created_elsewhere)
        return fail(e, E_METHOD, "%s are created inside what they belong to", c->resource->name);
    if (!call_params_done(c, e) || !validate(c, s, e))
        return false;
    c->state = s;
    p->recover = recover;
    p->recovered = recovered;
    parent_set(c, &s->parents);
    collect(c, s);
    if (parent_lock(c, p, &s->parents) > 0)
        p->step = step;
    else
        write(c, p, s);
    return true;
}

/* ---- the answer ---- */

static bool answer_array(struct call *c, const struct rows *r)
{
    buf_str(c->out, "{\"items\":[");
    for (int i = 0; i < r->n; i++) {
        if (i > 0)
            buf_char(c->out, ',');
        render_object(c->out, r, i, 1, c->resource->fields, c->resource->neager, NULL);
    }
    buf_str(c->out, "]}");
    c->status = 201;
    return true;
}

bool create_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct create_state *s = c->state;
    const struct rows *made = &rows[n - 1];
    struct projection all = { .n = c->resource->neager };
    char id[UUID_TEXT];

    if (made->n != (int)s->n)
        return fail(e, E_INTERNAL, "%d of %zu created %s were there afterwards", made->n, s->n, c->resource->name);
    if (s->array)
        return answer_array(c, made);
    uuid_format(&s->ids[0], id);
    call_header(c, "Location", span_of(arena_printf(c->arena, "/v1/%s/%.*s", c->resource->name, UUID_TEXT, id)));
    return answer_object(c, 201, made, 0, 1, &all);
}

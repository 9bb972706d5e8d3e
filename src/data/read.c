/*
 * Every resource has two kinds of read, without and with its @lazy fields, so that what is grouped shares one statement.
 * The answer to a read of something that is not there is no row, which a group bears without failing.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/read.h"

#include "data/answer.h"
#include "data/precondition.h"
#include "data/projection.h"

struct read_item {
    const char *name, *sql;
    const char *name_one, *sql_one;      /* for when it is alone; NULL: there is none */
    struct uuid id;
    bool        trash;
};

struct read_state {
    struct read_item  item;
    struct projection projection;
};

static int merge(struct task *const *tasks, int n, struct arena *a, struct stmt *out, int max)
{
    const struct read_item *first = tasks[0]->item;
    int32_t *at = arena_array(a, int32_t, n);
    struct uuid *ids = arena_array(a, struct uuid, n);
    bool *trash = arena_array(a, bool, n);

    (void)max;
    if (n == 1 && first->sql_one) {
        out[0] = STMT(first->name_one, first->sql_one);
        stmt_uuid(a, &out[0], &tasks[0]->org);
        stmt_uuid(a, &out[0], &first->id);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        const struct read_item *item = tasks[i]->item;

        at[i] = i;
        ids[i] = item->id;
        trash[i] = item->trash;
    }
    out[0] = STMT(first->name, first->sql);
    stmt_uuid(a, &out[0], &tasks[0]->org);
    stmt_int4_array(a, &out[0], at, (size_t)n);
    stmt_uuid_array(a, &out[0], ids, (size_t)n);
    stmt_bool_array(a, &out[0], trash, (size_t)n);
    return 1;
}

void read_kinds(struct arena *a, struct resource *r)
{
    r->read_eager = (struct batch_kind){ .name = arena_printf(a, "read_%s", r->name), .merge = merge };
    r->read_all = (struct batch_kind){ .name = arena_printf(a, "read_all_%s", r->name), .merge = merge };
}

bool read_plan(struct call *c, struct plan *p, struct err *e)
{
    const struct resource *r = c->resource;
    struct read_state *s = arena_new(c->arena, struct read_state);

    if (!call_uuid(c, 0, &s->item.id, e) || !projection_parse(c, &s->projection, e) || !projection_trash(c, &s->item.trash, e) ||
        !call_params_done(c, e))
        return false;
    s->item.name = s->projection.lazy ? r->name_read_all : r->name_read;
    s->item.sql = s->projection.lazy ? r->sql_read_all : r->sql_read;
    if (!s->projection.lazy && !s->item.trash) {
        s->item.name_one = r->name_one;
        s->item.sql_one = r->sql_one;
    }
    c->state = s;
    p->kind = s->projection.lazy ? &r->read_all : &r->read_eager;
    p->item = &s->item;
    p->key = s->item.id;
    p->read_only = true;
    return true;
}

bool read_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct read_state *s = c->state;
    struct span etag;

    if (n == 0 || rows[0].n == 0)
        return answer_missing(c, e);
    etag = answer_etag(c, &rows[0], 0, 0);
    if (etag.p && c->if_none_match.p && precondition_unchanged(c->if_none_match, etag)) {
        c->status = 304;
        call_header(c, "ETag", etag);
        return true;
    }
    return answer_object(c, 200, &rows[0], 0, 0, &s->projection);
}

void read_stmt_many(struct call *c, struct plan *p, const struct uuid *ids, size_t n)
{
    struct stmt *s = plan_stmt(c, p, c->resource->name_read, c->resource->sql_read);
    int32_t *at = arena_array(c->arena, int32_t, n);

    for (size_t i = 0; i < n; i++)
        at[i] = (int32_t)i;
    stmt_int4_array(c->arena, s, at, n);
    stmt_uuid_array(c->arena, s, ids, n);
    stmt_bool_array(c->arena, s, arena_array(c->arena, bool, n), n);
}

void read_stmt(struct call *c, struct plan *p, const struct uuid *id, bool trash, bool all)
{
    const struct resource *r = c->resource;
    struct stmt *s = plan_stmt(c, p, all ? r->name_read_all : r->name_read, all ? r->sql_read_all : r->sql_read);

    stmt_int4_array(c->arena, s, (int32_t[]){ 0 }, 1);
    stmt_uuid_array(c->arena, s, id, 1);
    stmt_bool_array(c->arena, s, &trash, 1);
}

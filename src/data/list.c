/*
 * Keyset pages: one more row than asked for says whether there is another page.
 *
 * Containment under row level security: the operator may not be an index condition, the finder may.  Up to FINDER_MAX keys
 * are looked up one by one; when there are more, the list is read in its own order and filtered, which then finds a page
 * soon.  Both ways are branches of one statement, and the one that is not taken costs nothing.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/list.h"

#include <string.h>

#include "data/answer.h"
#include "data/cursor.h"
#include "data/filter.h"
#include "data/projection.h"
#include "data/render.h"
#include "data/sql.h"

#define FINDER_MAX 5000

enum count { COUNT_NONE, COUNT_ESTIMATED, COUNT_EXACT };

struct list_state {
    const struct resource *parent;       /* NULL: the whole list */
    struct uuid            parent_id;
    int64_t                limit;
    struct order           order[ORDER_MAX];
    int                    norder;
    struct cursor          cursor;
    struct projection      projection;
    bool                   trash;
    enum count             count;
    struct filter_set      filters;
    const char            *within;       /* " AND ..." for the parent */
    int                    at_parent, at_page, at_count;     /* statements; -1: none */
};

/* ---- parameters ---- */

static bool parse_limit(struct call *c, struct list_state *s, struct err *e)
{
    struct span text;
    uint64_t v;

    s->limit = LIST_LIMIT_DEFAULT;
    if (!call_param(c, "limit", &text))
        return true;
    if (!span_u64(text, &v) || v < 1 || v > LIST_LIMIT_MAX)
        return fail(e, E_PARAMETER, "limit: must be 1 to %d", LIST_LIMIT_MAX);
    s->limit = (int64_t)v;
    return true;
}

static bool parse_count(struct call *c, struct list_state *s, struct err *e)
{
    static const char *const names[] = { "none", "estimated", "exact" };
    struct span text;

    if (!call_param(c, "count", &text))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (span_is(text, names[i])) {
            s->count = (enum count)i;
            return true;
        }
    }
    return fail(e, E_PARAMETER, "count: must be none, estimated or exact");
}

static bool orderable(const struct field *f)
{
    return filter_comparable(f) && !f->column->lazy;
}

static bool parse_order_item(struct call *c, struct list_state *s, struct span item, struct err *e)
{
    struct span name = item, way;
    const struct field *f;

    way = name;
    name = span_cut(&way, '.');
    f = resource_field(c->resource, name);
    if (!f || !orderable(f))
        return fail(e, E_PARAMETER, "order: there is no \"%.*s\" to order by; there are %s", SPAN_ARG(span_clip(name, 64)),
                    projection_names(c, orderable));
    if (way.p && !span_is(way, "asc") && !span_is(way, "desc"))
        return fail(e, E_PARAMETER, "order: expected %s, %s.asc or %s.desc", f->name, f->name, f->name);
    if (s->norder == ORDER_MAX - 1)
        return fail(e, E_PARAMETER, "order: at most %d fields", ORDER_MAX - 1);
    for (int i = 0; i < s->norder; i++) {
        if (s->order[i].field == f)
            return fail(e, E_PARAMETER, "order: %s is named twice", f->name);
    }
    s->order[s->norder++] = (struct order){ f, span_is(way, "desc") };
    return true;
}

/* An order ends in something unique, or pages would overlap. */
static bool parse_order(struct call *c, struct list_state *s, struct err *e)
{
    const struct resource *r = c->resource;
    struct span rest;

    if (!call_param(c, "order", &rest) || rest.n == 0) {
        memcpy(s->order, r->order, sizeof s->order);
        s->norder = r->norder;
        return true;
    }
    while (rest.n > 0) {
        if (!parse_order_item(c, s, span_trim(span_cut(&rest, ',')), e))
            return false;
    }
    for (int i = 0; i < s->norder; i++) {
        if (s->order[i].field == &r->fields[r->at_id])
            return true;
    }
    s->order[s->norder] = (struct order){ &r->fields[r->at_id], s->order[s->norder - 1].desc };
    s->norder++;
    return true;
}

static bool parse(struct call *c, struct list_state *s, struct err *e)
{
    struct span cursor;

    if (!parse_limit(c, s, e) || !parse_count(c, s, e) || !parse_order(c, s, e) || !projection_parse(c, &s->projection, e) ||
        !projection_trash(c, &s->trash, e))
        return false;
    return !call_param(c, "cursor", &cursor) || cursor_parse(c, cursor, s->order, s->norder, &s->cursor, e);
}

/* ---- the parent ---- */

/* The resource between, when the rows refer to the parent only through it: messages of an interview. */
static const struct resource *between(const struct call *c, const struct resource *parent)
{
    for (int i = 0; i < c->model->nresources; i++) {
        const struct resource *r = &c->model->resources[i];

        if (resource_link(c->resource, r) && resource_link(r, parent))
            return r;
    }
    return NULL;
}

static bool within(struct query *q, struct list_state *s, struct err *e)
{
    struct call *c = q->call;
    const struct field *link = resource_link(c->resource, s->parent);
    const struct resource *step = link ? NULL : between(c, s->parent);
    char id[UUID_TEXT];
    const char *value;

    if (!link && !step)
        return fail(e, E_NOT_FOUND, "%s have no %s", s->parent->name, c->resource->name);
    uuid_format(&s->parent_id, id);
    value = query_value(q, (struct span){ id, UUID_TEXT }, "uuid");
    if (link)
        s->within = arena_printf(c->arena, " AND r.%s = %s", link->ident, value);
    else
        s->within = arena_printf(c->arena, " AND r.%s IN (SELECT s.id FROM %s AS s WHERE s.org_id = $1::uuid AND s.%s = %s)",
                                 resource_link(c->resource, step)->ident, step->table->qualified,
                                 resource_link(step, s->parent)->ident, value);
    return true;
}

static void parent_stmt(struct call *c, struct plan *p, const struct list_state *s)
{
    struct stmt *st = plan_stmt(c, p, NULL, arena_printf(c->arena, "SELECT r.id FROM %s AS r WHERE r.org_id = $1::uuid AND r.id = $2::uuid"
                                                         " AND %s", s->parent->table->qualified, s->trash ? "true" : s->parent->live));

    stmt_uuid(c->arena, st, &s->parent_id);
}

/* ---- statements ---- */

/* "SELECT <what> FROM ..." over the rows asked for; `tail` is cursor, order and limit. */
static const char *select_rows(struct query *q, const struct list_state *s, const char *what, const char *beyond, const char *tail)
{
    const struct resource *r = q->call->resource;
    struct arena *a = q->call->arena;
    const char *live = s->trash ? "true" : r->live, *table = r->table->qualified;

    if (!s->filters.finder)
        return arena_printf(a, "SELECT %s FROM %s AS r WHERE r.org_id = $1::uuid AND %s%s%s%s%s", what, table, live, s->within,
                            s->filters.where, beyond, tail);
    return arena_printf(a,
        "WITH f AS MATERIALIZED (SELECT x.id FROM %s($1::uuid, %s, %d) AS x (id)) SELECT %s FROM ("
        "(SELECT r.* FROM f CROSS JOIN LATERAL (SELECT r.* FROM %s AS r WHERE r.org_id = $1::uuid AND r.id = f.id OFFSET 0) AS r"
        " WHERE (SELECT count(*) FROM f) <= %d AND %s%s%s%s%s) UNION ALL "
        "(SELECT r.* FROM %s AS r WHERE (SELECT count(*) FROM f) > %d AND r.org_id = $1::uuid AND %s AND %s%s%s%s%s)) AS r%s",
        s->filters.finder->qualified, s->filters.wanted, FINDER_MAX + 1, what,
        table, FINDER_MAX, live, s->within, s->filters.where, beyond, tail,
        table, FINDER_MAX, s->filters.contains, live, s->within, s->filters.where, beyond, tail, tail);
}

static bool as_prepared(const struct list_state *s, const struct call *c)
{
    return !s->parent && !s->trash && !s->cursor.given && !s->filters.finder && s->filters.where[0] == '\0' && !s->projection.lazy &&
           s->norder == c->resource->norder && memcmp(s->order, c->resource->order, sizeof s->order) == 0;
}

static void page_stmt(struct query *q, struct plan *p, struct list_state *s)
{
    struct call *c = q->call;
    struct buf tail = BUF(4096);
    const char *beyond = cursor_where(q, &s->cursor, s->order, s->norder);

    if (as_prepared(s, c)) {
        stmt_int8(c->arena, plan_stmt(c, p, c->resource->name_list, c->resource->sql_list), s->limit + 1);
        return;
    }
    sql_order(&tail, s->order, s->norder, s->cursor.back);
    stmt_int8(c->arena, &q->stmt, s->limit + 1);
    buf_printf(&tail, " LIMIT $%d::int8", q->stmt.n);
    query_plan(q, p, NULL, select_rows(q, s, s->projection.lazy ? c->resource->columns_all : c->resource->columns_eager, beyond,
                                       sql_take(c->arena, &tail)));
}

/* Filters alone: a count is of the whole list, wherever the page is. */
static void count_stmt(struct query *q, struct plan *p, const struct list_state *s)
{
    struct arena *a = q->call->arena;

    if (s->count == COUNT_EXACT)
        query_plan(q, p, NULL, select_rows(q, s, "count(*)", "", ""));
    else
        query_plan(q, p, NULL, arena_printf(a, "EXPLAIN (FORMAT JSON) %s", select_rows(q, s, "r.id", "", "")));
}

static bool plan(struct call *c, struct plan *p, struct list_state *s, struct err *e)
{
    struct query q, counting;

    query_begin(c, &q);
    s->within = "";
    if (!parse(c, s, e) || (s->parent && !within(&q, s, e)) || !filter_parse(&q, &s->filters, e) || !call_params_done(c, e))
        return false;
    counting = q;
    s->at_parent = s->at_count = -1;
    if (s->parent) {
        s->at_parent = p->nstmts;
        parent_stmt(c, p, s);
    }
    s->at_page = p->nstmts;
    page_stmt(&q, p, s);
    if (s->count != COUNT_NONE) {
        s->at_count = p->nstmts;
        count_stmt(&counting, p, s);
    }
    c->state = s;
    p->read_only = true;
    return true;
}

bool list_plan(struct call *c, struct plan *p, struct err *e)
{
    return plan(c, p, arena_new(c->arena, struct list_state), e);
}

bool list_within_plan(struct call *c, struct plan *p, struct err *e)
{
    struct list_state *s = arena_new(c->arena, struct list_state);
    struct span rest = c->path;

    for (int i = 0; i < 2; i++)                  /* "" and "v1" */
        (void)span_cut(&rest, '/');
    s->parent = model_find(c->model, span_cut(&rest, '/'));
    if (!s->parent)
        return fail(e, E_NOT_FOUND, "there is no such resource");
    if (!uuid_parse(c->capture[0], &s->parent_id))
        return fail(e, E_NOT_FOUND, "there is no such %s", s->parent->singular);
    return plan(c, p, s, e);
}

/* ---- the answer ---- */

static void write_cursor(struct call *c, const struct list_state *s, const char *name, const struct rows *r, int row, bool there, bool back)
{
    struct json_out out = { .b = c->out, .comma = true };

    json_key(&out, name);
    if (there)
        json_string(&out, cursor_make(c, r, row, s->order, s->norder, back));
    else
        json_null(&out);
}

/* EXPLAIN says [{"Plan":{"Plan Rows":n, ...}}]. */
static int64_t counted(struct call *c, const struct list_state *s, const struct rows *r)
{
    struct json *doc;
    struct err ignored = { 0 };
    const struct json *plan_node;
    int64_t n = 0;

    if (s->count == COUNT_EXACT)
        return rows_i64(r, 0, 0);
    if (!json_parse(c->arena, rows_get(r, 0, 0), &doc, &ignored) || !doc->first)
        return 0;
    plan_node = json_find(doc->first, "Plan");
    if (plan_node)
        (void)json_i64(json_find(plan_node, "Plan Rows"), &n);
    return n;
}

bool list_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct list_state *s = c->state;
    const struct rows *page = &rows[s->at_page];
    bool more = page->n > s->limit, back = s->cursor.back, whole = !more && !s->cursor.given;
    int shown = more ? (int)s->limit : page->n;
    int first = back ? shown - 1 : 0, last = back ? 0 : shown - 1, way = back ? -1 : 1;

    (void)n;
    if (s->parent && rows[s->at_parent].n == 0)
        return fail(e, E_NOT_FOUND, "there is no such %s", s->parent->singular);
    c->status = 200;
    buf_str(c->out, "{\"items\":[");
    for (int i = 0; i < shown; i++) {
        if (i > 0)
            buf_char(c->out, ',');
        render_object(c->out, page, first + i * way, 0, c->resource->fields, s->projection.n, s->projection.want);
    }
    buf_char(c->out, ']');
    write_cursor(c, s, "next", page, last, shown > 0 && (back || more), false);
    write_cursor(c, s, "prev", page, first, shown > 0 && (back ? more : s->cursor.given), true);
    if (s->at_count >= 0) {
        buf_str(c->out, ",\"count\":");
        buf_i64(c->out, whole ? shown : counted(c, s, &rows[s->at_count]));
    }
    buf_char(c->out, '}');
    return true;
}

/*
 * A sweep goes down the graph of foreign keys, one resource a step, parents before children: each step changes the rows that
 * refer to the rows changed before, found through the indexes of the foreign keys.  All of them carry one operation, which is
 * what restore brings back.  Feed rows are written at the end, for everything at once.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/trash.h"

#include "data/answer.h"
#include "data/parent.h"
#include "data/precondition.h"
#include "data/read.h"
#include "data/sql.h"
#include "pg/conn.h"

struct swept {                       /* one resource of the sweep */
    const struct resource *resource;
    struct uuid           *ids;
    int64_t               *versions;
    int                    n;
};

enum phase { PHASE_LOOKED, PHASE_PARENTS, PHASE_SWEEP, PHASE_DONE };

struct trash_state {
    struct uuid         id, op;
    struct precondition match;
    enum phase          phase;
    bool                restore;
    struct parent_set   parents;
    struct swept       *order;       /* the root first, every resource after all of its parents */
    int                 norder, at;
};

/* ---- the order ---- */

static bool placed(const struct trash_state *s, const struct resource *r)
{
    for (int i = 0; i < s->norder; i++) {
        if (s->order[i].resource == r)
            return true;
    }
    return false;
}

/* Post-order puts children first; it is turned round at the end. */
static void visit(struct trash_state *s, const struct resource *r, bool *seen, const struct model *m)
{
    seen[r - m->resources] = true;
    for (int i = 0; i < r->nchildren; i++) {
        if (!seen[r->children[i] - m->resources])
            visit(s, r->children[i], seen, m);
    }
    if (!placed(s, r))
        s->order[s->norder++].resource = r;
}

static void set_order(struct call *c, struct trash_state *s)
{
    const struct model *m = c->model;

    s->order = arena_array(c->arena, struct swept, m->nresources);
    visit(s, c->resource, arena_array(c->arena, bool, m->nresources), m);
    for (int i = 0; i < s->norder / 2; i++) {
        struct swept other = s->order[i];

        s->order[i] = s->order[s->norder - 1 - i];
        s->order[s->norder - 1 - i] = other;
    }
}

/* ---- one step ---- */

/* " AND (r.candidate_id = ANY ($3) OR ...)" for the rows changed so far; false: nothing can refer to them. */
static bool below(struct call *c, const struct trash_state *s, const struct resource *r, struct stmt *params, struct buf *b)
{
    const char *glue = " AND (";

    for (int i = 0; i < s->at; i++) {
        if (s->order[i].n == 0)
            continue;
        for (int k = 0; k < r->nfields; k++) {
            const struct field *f = &r->fields[k];

            if (!f->parent || f->parent->target != s->order[i].resource->table)
                continue;
            stmt_uuid_array(c->arena, params, s->order[i].ids, (size_t)s->order[i].n);
            buf_printf(b, "%sr.%s = ANY ($%d::uuid[])", glue, f->ident, params->n);
            glue = " OR ";
        }
    }
    buf_char(b, ')');
    return glue[1] == 'O';
}

/* A current row that comes back finds the place perhaps taken. */
static void set_restored(struct call *c, const struct resource *r, struct buf *b)
{
    buf_str(b, "deleted_at = NULL, purge_after = NULL, trash_op = NULL");
    if (catalog_column(r->table, SPAN("deleted_by")))
        buf_str(b, ", deleted_by = NULL");
    for (int i = 0; i < r->table->ncolumns; i++) {
        const struct column *col = &r->table->columns[i];
        const char *ident = pg_quote_ident(c->arena, col->name), *within;

        if (!col->current_within)
            continue;
        within = pg_quote_ident(c->arena, col->current_within);
        buf_printf(b, ", %s = r.%s AND NOT EXISTS (SELECT 1 FROM %s AS o WHERE o.org_id = $1::uuid AND o.%s = r.%s AND o.%s"
                   " AND o.deleted_at IS NULL)", ident, ident, r->table->qualified, within, within, ident);
    }
}

static void set_trashed(struct call *c, const struct resource *r, struct stmt *params, struct buf *b)
{
    static const struct uuid nobody;

    buf_printf(b, "deleted_at = now(), purge_after = now() + interval '%lld seconds', trash_op = $2::uuid", (long long)(c->trash_keep / USEC_S));
    if (!catalog_column(r->table, SPAN("deleted_by")))
        return;
    stmt_uuid(c->arena, params, uuid_eq(&c->key_id, &nobody) ? NULL : &c->key_id);
    buf_printf(b, ", deleted_by = $%d::uuid", params->n);
}

/* The UPDATE of the resource at s->at; false: no row can be meant. */
static bool sweep(struct call *c, const struct trash_state *s)
{
    const struct resource *r = s->order[s->at].resource;
    struct stmt params = { 0 }, *st;
    struct buf set = BUF(SQL_MAX), where = BUF(SQL_MAX);
    const char *sets, *wheres;
    bool any = true;

    stmt_uuid(c->arena, &params, &c->org);
    stmt_uuid(c->arena, &params, &s->op);
    if (s->at == 0) {
        stmt_uuid(c->arena, &params, &s->id);
        buf_str(&where, " AND r.id = $3::uuid");
    } else {
        any = below(c, s, r, &params, &where);
    }
    if (s->restore)
        set_restored(c, r, &set);
    else
        set_trashed(c, r, &params, &set);
    if (r->has_version)
        buf_str(&set, ", version = r.version + 1");
    if (r->has_updated)
        buf_str(&set, ", updated_at = now()");
    sets = sql_take(c->arena, &set);
    wheres = sql_take(c->arena, &where);
    if (!any)
        return false;
    st = plan_stmt(c, &c->plan, NULL, NULL);
    *st = params;
    st->sql = arena_printf(c->arena, "UPDATE %s AS r SET %s WHERE r.org_id = $1::uuid AND %s%s RETURNING %s", r->table->qualified, sets,
                           s->restore ? "r.trash_op = $2::uuid" : "r.deleted_at IS NULL", wheres, sql_returning(r));
    return true;
}

static void take(struct call *c, struct swept *to, const struct rows *r)
{
    to->n = r->n;
    to->ids = arena_array(c->arena, struct uuid, r->n);
    to->versions = arena_array(c->arena, int64_t, r->n);
    for (int i = 0; i < r->n; i++) {
        (void)rows_uuid(r, i, 0, &to->ids[i]);
        to->versions[i] = rows_null(r, i, 1) ? INT64_MIN : rows_i64(r, i, 1);
    }
}

/* ---- the end ---- */

static void feed(struct call *c, const struct trash_state *s)
{
    struct span *entity;
    struct uuid *ids, *entity_ids;
    int64_t *versions;
    size_t total = 0, n = 0;
    struct stmt *st;

    for (int i = 0; i < s->norder; i++)
        total += (size_t)s->order[i].n;
    ids = arena_array(c->arena, struct uuid, total);
    entity_ids = arena_array(c->arena, struct uuid, total);
    entity = arena_array(c->arena, struct span, total);
    versions = arena_array(c->arena, int64_t, total);
    for (int i = 0; i < s->norder; i++) {
        for (int k = 0; k < s->order[i].n; k++, n++) {
            ids[n] = uuid_v7();
            entity[n] = span_of(s->order[i].resource->name);
            entity_ids[n] = s->order[i].ids[k];
            versions[n] = s->order[i].versions[k];
        }
    }
    st = plan_stmt(c, &c->plan, "feed_many", "INSERT INTO keelson.change_feed (org_id, id, op, entity, entity_id, version)"
                   " SELECT $1::uuid, x.id, $2::text, x.entity, x.entity_id, x.version"
                   " FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::int8[]) AS x (id, entity, entity_id, version)");
    stmt_cstr(c->arena, st, s->restore ? "restore" : "delete");
    stmt_uuid_array(c->arena, st, ids, n);
    stmt_span_array(c->arena, st, entity, n, STMT_OID_TEXT);
    stmt_uuid_array(c->arena, st, entity_ids, n);
    stmt_int8_array(c->arena, st, versions, n);
}

static enum txn_next finish(struct call *c, struct trash_state *s)
{
    feed(c, s);
    read_stmt(c, &c->plan, &s->id, true, false);
    s->phase = PHASE_DONE;
    return TXN_MORE;
}

/* Go on with the next resource that can be meant. */
static enum txn_next go_on(struct call *c, struct trash_state *s)
{
    plan_next(&c->plan);
    for (; s->at < s->norder; s->at++) {
        if (sweep(c, s)) {
            s->phase = PHASE_SWEEP;
            return TXN_MORE;
        }
    }
    return finish(c, s);
}

static enum txn_next swept(struct call *c, struct trash_state *s, const struct rows *rows, struct err *e)
{
    if (s->at == 0 && rows[0].n == 0) {
        fail(e, E_BUSY_ROW, "the %s was changed by another request meanwhile", call_noun(c));
        return TXN_ROLLBACK;
    }
    take(c, &s->order[s->at++], &rows[0]);
    return go_on(c, s);
}

/* ---- delete ---- */

static enum txn_next trash_looked(struct call *c, struct trash_state *s, const struct rows *rows, struct err *e)
{
    if (rows[1].n == 0) {
        answer_missing(c, e);
        return TXN_ROLLBACK;
    }
    if (!precondition_check(c, &s->match, answer_version(c->resource, &rows[1], 0, 1), e))
        return TXN_ROLLBACK;
    return go_on(c, s);
}

static enum txn_next trash_step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct trash_state *s = c->state;

    (void)n;
    switch (s->phase) {
    case PHASE_LOOKED: return trash_looked(c, s, rows, e);
    case PHASE_SWEEP:  return swept(c, s, rows, e);
    case PHASE_PARENTS:
    case PHASE_DONE:   break;
    }
    return TXN_COMMIT;
}

static bool begin(struct call *c, struct plan *p, bool restore, struct err *e)
{
    struct trash_state *s = arena_new(c->arena, struct trash_state);

    if (!c->resource->has_trash)
        return fail(e, E_METHOD, "%s have no trash", c->resource->name);
    s->restore = restore;
    if (!call_uuid(c, 0, &s->id, e) || !call_params_done(c, e) || !precondition_parse(c->if_match, &s->match, e))
        return false;
    set_order(c, s);
    c->state = s;
    (void)p;
    return true;
}

bool trash_plan(struct call *c, struct plan *p, struct err *e)
{
    struct trash_state *s;

    if (!begin(c, p, false, e))
        return false;
    s = c->state;
    s->op = uuid_v7();
    stmt_uuid_array(c->arena, plan_stmt(c, p, c->resource->name_hold, c->resource->sql_hold), &s->id, 1);
    read_stmt(c, p, &s->id, false, false);
    p->step = trash_step;
    return true;
}


/* ---- restore ---- */

/* The parents are locked before the row itself is touched: a delete goes the same way down. */
static enum txn_next restore_looked(struct call *c, struct trash_state *s, const struct rows *rows, struct err *e)
{
    const struct rows *row = &rows[0];

    if (row->n == 0) {
        answer_missing(c, e);
        return TXN_ROLLBACK;
    }
    if (!precondition_check(c, &s->match, answer_version(c->resource, row, 0, 1), e))
        return TXN_ROLLBACK;
    if (rows[1].n == 0 || !rows_uuid(&rows[1], 0, 0, &s->op)) {
        fail(e, E_CONFLICT, "the %s is not in the trash", call_noun(c));
        return TXN_ROLLBACK;
    }
    parent_set(c, &s->parents);
    for (int i = 0; i < s->parents.n; i++) {
        struct parents *p = &s->parents.of[i];
        struct uuid id;

        if (p->target != c->resource && rows_uuid(row, 0, 1 + (int)(p->field - c->resource->fields), &id))
            parent_add_id(c, p, &id, json_pointer(c->arena, "", span_of(p->field->name)), 1);
    }
    plan_next(&c->plan);
    s->phase = PHASE_PARENTS;
    return parent_lock(c, &c->plan, &s->parents) > 0 ? TXN_MORE : go_on(c, s);
}

static enum txn_next restore_step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct trash_state *s = c->state;

    switch (s->phase) {
    case PHASE_LOOKED:  return restore_looked(c, s, rows, e);
    case PHASE_PARENTS: return parent_check(c, &s->parents, rows, n, e) ? go_on(c, s) : TXN_ROLLBACK;
    case PHASE_SWEEP:   return swept(c, s, rows, e);
    case PHASE_DONE:    break;
    }
    return TXN_COMMIT;
}

bool trash_restore_plan(struct call *c, struct plan *p, struct err *e)
{
    struct trash_state *s;

    if (!begin(c, p, true, e))
        return false;
    s = c->state;
    read_stmt(c, p, &s->id, true, false);
    stmt_uuid(c->arena, plan_stmt(c, p, NULL, arena_printf(c->arena, "SELECT r.trash_op FROM %s AS r WHERE r.org_id = $1::uuid"
                                                           " AND r.id = $2::uuid AND r.deleted_at IS NOT NULL",
                                                           c->resource->table->qualified)), &s->id);
    p->step = restore_step;
    return true;
}

bool trash_restore_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct projection eager = { .n = c->resource->neager };

    if (rows[n - 1].n == 0)
        return fail(e, E_INTERNAL, "the restored %s was not there afterwards", call_noun(c));
    return answer_object(c, 200, &rows[n - 1], 0, 1, &eager);
}

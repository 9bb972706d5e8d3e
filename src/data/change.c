/*
 * The row is locked, read, and rendered as a reader would see it; the patch is applied to that document; what differs
 * afterwards is validated and becomes an UPDATE of those columns alone.  A patch that changes nothing makes no version.
 *
 * Locking and reading are two statements: after a wait for the lock only the second sees the row and its parts as they are.
 * Parents are locked before the row, as everywhere, or two requests would wait for each other.  Which they are is known only
 * from the row, so a patch that may touch a reference looks at it once before.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/change.h"

#include <string.h>

#include "data/answer.h"
#include "data/current.h"
#include "data/parent.h"
#include "data/patch.h"
#include "data/precondition.h"
#include "data/read.h"
#include "data/revision.h"
#include "data/sql.h"
#include "pg/conn.h"

enum phase { PHASE_PEEKED, PHASE_LOCKED, PHASE_WRITTEN };

struct change_state {
    struct uuid          id;
    struct precondition  match;
    bool                 json_patch;
    enum phase           phase;
    struct revision      revision;
    struct parent_set    parents;        /* locked with the row */
    int                  nlocks;         /* statements that did */
};

/* ---- parents: of changed references, and of a row that becomes the current one ---- */

static bool becomes_current(const struct call *c, const struct change_state *s, const struct field *f)
{
    const struct json *v = json_find(s->revision.after, f->name);

    return f->column && f->column->current_within && s->revision.changed[f - c->resource->fields] && v && v->type == JSON_TRUE;
}

static bool needed(const struct call *c, const struct change_state *s, const struct field *reference)
{
    if (s->revision.changed[reference - c->resource->fields])
        return true;
    for (int i = 0; i < c->resource->nfields; i++) {
        const struct field *f = &c->resource->fields[i];

        if (becomes_current(c, s, f) && strcmp(f->column->current_within, reference->name) == 0)
            return true;
    }
    return false;
}

static void find_parents(struct call *c, const struct change_state *s, struct parent_set *out)
{
    parent_set(c, out);
    for (int i = 0; i < out->n; i++) {
        struct parents *p = &out->of[i];
        const struct json *v = json_find(s->revision.after, p->field->name);
        struct uuid id;

        if (needed(c, s, p->field) && v && v->type == JSON_STRING && uuid_parse(json_text(c->arena, v), &id))
            parent_add_id(c, p, &id, json_pointer(c->arena, "", span_of(p->field->name)), 1);
    }
}

/* Was everything that is needed now locked before? */
static bool covered(const struct parent_set *needed_now, const struct parent_set *locked)
{
    for (int i = 0; i < needed_now->n; i++) {
        const struct parents *now = &needed_now->of[i], *then = locked->n > 0 ? &locked->of[i] : NULL;

        if (now->nrefs > 0 && (!then || then->nrefs == 0 || !uuid_eq(&now->refs[0].id, &then->refs[0].id)))
            return false;
    }
    return true;
}

/* May this patch touch a reference, or make the row the current one? */
static bool touches_parents(const struct call *c, bool json_patch)
{
    for (int i = 0; i < c->resource->nfields; i++) {
        const struct field *f = &c->resource->fields[i];

        if (f->at_patch && f->column && (f->parent || f->column->current_within) && (json_patch || json_find(c->doc, f->name)))
            return true;
    }
    return false;
}

/* ---- the update ---- */

static void update(struct call *c, struct plan *p, const struct change_state *s)
{
    const struct resource *r = c->resource;
    struct buf set = BUF(SQL_MAX);
    struct uuid feed = uuid_v7();
    struct stmt *st;

    buf_printf(&set, "%s%s", r->has_version ? "version = r.version + 1" : "id = r.id", r->has_updated ? ", updated_at = now()" : "");
    revision_set(c->arena, r, &s->revision, &set);
    st = plan_stmt(c, p, NULL, arena_printf(c->arena,
        "WITH item AS (SELECT $3::jsonb AS j), made AS (UPDATE %s AS r SET %s FROM item WHERE r.org_id = $1::uuid AND r.id = $2::uuid"
        " RETURNING %s)%s SELECT count(*) FROM made", r->table->qualified, sql_take(c->arena, &set), sql_returning(r),
        sql_feed(c->arena, r, "update", "$4::uuid[]")));
    stmt_uuid(c->arena, st, &s->id);
    stmt_text(c->arena, st, revision_item(c->arena, c->resource, &s->revision, &s->id, false));
    stmt_uuid_array(c->arena, st, &feed, 1);
}

static void give_way(struct call *c, struct plan *p, const struct change_state *s)
{
    for (int i = 0; i < c->resource->nfields; i++) {
        const struct field *f = &c->resource->fields[i];
        struct uuid parent;

        if (becomes_current(c, s, f) && current_parent(c, f->column, s->revision.after, &parent))
            current_stmt(c, p, f->column, &parent, 1);
    }
}

static void replace_parts(struct call *c, struct plan *p, const struct change_state *s)
{
    for (int i = 0; i < c->resource->nfields; i++) {
        const struct part *part = c->resource->fields[i].part;

        if (!part || !s->revision.changed[i])
            continue;
        stmt_uuid(c->arena, plan_stmt(c, p, NULL, part->sql_delete), &s->id);
        stmt_text(c->arena, plan_stmt(c, p, NULL, part->sql_insert), revision_item(c->arena, c->resource, &s->revision, &s->id, true));
    }
}

static void write(struct call *c, struct change_state *s)
{
    plan_next(&c->plan);
    give_way(c, &c->plan, s);
    update(c, &c->plan, s);
    replace_parts(c, &c->plan, s);
    read_stmt(c, &c->plan, &s->id, false, true);
    s->phase = PHASE_WRITTEN;
}

/* ---- steps ---- */

static void lock(struct call *c, struct plan *p, struct change_state *s)
{
    s->nlocks = parent_lock(c, p, &s->parents);
    stmt_uuid_array(c->arena, plan_stmt(c, p, c->resource->name_hold, c->resource->sql_hold), &s->id, 1);
    read_stmt(c, p, &s->id, false, true);
    s->phase = PHASE_LOCKED;
}

static bool look(struct call *c, struct change_state *s, const struct rows *row, struct err *e)
{
    if (row->n == 0)
        return answer_missing(c, e);
    return precondition_check(c, &s->match, answer_version(c->resource, row, 0, 1), e)
        && revision_make(c, c->resource, row, 1, s->json_patch ? patch_json : patch_merge, c->doc, &s->revision, e);
}

static enum txn_next peeked(struct call *c, struct change_state *s, const struct rows *row, struct err *e)
{
    if (!look(c, s, row, e))
        return TXN_ROLLBACK;
    if (!s->revision.any)
        return TXN_COMMIT;
    find_parents(c, s, &s->parents);
    plan_next(&c->plan);
    lock(c, &c->plan, s);
    return TXN_MORE;
}

static enum txn_next locked(struct call *c, struct change_state *s, const struct rows *rows, int n, struct err *e)
{
    struct parent_set now;

    if (!look(c, s, &rows[n - 1], e))
        return TXN_ROLLBACK;
    if (!s->revision.any)
        return TXN_COMMIT;
    find_parents(c, s, &now);
    if (!covered(&now, &s->parents)) {
        fail(e, E_BUSY_ROW, "the %s was changed by another request meanwhile", call_noun(c));
        return TXN_ROLLBACK;
    }
    if (!parent_check(c, &s->parents, rows, s->nlocks, e))
        return TXN_ROLLBACK;
    write(c, s);
    return TXN_MORE;
}

static enum txn_next step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct change_state *s = c->state;

    switch (s->phase) {
    case PHASE_PEEKED:  return peeked(c, s, &rows[0], e);
    case PHASE_LOCKED:  return locked(c, s, rows, n, e);
    case PHASE_WRITTEN: break;
    }
    return TXN_COMMIT;
}

bool change_plan(struct call *c, struct plan *p, struct err *e)
{
    struct change_state *s = arena_new(c->arena, struct change_state);
    struct span type = c->content_type;

    if (c->resource->created_elsewhere)
        return fail(e, E_METHOD, "%s are changed inside what they belong to", c->resource->name);
    if (!call_uuid(c, 0, &s->id, e) || !call_params_done(c, e) || !precondition_parse(c->if_match, &s->match, e) ||
        (c->resource->has_version && !precondition_required(c, &s->match, e)))
        return false;
    s->json_patch = span_ieq(span_trim(span_cut(&type, ';')), SPAN("application/json-patch+json"));
    if (touches_parents(c, s->json_patch))
        read_stmt(c, p, &s->id, false, true);
    else
        lock(c, p, s);
    p->step = step;
    c->state = s;
    return true;
}

bool change_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct projection eager = { .n = c->resource->neager };

    if (rows[n - 1].n == 0)
        return fail(e, E_INTERNAL, "the changed %s was not there afterwards", call_noun(c));
    return answer_object(c, 200, &rows[n - 1], 0, 1, &eager);
}

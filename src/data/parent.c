/*
 * Parents are looked at after they were locked and before anything is written, so what is missing is found as a row that
 * did not come, not as an error that undoes a transaction.  FOR SHARE keeps a parent from going to the trash meanwhile; who
 * counts within a parent holds it for itself.  Rows are locked in order of field and id, so that two requests cannot wait
 * for each other.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/parent.h"

#include <string.h>

static bool counted_within(const struct resource *r, const char *column)
{
    for (int i = 0; i < r->table->ncolumns; i++) {
        const struct column *c = &r->table->columns[i];

        if ((c->number_within && strcmp(c->number_within, column) == 0) || (c->current_within && strcmp(c->current_within, column) == 0))
            return true;
    }
    return false;
}

void parent_set(struct call *c, struct parent_set *out)
{
    const struct resource *r = c->resource;

    *out = (struct parent_set){ .of = arena_array(c->arena, struct parents, r->nfields) };
    for (int i = 0; i < r->nfields; i++) {
        const struct field *f = &r->fields[i];
        const struct resource *target = f->parent ? model_of_table(c->model, f->parent->target) : NULL;

        if (target && f->at_create)
            out->of[out->n++] = (struct parents){ .field = f, .target = target, .hold = counted_within(r, f->name) };
    }
}

void parent_add_id(struct call *c, struct parents *p, const struct uuid *id, const char *pointer, int room)
{
    if (!p->refs)
        p->refs = arena_array(c->arena, struct parent_ref, room);
    p->refs[p->nrefs++] = (struct parent_ref){ *id, pointer };
}

void parent_add(struct call *c, struct parent_set *set, const struct json *object, const char *pointer, int room)
{
    for (int i = 0; i < set->n; i++) {
        struct parents *p = &set->of[i];
        const struct json *v = json_find(object, p->field->name);
        struct uuid id;

        if (v && v->type == JSON_STRING && uuid_parse(json_text(c->arena, v), &id))
            parent_add_id(c, p, &id, json_pointer(c->arena, pointer, span_of(p->field->name)), room);
    }
}

int parent_lock(struct call *c, struct plan *plan, const struct parent_set *set)
{
    int n = 0;

    for (int i = 0; i < set->n; i++) {
        const struct parents *p = &set->of[i];
        struct uuid *ids;
        struct stmt *s;

        if (p->nrefs == 0)
            continue;
        ids = arena_array(c->arena, struct uuid, p->nrefs);
        for (int k = 0; k < p->nrefs; k++)
            ids[k] = p->refs[k].id;
        s = plan_stmt(c, plan, p->hold ? p->target->name_hold : p->target->name_share,
                      p->hold ? p->target->sql_hold : p->target->sql_share);
        stmt_uuid_array(c->arena, s, ids, (size_t)p->nrefs);
        n++;
    }
    return n;
}

/* The row of an id; rows come in order of id.  -1: none. */
static int find(const struct rows *r, const struct uuid *id)
{
    int low = 0, high = r->n;

    while (low < high) {
        int mid = low + (high - low) / 2;
        struct uuid at = { 0 };
        int order;

        (void)rows_uuid(r, mid, 0, &at);
        order = uuid_cmp(&at, id);
        if (order == 0)
            return mid;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return -1;
}

static bool trashed(const struct call *c, const struct parents *p, const char *pointer, struct err *e)
{
    if (e->faults)
        return false;
    fault_add(e, c->arena, pointer, "reference", "names a %s that is in the trash", p->target->singular);
    return fail(e, E_TRASHED_PARENT, "the %s is in the trash; restore it first", p->target->singular);
}

bool parent_check(struct call *c, const struct parent_set *set, const struct rows *rows, int n, struct err *e)
{
    const struct parents *in_trash = NULL;
    const char *where = NULL;
    int faults = 0, at = 0;

    for (int i = 0; i < set->n && at < n; i++) {
        const struct parents *p = &set->of[i];

        if (p->nrefs == 0)
            continue;
        for (int k = 0; k < p->nrefs; k++) {
            int row = find(&rows[at], &p->refs[k].id);

            if (row < 0 && faults++ < 100)
                fault_add(e, c->arena, p->refs[k].pointer, "reference", "names no %s", p->target->singular);
            if (row >= 0 && !in_trash && rows_bool(&rows[at], row, 1)) {
                in_trash = p;
                where = p->refs[k].pointer;
            }
        }
        at++;
    }
    if (faults > 0)
        return fail(e, E_INPUT, faults == 1 ? "a reference names nothing that is there" : "references name nothing that is there");
    return !in_trash || trashed(c, in_trash, where, e);
}

/*
 * The pool's errors hold a SQLSTATE and the name of a constraint, never a value.  The catalog knows which columns that is
 * about, and the model which field of the body they come from.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/explain.h"

#include <string.h>

#include "data/resource.h"

/* The field a client knows: of a normalized copy its source; NULL when there is none. */
static const struct field *field_of(const struct resource *r, const char *column)
{
    const struct column *c = catalog_column(r->table, span_of(column));

    return resource_field(r, span_of(c && c->normalized_from ? c->normalized_from : column));
}

static const char *pointer_of(struct call *c, const char *name)
{
    return json_pointer(c->arena, "", span_of(name));
}

/* Whose constraint it is: also one below the resource can be in the way, in a part or when a restore brings it back. */
static const struct part *part_of(const struct call *c, const struct table *t)
{
    for (int i = 0; i < c->resource->nparts; i++) {
        if (c->resource->parts[i].table == t)
            return &c->resource->parts[i];
    }
    return NULL;
}

static const struct table *table_of_key(const struct call *c, const struct key *k)
{
    const struct catalog *cat = c->model->catalog;

    for (int i = 0; k && i < cat->ntables; i++) {
        if (k >= cat->tables[i].keys && k < cat->tables[i].keys + cat->tables[i].nkeys)
            return &cat->tables[i];
    }
    return NULL;
}

static const struct table *table_of_check(const struct call *c, const struct check *k)
{
    const struct catalog *cat = c->model->catalog;

    for (int i = 0; k && i < cat->ntables; i++) {
        if (k >= cat->tables[i].checks && k < cat->tables[i].checks + cat->tables[i].nchecks)
            return &cat->tables[i];
    }
    return NULL;
}

static const char *part_member(const struct call *c, const struct part *p)
{
    for (int i = 0; i < c->resource->nfields; i++) {
        if (c->resource->fields[i].part == p)
            return c->resource->fields[i].name;
    }
    return "";
}

/* Of several columns the one that is no reference says it best: a number among the rows of a parent. */
static const struct field *best_field(const struct resource *r, const struct key *k)
{
    const struct field *best = NULL;

    for (int i = 0; i < k->ncolumns; i++) {
        const struct field *f = field_of(r, k->columns[i]);

        if (f && (!best || (best->parent && !f->parent)))
            best = f;
    }
    return best;
}

static void taken(struct call *c, const char *constraint, struct err *e)
{
    const struct key *k = catalog_key(c->model->catalog, constraint);
    const struct table *t = table_of_key(c, k);
    const struct part *p = part_of(c, t);
    const struct resource *r = t ? model_of_table(c->model, t) : NULL;
    const struct field *f = r ? best_field(r, k) : NULL;

    if (p) {
        fault_add(e, c->arena, pointer_of(c, part_member(c, p)), "taken", "has the same %s twice", k->columns[k->ncolumns - 1]);
        fail(e, E_DUPLICATE, "%s has the same %s twice", part_member(c, p), k->columns[k->ncolumns - 1]);
    } else if (f && r == c->resource) {
        fault_add(e, c->arena, pointer_of(c, f->name), "taken", "is already taken");
        fail(e, E_DUPLICATE, "%s is already taken", f->name);
    } else if (f) {
        fail(e, E_DUPLICATE, "%s of a %s is already taken", f->name, r->singular);
    } else {
        fail(e, E_DUPLICATE, "something that must be unique is already taken");
    }
}

static void refused(struct call *c, const char *constraint, struct err *e)
{
    const struct check *k = catalog_check(c->model->catalog, constraint);
    const struct table *t = table_of_check(c, k);
    const struct part *p = part_of(c, t);
    const struct field *f = t == c->resource->table && k && k->ncolumns > 0 ? field_of(c->resource, k->columns[0]) : NULL;

    if (p)
        fault_add(e, c->arena, pointer_of(c, part_member(c, p)), "check", "has a %s that is not accepted", k->columns[0]);
    else if (f && f->column && f->column->doc)
        fault_add(e, c->arena, pointer_of(c, f->name), "check", "is not accepted or too large; it is: %s", f->column->doc);
    else if (f)
        fault_add(e, c->arena, pointer_of(c, f->name), "check", "is not accepted or too large");
    else
        fault_add(e, c->arena, "", "check", "breaks a rule of the schema");
    fail(e, E_INPUT, "1 field is not valid");
}

static void missing(struct call *c, const char *constraint, struct err *e)
{
    const struct foreign_key *k = catalog_foreign_key(c->model->catalog, constraint);
    const struct table *t = c->resource->table;

    if (!k || k < t->fks || k >= t->fks + t->nfks || !k->column)
        return;
    fault_add(e, c->arena, pointer_of(c, k->column), "reference", "names nothing that is there");
    fail(e, E_INPUT, "what %s refers to is not there", k->column);
}

/* A value that no check here could judge, because its type is one that travels as text. */
static void unfit(struct call *c, struct err *e)
{
    if (strcmp(c->method, "GET") == 0) {
        fail(e, E_PARAMETER, "the value of a filter does not fit the type of its field");
        return;
    }
    fault_add(e, c->arena, "", "type", "has a value that does not fit the type of its field");
    fail(e, E_INPUT, "1 field is not valid");
}

void explain_error(struct call *c, struct err *e)
{
    const char *name = arena_strdup(c->arena, span_of(e->message));

    if (!c->resource || e->faults)
        return;
    if (strcmp(e->sqlstate, "23505") == 0) {
        taken(c, name, e);
    } else if (strcmp(e->sqlstate, "23514") == 0) {
        refused(c, name, e);
    } else if (strcmp(e->sqlstate, "23503") == 0) {
        missing(c, name, e);
    } else if (strcmp(e->sqlstate, "23502") == 0) {
        fault_add(e, c->arena, pointer_of(c, name), "null", "must not be null");
        fail(e, E_INPUT, "1 field is not valid");
    } else if (strncmp(e->sqlstate, "22", 2) == 0) {
        unfit(c, e);
    }
}

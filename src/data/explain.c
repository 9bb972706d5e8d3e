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

static const struct part *part_of(const struct call *c, const struct check *wanted)
{
    for (int i = 0; i < c->resource->nparts; i++) {
        const struct table *t = c->resource->parts[i].table;

        if (wanted >= t->checks && wanted < t->checks + t->nchecks)
            return &c->resource->parts[i];
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
static void taken(struct call *c, const char *constraint, struct err *e)
{
    const struct key *k = catalog_key(c->model->catalog, constraint);
    const struct field *best = NULL;

    for (int i = 0; k && i < k->ncolumns; i++) {
        const struct field *f = field_of(c->resource, k->columns[i]);

        if (f && (!best || (best->parent && !f->parent)))
            best = f;
    }
    if (!best) {
        fail(e, E_DUPLICATE, "something that must be unique is given twice");
        return;
    }
    fault_add(e, c->arena, pointer_of(c, best->name), "taken", "is already taken");
    fail(e, E_DUPLICATE, "%s is already taken", best->name);
}

static void refused(struct call *c, const char *constraint, struct err *e)
{
    const struct check *k = catalog_check(c->model->catalog, constraint);
    const struct part *p = k ? part_of(c, k) : NULL;
    const struct field *f = k && k->ncolumns > 0 && !p ? field_of(c->resource, k->columns[0]) : NULL;

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
    }
}

/*
 * Builds the model from the catalog, once.  A table is served when its comment says @resource(name), it starts its key with
 * org_id, has a uuid named id, and row level security is forced; anything less is named and refused, because serving it
 * would show one organization the rows of another.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/resource.h"

#include <string.h>

#include "data/conversation.h"
#include "data/read.h"
#include "data/sql.h"
#include "pg/query.h"

const struct field *resource_field(const struct resource *r, struct span name)
{
    for (int i = 0; i < r->nfields; i++) {
        if (r->fields[i].kind != FIELD_EXACT && span_is(name, r->fields[i].name))
            return &r->fields[i];
    }
    return NULL;
}

const struct field *resource_link(const struct resource *r, const struct resource *to)
{
    for (int i = 0; i < r->nfields; i++) {
        if (r->fields[i].parent && r->fields[i].parent->target == to->table && r->table != to->table)
            return &r->fields[i];
    }
    return NULL;
}

static int field_at(const struct resource *r, const char *name)
{
    const struct field *f = resource_field(r, span_of(name));

    return f ? (int)(f - r->fields) : -1;
}

static const char *singular(struct arena *a, const char *name)
{
    struct span s = span_of(name);

    if (span_ends(s, SPAN("ies")))
        return arena_printf(a, "%.*sy", (int)s.n - 3, name);
    if (span_ends(s, SPAN("ss")) || !span_ends(s, SPAN("s")))
        return name;
    return arena_strdup(a, (struct span){ s.p, s.n - (span_ends(s, SPAN("sses")) ? 2 : 1) });
}

static bool servable(const struct table *t, struct err *e)
{
    const struct column *id = catalog_column(t, SPAN("id"));

    if (!t->has_org)
        return fail(e, E_DATABASE, "table %s is tagged @resource(%s) but has no column org_id", t->qualified, t->resource);
    if (!id || id->type != OID_UUID || !id->not_null)
        return fail(e, E_DATABASE, "table %s is tagged @resource(%s) but has no column id of type uuid", t->qualified, t->resource);
    if (!t->row_security || !t->force_row_security)
        return fail(e, E_DATABASE, "table %s is tagged @resource(%s) but does not force row level security", t->qualified, t->resource);
    return true;
}

/* ---- one resource ---- */

static const struct key *primary(const struct table *t)
{
    for (int i = 0; i < t->nkeys; i++) {
        if (t->keys[i].primary)
            return &t->keys[i];
    }
    return NULL;
}

static bool keyed_by_id(const struct table *t)
{
    const struct key *k = primary(t);

    return k && k->ncolumns == 2 && strcmp(k->columns[0], "org_id") == 0 && strcmp(k->columns[1], "id") == 0;
}

static void add_fields(struct arena *a, struct resource *r, bool lazy)
{
    for (int i = 0; i < r->table->ncolumns; i++) {
        const struct column *c = &r->table->columns[i];

        if (c->lazy == lazy && field_build(a, r->table, c, false, &r->fields[r->nfields]))
            r->nfields++;
    }
}

/* What is rendered in place of other fields is wanted before them. */
static void exact_first(struct resource *r)
{
    for (int i = 1; i < r->nfields; i++) {
        struct field exact = r->fields[i];

        if (exact.kind != FIELD_EXACT)
            continue;
        memmove(&r->fields[1], &r->fields[0], (size_t)i * sizeof exact);
        r->fields[0] = exact;
    }
}

static void add_part(struct arena *a, struct resource *r, const struct table *t)
{
    struct part *p = &r->parts[r->nparts++];

    *p = (struct part){ .table = t, .owner = "" };
    p->fields = arena_array(a, struct field, t->ncolumns);
    for (int i = 0; i < t->nfks; i++) {
        if (t->fks[i].target == r->table && t->fks[i].column)
            p->owner = t->fks[i].column;
    }
    for (int i = 0; i < t->ncolumns; i++) {
        if (strcmp(t->columns[i].name, p->owner) != 0 && field_build(a, t, &t->columns[i], true, &p->fields[p->nfields]))
            p->nfields++;
    }
    sql_part(a, p, t->part_field);
    r->fields[r->nfields++] = (struct field){
        .name = t->part_field, .part = p, .kind = FIELD_PART, .at_create = true, .at_patch = true,
        .label = span_of(arena_printf(a, "\"%s\":", t->part_field)), .select = sql_part_select(a, p, t->part_field),
    };
}

/* As many as there are tables is enough room for parts. */
static void add_members(struct arena *a, const struct catalog *c, struct resource *r)
{
    r->fields = arena_array(a, struct field, r->table->ncolumns + c->ntables);
    r->parts = arena_array(a, struct part, c->ntables);
    add_fields(a, r, false);
    exact_first(r);
    for (int i = 0; i < c->ntables; i++) {
        if (c->tables[i].part_of && strcmp(c->tables[i].part_of, r->name) == 0)
            add_part(a, r, &c->tables[i]);
    }
    r->neager = r->nfields;
    add_fields(a, r, true);
}

static void set_states(struct arena *a, const struct catalog *c, struct resource *r)
{
    const char **initial = arena_array(a, const char *, c->ntransitions);

    for (int i = 0; i < c->ntransitions; i++) {
        if (strcmp(c->transitions[i].entity, r->name) != 0)
            continue;
        r->has_status = r->at_status >= 0;
        if (c->transitions[i].from[0] == '\0')
            initial[r->ninitial++] = c->transitions[i].to;
    }
    r->initial = initial;
    if (r->has_status)
        r->fields[r->at_status].at_patch = false;
}

/* created_at, id; where rows are keyed otherwise, the order of their key, which is the only index there is. */
static void set_order(struct resource *r)
{
    const struct key *k = primary(r->table);
    const struct field *f;

    if (r->created_elsewhere) {
        for (int i = 0; k && i < k->ncolumns && r->norder < ORDER_MAX; i++) {
            if ((f = resource_field(r, span_of(k->columns[i]))) != NULL)
                r->order[r->norder++] = (struct order){ f, false };
        }
        return;
    }
    if ((f = resource_field(r, SPAN("created_at"))) != NULL)
        r->order[r->norder++] = (struct order){ f, false };
    r->order[r->norder++] = (struct order){ resource_field(r, SPAN("id")), false };
}

static void build(struct arena *a, const struct catalog *c, const struct table *t, struct resource *r)
{
    *r = (struct resource){ .name = t->resource, .singular = singular(a, t->resource), .table = t };
    r->created_elsewhere = !keyed_by_id(t);
    add_members(a, c, r);
    r->at_id = field_at(r, "id");
    r->at_version = field_at(r, "version");
    r->at_event = field_at(r, "last_event_no");
    r->at_status = field_at(r, "status");
    r->at_trashed = field_at(r, "deleted_at");
    r->has_version = r->at_version >= 0;
    r->has_updated = catalog_column(t, SPAN("updated_at")) != NULL;
    r->has_trash = r->at_trashed >= 0 && catalog_column(t, SPAN("trash_op")) && catalog_column(t, SPAN("purge_after"));
    set_states(a, c, r);
    set_order(r);
    sql_build(a, r);
    read_kinds(a, r);
}

static void connect(struct arena *a, struct model *m, struct resource *r)
{
    r->children = arena_array(a, struct resource *, m->nresources);
    for (int i = 0; i < m->nresources; i++) {
        if (m->resources[i].has_trash && resource_link(&m->resources[i], r))
            r->children[r->nchildren++] = &m->resources[i];
    }
}

bool model_build(struct arena *a, const struct catalog *c, struct model **out, struct err *e)
{
    struct model *m = arena_new(a, struct model);

    m->catalog = c;
    m->resources = arena_array(a, struct resource, c->ntables);
    for (int i = 0; i < c->ntables; i++) {
        const struct table *t = &c->tables[i];

        if (!t->resource)
            continue;
        if (model_find(m, span_of(t->resource)))
            return fail(e, E_DATABASE, "two tables are tagged @resource(%s)", t->resource);
        if (!servable(t, e))
            return false;
        build(a, c, t, &m->resources[m->nresources++]);
    }
    for (int i = 0; i < m->nresources; i++)
        connect(a, m, &m->resources[i]);
    m->conversation = conversation_build(a, m);
    *out = m;
    return true;
}

struct resource *model_find(const struct model *m, struct span name)
{
    for (int i = 0; i < m->nresources; i++) {
        if (span_is(name, m->resources[i].name))
            return &m->resources[i];
    }
    return NULL;
}

struct resource *model_of_table(const struct model *m, const struct table *t)
{
    for (int i = 0; i < m->nresources; i++) {
        if (m->resources[i].table == t)
            return &m->resources[i];
    }
    return NULL;
}

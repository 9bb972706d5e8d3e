/*
 * Resources: what the catalog says may be served, with the SQL that follows from it, made once at start.
 *
 * In all statements $1 is the organization, `r` the row of the resource and `item.j` the object a client gave.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_RESOURCE_H
#define KEELSON_DATA_RESOURCE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"
#include "data/field.h"
#include "pg/pool.h"
#include "schema/catalog.h"

/* Rows of another table that are an array member of a resource: @part. */
struct part {
    const struct table *table;
    const char         *owner;           /* the column that refers to the resource */
    struct field       *fields;  int nfields;
    const char         *sql_insert;      /* $2 jsonb array of objects with "id" and the array */
    const char         *sql_delete;      /* $2 id of the resource's row */
};

struct order { const struct field *field; bool desc; };

#define ORDER_MAX 4

struct resource {
    const char         *name;            /* "candidates": path, and entity in state_transitions */
    const char         *singular;        /* "candidate" */
    const struct table *table;
    struct field       *fields;          int nfields;        /* everything rendered; @lazy ones last */
    int                 neager;          /* fields before the first @lazy */
    int                 at_id, at_version, at_event, at_status, at_trashed;   /* indexes into fields; -1: has none */
    bool                has_version, has_trash, has_status, has_updated;
    struct part        *parts;           int nparts;
    struct resource   **children;        int nchildren;      /* those with a trash whose foreign key points here */
    bool                created_elsewhere;   /* messages: only inside their session; neither changed nor deleted alone */
    const char *const  *initial;         int ninitial;       /* states an object may be created in */
    struct order        order[ORDER_MAX];    int norder;     /* of lists, unless asked otherwise */

    struct batch_kind   read_eager, read_all;    /* GET by id: without and with the @lazy fields */
    const char *columns_eager, *columns_all;     /* select lists over r */
    const char *live;                    /* condition over r: not in the trash, nor is what it lives in */
    /* prepared SQL, with the names it is prepared under */
    const char *sql_read,     *name_read;        /* $2 int4[] index, $3 uuid[] id, $4 bool[] trashed ones too */
    const char *sql_read_all, *name_read_all;
    const char *sql_one,      *name_one;         /* $2 id: the same for a live one alone, without the cost of a list */
    const char *sql_insert,   *name_insert;      /* $2 jsonb array, $3 uuid[] for the feed */
    const char *sql_move,     *name_move;        /* a transition: $2 id, $3 to, $4 text[] from, $5 reason, $6 int8[] versions or null,
                                                    $7 uuid[] for the feed; its id if it was moved.  NULL: has no lifecycle */
    const char *sql_share,    *name_share;       /* $2 uuid[]: id, in the trash?, locked FOR SHARE in order of id */
    const char *sql_hold,     *name_hold;        /* the same FOR NO KEY UPDATE */
    const char *sql_list,     *name_list;        /* $2 limit: first page, nothing asked for */
};

struct model {
    const struct catalog *catalog;
    struct resource      *resources;     int nresources;
    const struct conversation *conversation;    /* messages of sessions; NULL: they are not served */
};

/* Everything refers to `c`, which must live as long.  E_DATABASE names a table that cannot be served as its comment asks. */
MUST_CHECK bool model_build(struct arena *a, const struct catalog *c, struct model **out, struct err *e);
struct resource *model_find(const struct model *m, struct span name);
struct resource *model_of_table(const struct model *m, const struct table *t);

const struct field *resource_field(const struct resource *r, struct span name);     /* NULL: has none */
/* The field whose foreign key points to the other resource; NULL: there is none. */
const struct field *resource_link(const struct resource *r, const struct resource *to);

#endif

/*
 * Resources: what the catalog says may be served, with the SQL that follows from it, made once at start.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_RESOURCE_H
#define KEELSON_DATA_RESOURCE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "schema/catalog.h"

struct resource {
    const char         *name;            /* "candidates": path, and entity in state_transitions */
    const char         *singular;        /* "candidate" */
    const struct table *table;
    const struct column **shown;         int nshown;      /* rendered, in order; @lazy ones last */
    int                 nshown_default;
    bool                has_version, has_trash, has_status;
    struct resource   **children;        int nchildren;   /* resources whose foreign key points here */
    const struct foreign_key **parents;  int nparents;    /* to other resources */
    bool                created_elsewhere;   /* messages: only inside their session */
    const char *const  *initial;         int ninitial;    /* states an object may be created in */
    /* prepared SQL, made from the catalog at start */
    const char *sql_read, *sql_insert, *sql_lock;
    const char *name_read, *name_insert, *name_lock;      /* prepared statement names */
};

struct model {
    const struct catalog *catalog;
    struct resource      *resources;     int nresources;
};

MUST_CHECK bool model_build(struct arena *a, const struct catalog *c, struct model **out, struct err *e);
struct resource *model_find(const struct model *m, struct span name);

#endif

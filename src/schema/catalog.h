/*
 * What the database is, read back from its catalog: tables, columns, keys, checks, indexes, comments with their tags.
 * One read, then plain memory.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SCHEMA_CATALOG_H
#define KEELSON_SCHEMA_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "pg/conn.h"

/*
 * Tags are words in a comment: "@resource(candidates) @pii Text for people".  The text without tags is the description.
 *   table:   @resource(name)
 *   column:  @readonly  set by the service only        @filter   may be filtered and ordered by; jsonb: containment
 *            @pii       personal data                  @hidden   never rendered, never written
 *            @lazy      rendered only when `fields` names it     @create  may be given at creation, not changed later
 *            @exact     bytea, a JSON object: its members are rendered, as they are spelled, instead of the columns of the same name
 *            @number(parent_column)   numbered 1, 2, 3 ... among the rows with the same parent when not given
 *            @normalized(column)      the service keeps trim + lower case of that column here
 *            @current(parent_column)  boolean: at most one row per parent has it; a new current row takes it from the old one
 *            @on(state,state)         timestamptz: set when the status first becomes one of these
 *            @reason                  text: the reason given with the last transition
 *   table:   @part(resource,field)    rows that are an array field of a resource: written and read with it (assessment_scores)
 */
struct column {
    const char *name;
    const char *doc;
    uint32_t    type;            /* oid of the type; domains: of their base */
    const char *type_name;       /* as format_type() spells it */
    int         attnum;
    bool        not_null, generated, has_default;
    const char *default_sql;     /* NULL: none */
    bool        readonly, filter, pii, hidden, lazy, exact, create, writable;   /* writable: the service role may insert or update it */
    const char *number_within, *normalized_from, *current_within;    /* NULL: not tagged */
    const char *const *on_states; int non_states;    /* @on */
    bool        reason;          /* @reason */
    /* from single-column CHECKs the catalog reader understands */
    const char *const *allowed; int nallowed;        /* col = ANY (ARRAY[...]) */
    const char *json_kind;       /* jsonb_typeof(col) = 'object' | 'array' */
    int64_t     min, max;        /* of the value (numbers) or its length (text); INT64_MIN / INT64_MAX: none */
    const char *pattern;         /* col ~ '...' */
};

struct foreign_key {
    const char   *name;
    struct table *target;
    const char   *column;        /* the referencing column besides org_id */
    bool          required;
};

struct key {                     /* primary or unique: constraint or index */
    const char  *name;
    const char *const *columns; int ncolumns;        /* org_id included */
    bool         primary;
};

struct check {                   /* a CHECK constraint, for messages */
    const char  *name;
    const char *const *columns; int ncolumns;
};

struct table {
    const char *schema, *name;
    const char *qualified;       /* "keelson"."candidates", quoted where needed */
    const char *resource;        /* NULL: not served */
    const char *part_of, *part_field;   /* @part; NULL: is none */
    const char *doc;
    struct column      *columns;  int ncolumns;
    struct foreign_key *fks;      int nfks;
    struct key         *keys;     int nkeys;
    struct check       *checks;   int nchecks;
    bool        row_security, force_row_security;
    bool        has_org;
};

struct transition { const char *entity, *from, *to; bool needs_reason; };   /* from "": may be created in this state */

struct finder { const char *table, *column, *qualified; };  /* keelson.find_<table>_<column>(org uuid, q, lim int) returns setof uuid */

struct catalog {
    struct table      *tables;      int ntables;
    struct transition *transitions; int ntransitions;
    struct finder     *finders;     int nfinders;
    int                server_version;
};

/* Tables of all schemas but the system's.  E_DATABASE "not migrated" when keelson's own are missing. */
MUST_CHECK bool catalog_read(struct pg_conn *c, struct arena *a, struct catalog *out, struct err *e);

/* By bare name; one of schema keelson wins over an application's.  NULL: there is none. */
struct table  *catalog_table(const struct catalog *c, const char *name);
struct column *catalog_column(const struct table *t, struct span name);
/* What a constraint is about, for messages; NULL: no such key, check or foreign key. */
const struct key         *catalog_key(const struct catalog *c, const char *constraint);
const struct check       *catalog_check(const struct catalog *c, const char *constraint);
const struct foreign_key *catalog_foreign_key(const struct catalog *c, const char *constraint);
const struct finder      *catalog_finder(const struct catalog *c, const struct table *t, const char *column);

#endif

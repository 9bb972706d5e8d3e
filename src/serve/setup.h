/*
 * Preparing a PostgreSQL of somebody's own, as `keelson init` does it: in steps, so that what one of them made is written down
 * before the next begins.  Every step may be repeated; what is there already stays as it is.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_SETUP_H
#define KEELSON_SERVE_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "pg/conn.h"
#include "serve/tenant.h"

struct setup {
    struct arena           *arena;
    const struct pg_target *target;         /* the owner's */
    struct pg_conn         *login;          /* as who KEELSON_OWNER_URL names */
    struct pg_conn         *owner;          /* as keelson_owner, once there is one */
    /* found by setup_open() */
    const char             *me, *database;
    bool                    may_create;     /* roles */
    int64_t                 roles;          /* of our three that exist */
    bool                    had_service;    /* keelson_api was there */
    bool                    wants_admin;    /* what failed needs more rights than `me` has: setup_admin_sql() says what to run */
    /* made */
    const char             *service_url;    /* with the new password; NULL: the password was not changed */
    bool                    clear_text;     /* the provider took the password only in clear text */
    int                     migrations, applied;
    struct tenant_org       org;
    bool                    org_made;
    char                    key[KEY_TEXT + 1];          /* "" when no key was made */
    struct tenant_key       made;
};

/* Connect and look.  E_USAGE: a transaction pooler; E_DATABASE: too old, or unfit otherwise; E_READ_ONLY: a standby. */
MUST_CHECK bool setup_open(struct setup *s, struct err *e);
/* Roles and their rights; the service's password when the role is new or `rotate`.  All or nothing. */
MUST_CHECK bool setup_roles(struct setup *s, bool rotate, struct err *e);
/* Migrations, and nothing for roles that a web gateway lends to everybody. */
MUST_CHECK bool setup_schema(struct setup *s, const char *migrate_dir, struct err *e);
/* An organization of that name (NULL: any, "Default" when there is none) and, when it has none that works or `new_key`, a key for everything. */
MUST_CHECK bool setup_org(struct setup *s, const char *name, bool new_key, struct err *e);
/* Does the service get in with this URL, and is it content? */
MUST_CHECK bool setup_check(struct arena *a, const char *service_url, struct err *e);
void setup_close(struct setup *s);          /* harmless when zeroed */

/* What an administrator has to run so that setup_roles() has nothing left that needs more rights than `me` has. */
void setup_admin_sql(const struct setup *s, struct buf *out);
/* All of it as a script for psql, without asking any database.  The password is a variable of psql, a key is not made. */
MUST_CHECK bool setup_sql(struct arena *a, const char *migrate_dir, const char *org, struct buf *out, struct err *e);

#endif

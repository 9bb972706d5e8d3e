/*
 * Organizations and their keys, as their owner sees them: all of them, on a blocking connection.  What `keelson init`, `org` and
 * `key` do with them.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_TENANT_H
#define KEELSON_SERVE_TENANT_H

#include <stdbool.h>
#include <stdint.h>

#include "access/key.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/uuid.h"
#include "pg/conn.h"

struct tenant_org {                     /* strings in the arena; times as RFC 3339, UTC */
    struct uuid id;
    const char *slug, *name, *status, *created_at;
    int64_t     keys;                   /* that work now */
};

struct tenant_key {
    struct uuid id;
    const char *key_id;                 /* the public part */
    const char *org;                    /* slug */
    const char *name, *scopes;
    const char *state;                  /* "active", "expired", "revoked" */
    const char *created_at, *expires_at, *last_used_at, *revoked_at;      /* NULL: never */
    bool        changed;                /* by tenant_key_revoke() */
};

/* What a name becomes in URLs and commands: "Acme GmbH" is "acme-gmbh".  NULL when nothing of it is left. */
const char *tenant_slug(struct arena *a, struct span name);

/* E_DUPLICATE when the slug is taken, E_USAGE when it is none. */
MUST_CHECK bool tenant_org_create(struct pg_conn *c, struct arena *a, const char *slug, const char *name, struct tenant_org *out, struct err *e);
/* By slug or id; E_NOT_FOUND. */
MUST_CHECK bool tenant_org_find(struct pg_conn *c, struct arena *a, const char *which, struct tenant_org *out, struct err *e);
/* Oldest first. */
MUST_CHECK bool tenant_orgs(struct pg_conn *c, struct arena *a, struct tenant_org **out, int *n, struct err *e);
/* "active" or "suspended".  E_NOT_FOUND; E_NO when it is closed. */
MUST_CHECK bool tenant_org_set(struct pg_conn *c, struct arena *a, const char *which, const char *status, struct tenant_org *out, struct err *e);

/*
 * A new key.  `scopes` is blank-separated; each must be well formed and name a resource of this database: E_USAGE.
 *   lasts  0: it does not expire
 *   text   the key itself, nowhere else to be had afterwards: shown once, then wiped by the caller
 */
MUST_CHECK bool tenant_key_create(struct pg_conn *c, struct arena *a, const struct tenant_org *org, const char *name, const char *scopes, usec lasts,
                                  char text[KEY_TEXT + 1], struct tenant_key *out, struct err *e);
/* Oldest first; org NULL: of all. */
MUST_CHECK bool tenant_keys(struct pg_conn *c, struct arena *a, const struct tenant_org *org, struct tenant_key **out, int *n, struct err *e);
/* By public part, id, or the whole key (somebody found it).  E_NOT_FOUND.  Revoking twice changes nothing. */
MUST_CHECK bool tenant_key_revoke(struct pg_conn *c, struct arena *a, const char *which, struct tenant_key *out, struct err *e);

#endif

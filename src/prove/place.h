/*
 * Where it is proved: a throwaway server of its own, or a database somebody names; in either, an organization made for the purpose,
 * with a key, and removed with everything in it afterwards.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_PLACE_H
#define KEELSON_PROVE_PLACE_H

#include <sys/socket.h>

#include "base/conf.h"
#include "pg/cluster.h"
#include "serve/tenant.h"

struct place {
    struct arena    *arena;
    struct cluster   cluster;               /* the throwaway one; unused with a DATABASE_URL */
    const char      *migrate_dir;           /* of the application */
    struct pg_target service, owner;
    struct pg_conn  *owner_conn;            /* as keelson_owner */
    struct tenant_org org;
    const char      *org_id;                /* NULL: none was made */
    char             key[KEY_TEXT + 1];
};

/* With conf->database_url the caller has asked whether that is meant.  E_USAGE: a relay could not read what is said there.
   place_close() in any case. */
MUST_CHECK bool place_open(struct arena *a, const struct conf *conf, struct place *out, struct err *e);
/* Removes what was made.  False: something may have been left, and *e says what. */
MUST_CHECK bool place_close(struct place *p, struct err *e);

/* The server's own address, for a relay; E_USAGE: the URL names none. */
MUST_CHECK bool place_address(const struct place *p, struct sockaddr_storage *out, socklen_t *n, struct err *e);
/* The service's way to the database through that port of this machine; holds the secret. */
const char *place_url(const struct place *p, struct arena *a, int port);

struct place_view {                         /* as the service's role, for one thread and its proxy */
    const struct place *place;
    struct pg_conn     *look;               /* inside the organization: what is there? */
    struct pg_conn     *end;                /* for the proxy's thread, to end backends */
};

/* place_view_close() in any case. */
MUST_CHECK bool place_view_open(const struct place *p, struct place_view *out, struct err *e);
void place_view_close(struct place_view *v);

/* How often what $1 organization, $2 id (NULL: any), $3 nonce name is there; -1: cannot be told. */
int place_count(struct place_view *v, const char *sql, const char *id, const char *nonce);
/* Sessions of the service that does, apart from its control connection, do something, or whose client is not among `live`. */
int place_unsettled(struct place_view *v, const char *tag, const int32_t *live, size_t n);
/* Ends a backend and waits for that. */
void place_terminate(void *view, int pid);

#endif

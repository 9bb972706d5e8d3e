/*
 * Where a cluster lives and as whom it runs: the data directory, the socket's directory, the server's user.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CLUSTER_PLACE_H
#define KEELSON_PG_CLUSTER_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"

struct cluster_place {
    const char *dir;         /* absolute, links resolved: PGDATA */
    const char *socket_dir;
    const char *user;        /* the server's, for messages */
    uid_t       uid;         /* the server's, when it is another than ours (we are root); else 0 */
    gid_t       gid;
};

/* Only the server's user: whose the cluster in `dir` is (NULL: a new one).  E_USAGE: root finds nobody to run it as. */
MUST_CHECK bool cluster_place_user(struct arena *a, const char *dir, struct cluster_place *out, struct err *e);

/*
 * The server's user and an existing data directory, made if it was missing.  One that was there is not touched.
 * E_USAGE: as root, the server's user cannot get there.
 */
MUST_CHECK bool cluster_place_data(struct arena *a, const char *dir, struct cluster_place *out, struct err *e);

/* Once it is known to hold nothing else: the directory is the server user's and closed to others.  E_USAGE: it is somebody else's. */
MUST_CHECK bool cluster_place_adopt(const struct cluster_place *p, struct err *e);

/* A socket directory that is ours, short, 0700; the one that is recorded in the data directory when it still is. */
MUST_CHECK bool cluster_place_socket(struct arena *a, struct cluster_place *p, struct err *e);

/* Only look: the recorded one, if it is ours.  NULL: none. */
const char *cluster_place_recorded(struct arena *a, const struct cluster_place *p);

/* A new directory tree for a throwaway cluster: *root, with the data directory and the socket directory inside. */
MUST_CHECK bool cluster_place_temporary(struct arena *a, struct cluster_place *out, const char **root, struct err *e);

/* Remove such a tree; that it is gone already is fine. */
MUST_CHECK bool cluster_place_remove(const struct cluster_place *p, const char *root, struct err *e);

/* Remove trees of throwaway clusters whose program and guardian were both killed. */
void cluster_place_sweep(struct arena *a);

/*
 * Do something as the server's user, in a child when that is not us.  All that touches the data directory goes through here:
 * root must not follow links that the server's user may have put there.
 * What *arg points to is not changed when a child does it.
 */
MUST_CHECK bool cluster_place_run(const struct cluster_place *p, bool (*work)(void *arg, struct err *e), void *arg, struct err *e);

/* In a forked child: become the server's user for good, groups included. */
MUST_CHECK bool cluster_place_become(uid_t uid, gid_t gid);

/* The user the server runs as and its files belong to, whoever we are. */
uid_t cluster_place_owner(const struct cluster_place *p);

/* Name of the socket directory of a data directory, the same at every start: "keelson-0a1b2c3d4e5f". */
const char *cluster_place_name(struct arena *a, uid_t owner, const char *dir);

#endif

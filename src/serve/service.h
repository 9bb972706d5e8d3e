/*
 * The running service: what one process has, once.  Made by start.c, used by serve.c and the routes about the service itself.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_SERVICE_H
#define KEELSON_SERVE_SERVICE_H

#include "access/keyring.h"
#include "base/conf.h"
#include "base/loop.h"
#include "data/resource.h"
#include "http/server.h"
#include "ops/alerts.h"
#include "ops/health.h"
#include "ops/metrics.h"
#include "pg/cluster.h"
#include "pg/pool.h"
#include "serve/housekeeping.h"
#include "serve/key_use.h"
#include "schema/catalog.h"

struct service {
    struct arena         arena;         /* lives as long as the process */
    struct conf          conf;
    struct loop         *loop;
    struct cluster       cluster;       /* the embedded server; unused with a DATABASE_URL */
    bool                 embedded;
    struct pg_target     target;        /* the service's way to the database */
    enum pooler          pooler;        /* what lies on that way */
    struct catalog       catalog;
    struct model        *model;
    struct pool         *pool;
    struct http_server  *http;
    struct keyring      *keyring;
    struct key_use      *key_use;
    struct housekeeping *housekeeping;
    struct health       *health;
    struct metrics      *metrics;
    struct alerts       *alerts;
    bool                 local;         /* embedded, loopback, no keys: everybody is the local organization */
    struct principal     local_who;
    bool                 draining;
    struct span          openapi;       /* made once at start */
};

#endif

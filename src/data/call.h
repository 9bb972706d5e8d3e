/*
 * A call is one request as the data layer sees it, without HTTP or sockets, and the answer it grows into.
 * Handlers are pairs of pure functions: plan() reads the call and says which statements answer it, render() turns their rows
 * into status, headers and body.  Neither does I/O.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_CALL_H
#define KEELSON_DATA_CALL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/span.h"
#include "base/uuid.h"
#include "pg/pool.h"
#include "pg/query.h"

struct model;
struct resource;
struct call;

#define CALL_HEADERS 8

struct call_param  { struct span name, value; bool used; };      /* decoded query parameter; an unused one is 400 */
struct call_header { const char *name; struct span value; };

struct plan {
    const struct batch_kind *kind;   /* grouped, with item and key; NULL: exclusive with stmts */
    void       *item;
    struct uuid key;
    struct stmt *stmts;              /* arena */
    int          nstmts;
    int          room;               /* of stmts; plan_stmt()'s own */
    bool         read_only;
    /* exclusive, optional: see struct task.step */
    enum txn_next (*step)(struct call *c, const struct rows *rows, int n, struct err *e);
    /* exclusive writes, optional: see struct task.recover.  recover() puts statements that look for what was written; recovered() is
       given their rows: true, and they answer as if nothing had happened; false: nothing was written */
    bool (*recover)(struct call *c);
    bool (*recovered)(struct call *c, const struct rows *rows, int n, struct err *e);
    bool         done;               /* nothing to ask the database: render with no rows */
};

struct call {
    /* in; set by serve/ before plan() */
    struct arena          *arena;
    const struct model    *model;
    const struct resource *resource;     /* NULL for routes without one */
    struct span            capture[4];   /* path captures in order, decoded ({r} not included) */
    struct uuid            org, key_id;  /* whose request, by which API key (zero: local) */
    const char            *method;       /* "GET", ... */
    struct span            path;         /* decoded path as received, for instance and idempotency */
    struct call_param     *params;       int nparams;
    struct span            body;         /* raw */
    struct json           *doc;          /* parsed, for routes that take JSON */
    struct span            content_type, if_match, if_none_match, idempotency_key, prefer, range, accept;
    struct span            request_id;
    const char            *route_label;  /* the matched pattern */
    usec                   trash_keep;   /* how long what is deleted now can be restored */
    void                  *service;      /* for routes about the service itself; the data layer leaves it alone */
    struct err             err;          /* faults are collected here by plan() */

    /* between plan and render */
    struct plan            plan;
    void                  *state;        /* the handler's, arena */
    bool                   (*render)(struct call *c, const struct rows *rows, int n, struct err *e);

    /* out */
    int                    status;       /* 0 until rendered */
    struct call_header     headers[CALL_HEADERS]; int nheaders;
    struct buf            *out;          /* body */
};

typedef bool call_plan(struct call *c, struct plan *p, struct err *e);      /* false: *e is the answer */
typedef bool call_render(struct call *c, const struct rows *rows, int n, struct err *e);

/* The value of a query parameter, marked used; false when absent. */
bool call_param(struct call *c, const char *name, struct span *out);
/* 400 naming the first parameter nobody used. */
MUST_CHECK bool call_params_done(struct call *c, struct err *e);
void call_header(struct call *c, const char *name, struct span value);      /* value in arena or static */
const char *call_noun(const struct call *c);                                /* "candidate", for messages */
MUST_CHECK bool call_uuid(struct call *c, int capture, struct uuid *out, struct err *e);    /* not a UUID: E_NOT_FOUND */
/* Add a statement to an exclusive plan, in arena memory; parameter 1 is always the organization.
   The pointer is good until the next plan_stmt(). */
struct stmt *plan_stmt(struct call *c, struct plan *p, const char *name, const char *sql);
/* For step(): forget the statements that were sent, before the next are added.  A step adds to c->plan, whose statements
   are the ones that TXN_MORE sends. */
void plan_next(struct plan *p);

#endif

/*
 * keelson org: organizations, the tenants of a database.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/attr.h"
#include "cli/database.h"
#include "cli/groups.h"
#include "cli/table.h"
#include "serve/tenant.h"

static const struct table_column columns[] = {
    { .key = "slug" }, { .key = "name" }, { .key = "status" }, { .key = "keys", .raw = true }, { .key = "created_at" }, { .key = "id" },
};

static void add(struct table *t, const struct tenant_org *o)
{
    char *id = arena_alloc(t->arena, UUID_TEXT + 1);

    uuid_format(&o->id, id);
    table_row(t, (const char *[]){ o->slug, o->name, o->status, arena_printf(t->arena, "%lld", (long long)o->keys), o->created_at, id });
}

static void show_one(struct command_call *c, const struct tenant_org *o)
{
    struct table t;

    table_init(&t, c->arena, columns, ARRAY_LEN(columns));
    add(&t, o);
    table_show_one(&t, c, "organizations");
}

static bool run_list(struct command_call *c, struct err *e)
{
    struct database d;
    struct tenant_org *orgs;
    struct table t;
    int n = 0;
    bool ok = database_open(c, &d, e) && tenant_orgs(d.conn, c->arena, &orgs, &n, e);

    table_init(&t, c->arena, columns, ARRAY_LEN(columns));
    for (int i = 0; ok && i < n; i++)
        add(&t, &orgs[i]);
    database_close(&d);
    if (ok)
        table_show(&t, c, "organizations", "there is no organization yet; `keelson org create NAME` makes one");
    return ok;
}

static bool run_show(struct command_call *c, struct err *e)
{
    struct database d;
    struct tenant_org o;
    bool ok = database_open(c, &d, e) && tenant_org_find(d.conn, c->arena, c->args[0], &o, e);

    database_close(&d);
    if (ok)
        show_one(c, &o);
    return ok;
}

static bool run_create(struct command_call *c, struct err *e)
{
    const char *slug = command_option(c, "--slug");
    struct database d = { 0 };
    struct tenant_org o;
    bool ok;

    if (!slug && !(slug = tenant_slug(c->arena, span_of(c->args[0]))))
        return fail(e, E_USAGE, "no slug can be made of this name; give one with --slug");
    ok = database_open(c, &d, e) && tenant_org_create(d.conn, c->arena, slug, c->args[0], &o, e);
    database_close(&d);
    if (ok)
        show_one(c, &o);
    return ok;
}

static bool set(struct command_call *c, const char *status, struct err *e)
{
    struct database d;
    struct tenant_org o;
    bool ok = database_open(c, &d, e) && tenant_org_set(d.conn, c->arena, c->args[0], status, &o, e);

    database_close(&d);
    if (ok)
        show_one(c, &o);
    return ok;
}

static bool run_suspend(struct command_call *c, struct err *e)
{
    return set(c, "suspended", e);
}

static bool run_activate(struct command_call *c, struct err *e)
{
    return set(c, "active", e);
}

static const struct command_option create_options[] = { { "--slug", "SLUG", "Its short name (default: made from NAME)." } };

#define ONE_ARG .min_args = 1, .max_args = 1

static const struct command commands[] = {
    { "org create",   "NAME", "Make an organization.", database_which, create_options, ARRAY_LEN(create_options), ONE_ARG, run_create },
    { "org list",     NULL,   "Show the organizations.", database_which, .run = run_list },
    { "org show",     "SLUG", "Show one organization.", database_which, ONE_ARG, .run = run_show },
    { "org suspend",  "SLUG", "Refuse its keys, within a second; its data stays.", database_which, ONE_ARG, .run = run_suspend },
    { "org activate", "SLUG", "Serve a suspended organization again.", database_which, ONE_ARG, .run = run_activate },
};

const struct command_group org_commands = { "Organizations", commands, ARRAY_LEN(commands) };

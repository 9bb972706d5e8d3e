/*
 * keelson key: the API keys of organizations.  A key is shown once, when it is made.
 */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/attr.h"
#include "base/conf_value.h"
#include "cli/database.h"
#include "cli/groups.h"
#include "cli/table.h"
#include "serve/tenant.h"

#define NCOLUMNS 9

static const struct table_column columns[NCOLUMNS + 1] = {
    { .key = "key_id" }, { .key = "organization" }, { .key = "name" }, { .key = "scopes" }, { .key = "state" }, { .key = "created_at" },
    { .key = "expires_at" }, { .key = "last_used_at" }, { .key = "id", .json_only = true },
    { .key = "key" },                   /* only of a new one */
};

static void add(struct table *t, const struct tenant_key *k, const char *text)
{
    char *id = arena_alloc(t->arena, UUID_TEXT + 1);

    uuid_format(&k->id, id);
    table_row(t, (const char *[]){ k->key_id, k->org, k->name, k->scopes, k->state, k->created_at, k->expires_at, k->last_used_at, id, text });
}

/* ---- create ---- */

static bool lasts(const struct command_call *c, usec *out, struct err *e)
{
    const char *text = command_option(c, "--expires"), *wrong;

    *out = 0;
    if (!text || strcmp(text, "never") == 0)
        return true;
    wrong = conf_value_parse(CONF_TIME, span_of(text), NULL, out);
    if (wrong || *out < USEC_S)
        return fail(e, E_USAGE, "--expires: write a time from now such as 90d or 12h, or never");
    return true;
}

static bool wanted(const struct command_call *c, const char **org, const char **name, usec *expires, struct err *e)
{
    *org = command_option(c, "--org");
    *name = command_option(c, "--name");
    if (!*org || !*name)
        return fail(e, E_USAGE, "usage: keelson key create --org SLUG --name NAME [--scopes 'SCOPE ...'] [--expires 90d]");
    return lasts(c, expires, e);
}

static bool run_create(struct command_call *c, struct err *e)
{
    const char *scopes = command_option(c, "--scopes"), *org_name, *name;
    char text[KEY_TEXT + 1];
    struct database d = { 0 };
    struct tenant_org org;
    struct tenant_key k;
    struct table t;
    usec expires;
    bool ok = wanted(c, &org_name, &name, &expires, e) && database_open(c, &d, e) && tenant_org_find(d.conn, c->arena, org_name, &org, e) &&
              tenant_key_create(d.conn, c->arena, &org, name, scopes ? scopes : "*", expires, text, &k, e);

    database_close(&d);
    if (ok) {
        table_init(&t, c->arena, columns, NCOLUMNS + 1);
        add(&t, &k, text);
        table_show_one(&t, c, "keys");
        if (c->format == COMMAND_TEXT)
            fputs("The key is shown this once and stored nowhere: keep it now.\n", stderr);
    }
    explicit_bzero(text, sizeof text);
    return ok;
}

/* ---- list, revoke ---- */

static bool read_keys(struct command_call *c, struct database *d, struct tenant_key **keys, int *n, struct err *e)
{
    const char *name = command_option(c, "--org");
    struct tenant_org org;

    return database_open(c, d, e) && (!name || tenant_org_find(d->conn, c->arena, name, &org, e)) &&
           tenant_keys(d->conn, c->arena, name ? &org : NULL, keys, n, e);
}

static bool run_list(struct command_call *c, struct err *e)
{
    struct database d;
    struct tenant_key *keys = NULL;
    struct table t;
    int n = 0;
    bool ok = read_keys(c, &d, &keys, &n, e);

    database_close(&d);
    table_init(&t, c->arena, columns, NCOLUMNS);
    for (int i = 0; i < n; i++)
        add(&t, &keys[i], NULL);
    if (ok)
        table_show(&t, c, "keys", "there is no key yet; `keelson key create` makes one");
    return ok;
}

static bool run_revoke(struct command_call *c, struct err *e)
{
    struct database d;
    struct tenant_key k;
    struct table t;
    bool ok = database_open(c, &d, e) && tenant_key_revoke(d.conn, c->arena, c->args[0], &k, e);

    database_close(&d);
    if (!ok)
        return false;
    if (c->format == COMMAND_TEXT) {
        printf(k.changed ? "%s of %s is revoked; running services refuse it within a second\n" : "%s of %s was revoked before, nothing changed\n",
               k.key_id, k.org);
        return true;
    }
    table_init(&t, c->arena, columns, NCOLUMNS);
    add(&t, &k, NULL);
    table_show(&t, c, "keys", "");
    return true;
}

static const struct command_option create_options[] = {
    { "--org",     "SLUG",     "The organization the key acts for." },
    { "--name",    "NAME",     "What the key is for." },
    { "--scopes",  "'SCOPE ...'", "What it may do, as resource:action (default: * which is everything)." },
    { "--expires", "TIME",     "How long it works, such as 90d (default: never ends)." },
};
static const struct command_option list_options[] = { { "--org", "SLUG", "Only of this organization." } };

static const struct command commands[] = {
    { "key create", "--org SLUG --name NAME", "Make an API key and show it, once.", database_which, create_options, ARRAY_LEN(create_options),
      .run = run_create },
    { "key list",   NULL, "Show the keys, without the keys themselves.", database_which, list_options, ARRAY_LEN(list_options), .run = run_list },
    { "key revoke", "ID", "Refuse a key from now on.", database_which, .min_args = 1, .max_args = 1, .run = run_revoke },
};

const struct command_group key_commands = { "API keys", commands, ARRAY_LEN(commands) };

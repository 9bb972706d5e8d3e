/*
 * keelson init: from the URL of an owner to a database that serves, and a .env file to serve it with.  What it does is in
 * serve/setup; here is what a person sees of it, and the files beside.
 */
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/log.h"
#include "base/proc.h"
#include "cli/dotenv.h"
#include "cli/gitignore.h"
#include "cli/groups.h"
#include "serve/service_url.h"
#include "serve/setup.h"

#define ENV_MAX    ((size_t)1 << 20)
#define SCRIPT_MAX ((size_t)64 << 20)
#define STEPS_MAX  12

struct init_step { const char *name, *state, *detail; };

struct init {
    struct command_call *c;
    struct pg_target     target;
    struct setup         setup;
    bool                 force;
    const char          *env_path;
    struct buf           env;           /* its text, as it is on disk */
    const char          *url;           /* DATABASE_URL in it, or in the environment */
    struct init_step     steps[STEPS_MAX];
    int                  nsteps;
};

/* One line as soon as it is true; programs get all of them at the end. */
static void step(struct init *in, const char *name, const char *state, const char *detail)
{
    in->steps[in->nsteps++] = (struct init_step){ name, state, detail };
    if (in->c->format == COMMAND_TEXT) {
        printf("%-13s %-9s %s\n", name, state, detail);
        fflush(stdout);
    }
}

/* ---------------------------------------------------------------- .env */

static bool env_read(struct init *in, struct err *e)
{
    const char *given = command_option(in->c, "--env-file");

    in->env_path = given ? given : ".env";
    in->env = BUF(ENV_MAX);
    return access(in->env_path, F_OK) != 0 || buf_read_file(&in->env, in->env_path, e);
}

static bool env_set(struct init *in, const char *name, const char *value, struct err *e)
{
    struct buf text = BUF(2 * ENV_MAX);
    struct stat st;
    bool there = stat(in->env_path, &st) == 0, ok;

    dotenv_set(&text, buf_span(&in->env), name, value);
    ok = proc_write_file(in->env_path, buf_span(&text), 0600, there ? st.st_uid : 0, there ? st.st_gid : 0, e);
    if (in->env.p)
        explicit_bzero(in->env.p, in->env.n);
    buf_free(&in->env);
    in->env = text;
    return ok || err_context(e, "%s could not be written; make that possible and run this again with --force", in->env_path);
}

/* Before anything is changed: a DATABASE_URL of something else is not ours to replace. */
static bool env_fits(struct init *in, struct err *e)
{
    const char *written = dotenv_find(in->c->arena, buf_span(&in->env), "DATABASE_URL");
    struct pg_target found;

    in->url = written ? written : in->c->conf.database_url;
    if (!in->url || in->force)
        return true;
    if (pg_url_parse(in->c->arena, in->url, &found, e) && service_url_matches(in->c->arena, &in->target, &found))
        return true;
    if (written)
        return fail(e, E_USAGE, "%s has a DATABASE_URL of another database or role; move it away, or overwrite it with --force", in->env_path);
    err_clear(e);
    in->url = NULL;                     /* what is in the environment is nothing we would overwrite */
    return true;
}

static bool env_guard(struct init *in, struct err *e)
{
    const char *where = NULL;
    bool tree = false;

    if (!gitignore_add(in->c->arena, in->env_path, &where, &tree, e))
        return false;
    if (where)
        step(in, ".gitignore", "written", arena_printf(in->c->arena, "%s keeps %s out of git", where, in->env_path));
    else if (tree)
        step(in, ".gitignore", "present", arena_printf(in->c->arena, "git ignores %s", in->env_path));
    return true;
}

/* ---------------------------------------------------------------- the steps */

static void note_tls(struct init *in)
{
    if (!in->target.verified)
        step(in, "tls", "note", "this sslmode does not check who answers; sslmode=verify-full with sslrootcert does");
}

static bool roles(struct init *in, struct err *e)
{
    struct setup *s = &in->setup;
    bool new_role = !s->had_service;

    if (new_role && in->url && !in->force && dotenv_find(in->c->arena, buf_span(&in->env), "DATABASE_URL"))
        return fail(e, E_USAGE, "%s has a DATABASE_URL already, and a new role gets a new password; overwrite it with --force", in->env_path);
    if (!setup_roles(s, in->force, e))
        return false;
    step(in, "roles", s->roles == 3 ? "present" : "created", "keelson_owner, keelson_api, keelson_readonly");
    if (!s->service_url)
        return true;
    if (!env_set(in, "DATABASE_URL", s->service_url, e))
        return false;
    in->url = s->service_url;
    step(in, "password", new_role ? "created" : "changed",
         s->clear_text ? "of keelson_api; this provider takes it only in clear text, so its log of statements may hold it"
                       : "of keelson_api; the server knows its verifier only");
    step(in, in->env_path, "written", "DATABASE_URL, mode 0600");
    return true;
}

static bool schema(struct init *in, struct err *e)
{
    struct setup *s = &in->setup;

    if (!setup_schema(s, in->c->conf.migrate_dir, e))
        return false;
    step(in, "schema", s->applied ? "migrated" : "present",
         s->applied ? arena_printf(in->c->arena, "%d of %d migrations applied now", s->applied, s->migrations)
                    : arena_printf(in->c->arena, "all %d migrations are applied", s->migrations));
    return true;
}

/* The key goes into .env when there is none yet; a key of something else stays. */
static bool key(struct init *in, struct err *e)
{
    struct setup *s = &in->setup;
    const char *written = dotenv_find(in->c->arena, buf_span(&in->env), "KEELSON_API_KEY");

    if (!*s->key) {
        step(in, "key", "present", arena_printf(in->c->arena, "%s has %lld; `keelson key create --org %s --name NAME` makes another", s->org.slug,
                                                (long long)s->org.keys, s->org.slug));
        return true;
    }
    log_guard(span_of(s->key));
    if (written && !in->force) {
        step(in, "key", "created", arena_printf(in->c->arena, "%s; %s keeps the KEELSON_API_KEY it has", s->made.key_id, in->env_path));
        return true;
    }
    step(in, "key", "created", arena_printf(in->c->arena, "%s may do everything in %s; also in %s", s->made.key_id, s->org.slug, in->env_path));
    return env_set(in, "KEELSON_API_KEY", s->key, e);
}

static bool organization(struct init *in, struct err *e)
{
    struct setup *s = &in->setup;
    bool no_key = in->force && !dotenv_find(in->c->arena, buf_span(&in->env), "KEELSON_API_KEY");

    if (!setup_org(s, command_option(in->c, "--org"), no_key, e))
        return false;
    step(in, "organization", s->org_made ? "created" : "present", arena_printf(in->c->arena, "%s (%s)", s->org.slug, s->org.name));
    return key(in, e);
}

static bool service(struct init *in, struct err *e)
{
    if (!in->url) {
        step(in, "service", "unknown", arena_printf(in->c->arena, "keelson_api has a password already: put DATABASE_URL into %s, "
                                                    "or set a new password with --force", in->env_path));
        return true;
    }
    if (!setup_check(in->c->arena, in->url, e))
        return err_context(e, "everything is prepared, but the service cannot use DATABASE_URL (--force sets a new password)");
    step(in, "service", "ready", "keelson_api gets in, and sees nothing without an organization");
    return true;
}

static bool prepare(struct init *in, struct err *e)
{
    const char *url = in->c->conf.owner_url;

    if (!url)
        return fail(e, E_USAGE, "set KEELSON_OWNER_URL in the environment to the URL of a role that may create roles and owns the database");
    in->setup.arena = in->c->arena;
    in->setup.target = &in->target;
    if (!pg_url_parse(in->c->arena, url, &in->target, e) || !env_read(in, e) || !env_fits(in, e) || !setup_open(&in->setup, e))
        return false;
    note_tls(in);
    return env_guard(in, e) && roles(in, e) && schema(in, e) && organization(in, e) && service(in, e);
}

/* ---------------------------------------------------------------- telling */

static void show_admin_sql(struct init *in)
{
    struct buf sql = BUF(ENV_MAX);

    setup_admin_sql(&in->setup, &sql);
    printf("\n%.*s\n", SPAN_ARG(buf_span(&sql)));
    buf_free(&sql);
}

static void show_text(struct init *in, bool ok)
{
    if (in->setup.wants_admin)
        show_admin_sql(in);
    if (*in->setup.key)
        printf("\nAPI key, shown this once: %s\n", in->setup.key);
    if (ok && in->url)
        printf("\nNext:\n  set -a; . %s%s; set +a\n  keelson serve\n"
               "  curl -H \"Authorization: Bearer $KEELSON_API_KEY\" http://127.0.0.1:8080/v1/candidates\n",
               strchr(in->env_path, '/') ? "" : "./", in->env_path);
}

static void json_steps(struct json_out *o, const struct init *in)
{
    json_key(o, "steps");
    json_open(o, '[');
    for (int i = 0; i < in->nsteps; i++) {
        json_open(o, '{');
        json_key(o, "name");
        json_cstring(o, in->steps[i].name);
        json_key(o, "state");
        json_cstring(o, in->steps[i].state);
        json_key(o, "detail");
        json_cstring(o, in->steps[i].detail);
        json_close(o, '}');
    }
    json_close(o, ']');
}

static void show_json(struct init *in, const struct err *failure)
{
    struct buf b = BUF(4 * ENV_MAX), sql = BUF(ENV_MAX);
    struct json_out o = JSON_OUT(&b);

    json_open(&o, '{');
    json_steps(&o, in);
    if (*in->setup.key) {
        json_key(&o, "api_key");
        json_cstring(&o, in->setup.key);
    }
    if (in->setup.wants_admin) {
        setup_admin_sql(&in->setup, &sql);
        json_key(&o, "admin_sql");
        json_string(&o, buf_span(&sql));
    }
    json_key(&o, "summary");
    json_open(&o, '{');
    json_key(&o, "ok");
    json_boolean(&o, failure == NULL);
    json_key(&o, "error");
    json_cstring(&o, failure ? failure->message : NULL);
    json_close(&o, '}');
    json_close(&o, '}');
    printf("%.*s\n", SPAN_ARG(buf_span(&b)));
    explicit_bzero(b.p, b.n);
    buf_free(&b);
    buf_free(&sql);
}

static bool print_script(struct command_call *c, struct err *e)
{
    struct buf script = BUF(SCRIPT_MAX);
    bool ok = setup_sql(c->arena, c->conf.migrate_dir, command_option(c, "--org"), &script, e);

    if (ok)
        fwrite(script.p, 1, script.n, stdout);
    buf_free(&script);
    return ok;
}

static bool run_init(struct command_call *c, struct err *e)
{
    struct init in = { .c = c, .force = command_option(c, "--force") != NULL };
    bool ok;

    if (command_option(c, "--sql"))
        return print_script(c, e);
    ok = prepare(&in, e);
    if (c->format == COMMAND_JSON)
        show_json(&in, ok ? NULL : e);
    else
        show_text(&in, ok);
    setup_close(&in.setup);
    explicit_bzero(in.setup.key, sizeof in.setup.key);
    if (in.env.p)
        explicit_bzero(in.env.p, in.env.n);
    buf_free(&in.env);
    return ok;
}

static const struct command_option options[] = {
    { "--org",      "NAME", "Name of the first organization (default: Default)." },
    { "--env-file", "FILE", "Where DATABASE_URL and KEELSON_API_KEY are written (default: .env)." },
    { "--force",    NULL,   "Give the service a new password and overwrite DATABASE_URL." },
    { "--sql",      NULL,   "Print what would be run as a script for psql, and change nothing." },
};

static const struct command commands[] = {
    { "init", NULL, "Prepare your own PostgreSQL: roles, schema, first organization and key, .env.",
      "KEELSON_OWNER_URL names a role that may create roles and owns the database; it need not be a superuser.\n"
      "The service gets a role of its own, keelson_api, which can do nothing but serve. Running it again changes nothing that is there.",
      options, ARRAY_LEN(options), .run = run_init },
};

const struct command_group init_commands = { "Your own PostgreSQL", commands, ARRAY_LEN(commands) };

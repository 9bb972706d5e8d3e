/*
 * The verbs of `keelson migrate`: from options to a request, from a report to text or JSON.  What they do is in src/migrate.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/groups.h"

#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "cli/database.h"
#include "cli/migrate_report.h"
#include "migrate/apply.h"
#include "pg/cluster.h"
#include "pg/conn.h"

#define QUIET_FOR  (2 * USEC_S)           /* progress is shown for what takes longer */

struct work {
    struct command_call *c;
    struct cluster       cluster;
    bool                 embedded;
    struct pg_target     target;
    struct file_set      sets[APPLY_SETS];
    usec                 began;
};

/* ---------------------------------------------------------------- where and what */

/* The owner's URL, else DATABASE_URL if its role may act as the owner, else the embedded server. */
static bool find_database(struct work *w, struct err *e)
{
    const struct conf *conf = &w->c->conf;
    const char *url;

    if (!conf->owner_url && !database_url(w->c, e))
        return false;
    url = conf->owner_url ? conf->owner_url : conf->database_url;
    if (!url) {
        if (!cluster_open(w->c->arena, conf->data_dir, conf->pg_bindir, true, &w->cluster, e))
            return false;
        w->embedded = true;
        url = w->cluster.owner_url;
    }
    return pg_url_parse(w->c->arena, url, &w->target, e);
}

static bool load(struct work *w, struct err *e)
{
    const char *given = command_option(w->c, "--dir");
    const char *dir = given ? given : w->c->conf.migrate_dir;

    if (!apply_load(w->c->arena, dir, w->sets, e))
        return false;
    return !given || !w->sets[1].absent || fail(e, E_USAGE, "%s: there is no such directory", given);
}

static void finish(struct work *w)
{
    if (w->embedded)
        cluster_close(&w->cluster);
}

static void show_progress(void *arg, const char *text)
{
    const struct work *w = arg;

    if (isatty(STDERR_FILENO) || clock_now() - w->began > QUIET_FOR || span_starts(span_of(text), SPAN("waiting")))
        fprintf(stderr, "%s\n", text);
}

static bool number(const struct command_call *c, const char *option, int64_t otherwise, int64_t *out, struct err *e)
{
    const char *text = command_option(c, option);
    uint64_t v;

    *out = otherwise;
    if (!text)
        return true;
    if (!span_u64(span_of(text), &v) || v > 1000000000)
        return fail(e, E_USAGE, "%s wants a number, not \"%s\"", option, text);
    *out = (int64_t)v;
    return true;
}

/* ---------------------------------------------------------------- current */

static struct migrate_line line_of(struct arena *a, const struct migrate_plan_line *p)
{
    return (struct migrate_line){
        .project = p->project, .version = p->version, .name = p->name, .state = migrate_plan_state_name(p->state),
        .at = p->row ? p->row->applied_at : NULL, .by = p->row ? p->row->applied_by : NULL, .ms = p->row ? p->row->duration_ms : -1,
        .note = p->file && p->file->irreversible ? arena_printf(a, "irreversible: %s", p->file->irreversible) : NULL,
    };
}

static bool read_lines(struct work *w, struct migrate_lines *out, struct err *e)
{
    struct pg_session session = { .role = PG_OWNER, .application_name = "keelson migrate" };
    struct migrate_plan_line *plan;
    struct pg_conn *conn = NULL;
    int n = 0;
    bool ok = pg_open(&w->target, &session, clock_now() + w->c->conf.connect_timeout, &conn, e) &&
              apply_compare(w->c->arena, conn, w->sets, APPLY_SETS, &plan, &n, e);

    pg_close(conn);
    if (!ok)
        return false;
    *out = (struct migrate_lines){ .line = arena_array(w->c->arena, struct migrate_line, n + 1), .n = n };
    for (int i = 0; i < n; i++)
        out->line[i] = line_of(w->c->arena, &plan[i]);
    return true;
}

static bool sound(const struct migrate_lines *l, struct err *e)
{
    for (int i = 0; i < l->n; i++) {
        const char *state = l->line[i].state;

        if (strcmp(state, "changed") == 0 || strcmp(state, "unknown") == 0 || strcmp(state, "skipped") == 0)
            return fail(e, E_NO, "files and ledger disagree");
    }
    return true;
}

static bool current_with(struct work *w, struct err *e)
{
    struct migrate_lines l = { 0 };
    bool ok;

    if (!load(w, e) || !find_database(w, e) || !read_lines(w, &l, e))
        return false;
    ok = sound(&l, e);
    if (w->c->format == COMMAND_JSON) {
        migrate_report_json(&l, ok ? NULL : e);
        return ok;
    }
    migrate_report_text(w->c, &l, false);
    printf("%s%d applied, %d pending\n", l.n ? "\n" : "", migrate_report_count(&l, "applied"), migrate_report_count(&l, "pending"));
    return ok;
}

static bool run_current(struct command_call *c, struct err *e)
{
    struct work w = { .c = c, .began = clock_now() };
    bool ok = current_with(&w, e);

    finish(&w);
    return ok;
}

/* ---------------------------------------------------------------- up, down, redo */

static struct migrate_line *find_line(struct migrate_lines *l, const struct migrate_plan_step *s)
{
    for (int i = 0; i < l->n; i++)
        if (l->line[i].version == s->migration->version && strcmp(l->line[i].project, s->set->project) == 0)
            return &l->line[i];
    l->line[l->n] = (struct migrate_line){ .project = s->set->project, .version = s->migration->version, .name = s->migration->name, .ms = -1 };
    return &l->line[l->n++];
}

/* What this command did, laid over what the database says now; alone, when the database no longer answers. */
static struct migrate_lines lines_after(struct work *w, const struct apply_report *r)
{
    struct migrate_lines now = { 0 }, all;
    struct err ignored = { 0 };

    if (!read_lines(w, &now, &ignored))
        now.n = 0;
    all = (struct migrate_lines){ .line = arena_array(w->c->arena, struct migrate_line, now.n + r->ndone + 2), .n = now.n };
    for (int i = 0; i < now.n; i++)
        all.line[i] = now.line[i];
    for (int i = 0; i < r->ndone; i++) {
        struct migrate_line *l = find_line(&all, r->done[i].step);

        l->state = r->done[i].step->down ? "reverted" : "applied";
        l->ms = r->done[i].took / USEC_MS;
        l->ran = true;
    }
    if (r->failed) {
        struct migrate_line *l = find_line(&all, r->failed);

        l->state = "failed";
        l->ran = true;
    }
    return all;
}

static void text_report(const struct work *w, const struct migrate_lines *l, const struct apply_report *r)
{
    int left = migrate_report_count(l, "pending"), undone = 0;

    for (int i = 0; i < r->ndone; i++)
        undone += r->done[i].step->down;
    migrate_report_text(w->c, l, true);
    if (r->ndone == 0 && !r->failed)
        printf("nothing to do: %d applied, %d pending\n", migrate_report_count(l, "applied"), left);
    else
        printf("\n%d applied, %d undone, %s; %d pending\n", r->ndone - undone, undone,
               r->failed ? "1 failed" : "confirmed by a fresh connection", left);
}

static bool request(const struct command_call *c, enum migrate_plan_verb verb, struct migrate_plan_request *out, struct apply_options *o,
                    struct err *e)
{
    int64_t wait;

    *out = (struct migrate_plan_request){ .verb = verb, .project = command_option(c, "--project") };
    if (!number(c, "--to", -1, &out->to, e) || !number(c, "--wait", 0, &wait, e))
        return false;
    o->lock_wait = command_option(c, "--wait") ? wait * USEC_S + 1 : 0;
    return true;
}

/* Before the database is looked for: the embedded one would be started, even made, for a slip of the keyboard. */
static bool project_known(const struct work *w, const char *name, struct err *e)
{
    for (int i = 0; name && i < APPLY_SETS; i++)
        if (strcmp(w->sets[i].project, name) == 0)
            return true;
    return !name || fail(e, E_USAGE, "--project is keelson or app, not \"%s\"", name);
}

static bool change_with(struct work *w, enum migrate_plan_verb verb, struct err *e)
{
    struct apply_options o = { .connect_timeout = w->c->conf.connect_timeout, .note = show_progress, .arg = w };
    struct migrate_plan_request want;
    struct apply_report r = { 0 };
    struct migrate_lines l;
    bool ok;

    if (!request(w->c, verb, &want, &o, e) || !load(w, e) || !project_known(w, want.project, e) || !find_database(w, e))
        return false;
    ok = apply_run(w->c->arena, &w->target, w->sets, APPLY_SETS, &want, &o, &r, e);
    if (!ok && r.ndone == 0 && !r.failed && w->c->format == COMMAND_TEXT)
        return false;
    l = lines_after(w, &r);
    if (w->c->format == COMMAND_JSON)
        migrate_report_json(&l, ok ? NULL : e);
    else
        text_report(w, &l, &r);
    return ok;
}

static bool change(struct command_call *c, enum migrate_plan_verb verb, struct err *e)
{
    struct work w = { .c = c, .began = clock_now() };
    bool ok = change_with(&w, verb, e);

    finish(&w);
    return ok;
}

static bool run_up(struct command_call *c, struct err *e)
{
    return change(c, MIGRATE_UP, e);
}

static bool run_down(struct command_call *c, struct err *e)
{
    return change(c, MIGRATE_DOWN, e);
}

static bool run_redo(struct command_call *c, struct err *e)
{
    return change(c, MIGRATE_REDO, e);
}

/* ---------------------------------------------------------------- history */

static struct migrate_line line_of_attempt(const struct ledger_attempt *at)
{
    bool done = strcmp(at->outcome, "done") == 0;

    return (struct migrate_line){
        .project = at->project, .version = at->version, .name = at->name,
        .state = !done ? at->outcome : at->down ? "reverted" : "applied",
        .at = at->started_at, .by = at->by, .note = at->message, .ms = strcmp(at->outcome, "running") == 0 ? -1 : at->duration_ms,
    };
}

static bool read_history(struct work *w, struct migrate_lines *out, struct err *e)
{
    struct pg_session session = { .role = PG_OWNER, .application_name = "keelson migrate" };
    struct ledger_attempt *attempts;
    struct pg_conn *conn = NULL;
    int n = 0;
    bool ok = find_database(w, e) && pg_open(&w->target, &session, clock_now() + w->c->conf.connect_timeout, &conn, e) &&
              ledger_history(conn, w->c->arena, &attempts, &n, e);

    pg_close(conn);
    if (!ok)
        return false;
    *out = (struct migrate_lines){ .line = arena_array(w->c->arena, struct migrate_line, n + 1), .n = n };
    for (int i = 0; i < n; i++)
        out->line[i] = line_of_attempt(&attempts[i]);
    return true;
}

static bool run_history(struct command_call *c, struct err *e)
{
    struct work w = { .c = c, .began = clock_now() };
    struct migrate_lines l = { 0 };
    bool ok = read_history(&w, &l, e);

    finish(&w);
    if (!ok)
        return false;
    if (c->format == COMMAND_JSON)
        migrate_report_json(&l, NULL);
    else if (l.n == 0)
        puts("no migration was run on this database yet");
    else
        migrate_report_text(c, &l, false);
    return true;
}

/* ---------------------------------------------------------------- new */

static bool run_new(struct command_call *c, struct err *e)
{
    const char *given = command_option(c, "--dir");
    struct file_set set;
    const char *up, *down;

    if (!file_load_dir(c->arena, "app", given ? given : c->conf.migrate_dir, &set, e) || !file_new(c->arena, &set, c->args[0], &up, &down, e))
        return false;
    if (c->format == COMMAND_JSON) {
        struct migrate_line l = { .project = "app", .version = set.n + 1, .name = c->args[0], .state = "new", .note = up, .ms = -1 };

        migrate_report_json(&(struct migrate_lines){ &l, 1 }, NULL);
    } else {
        printf("%s\n%s\n", up, down);
    }
    return true;
}

/* ---------------------------------------------------------------- the table */

#define DIR_OPTION     { "--dir",     "DIR",     "The application's migrations (default: the setting migrate.dir)." }
#define PROJECT_OPTION { "--project", "NAME",    "keelson or app; up means both, down and redo mean app unless told." }
#define TO_OPTION      { "--to",      "N",       "Stop when N is the newest migration in force; 0 is none." }
#define WAIT_OPTION    { "--wait",    "SECONDS", "How long to wait for another runner (default 60)." }

static const struct command_option dir_options[] = { DIR_OPTION };
static const struct command_option change_options[] = { DIR_OPTION, PROJECT_OPTION, TO_OPTION, WAIT_OPTION };
static const struct command_option redo_options[] = { DIR_OPTION, PROJECT_OPTION, WAIT_OPTION };

static const char which_database[] =
    "The database is that of KEELSON_OWNER_URL, else of DATABASE_URL if its role may act as keelson_owner, else the embedded one.";

#define ON_DATABASE(o) .more = which_database, .options = (o), .noptions = ARRAY_LEN(o)

static const struct command commands[] = {
    { .name = "migrate up",      .summary = "Apply what is pending, Keelson's migrations first.",              ON_DATABASE(change_options), .run = run_up },
    { .name = "migrate down",    .summary = "Undo the application's newest migration.",                        ON_DATABASE(change_options), .run = run_down },
    { .name = "migrate redo",    .summary = "Undo the application's newest migration and apply it again.",     ON_DATABASE(redo_options),   .run = run_redo },
    { .name = "migrate current", .summary = "Show which migrations are applied and which are pending.",        ON_DATABASE(dir_options),    .run = run_current },
    { .name = "migrate history", .summary = "Show every run of a migration, also what failed or was undone.",  ON_DATABASE(dir_options),    .run = run_history },
    { .name = "migrate new",     .summary = "Write the next pair of files of the application.", .args = "NAME", .min_args = 1, .max_args = 1,
      .options = dir_options, .noptions = ARRAY_LEN(dir_options), .run = run_new },
};
const struct command_group migrate_commands = { "Migrations", commands, ARRAY_LEN(commands) };

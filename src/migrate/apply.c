/*
 * One session holds the turn and writes the journal, with no transaction open.  Each file gets a session of its own, so that nothing a
 * file set or forgot reaches the next one.  At the end another one looks whether it is all there.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/apply.h"

#include <string.h>

#include "base/log.h"
#include "base/uuid.h"
#include "migrate/run.h"
#include "migrate/turn.h"
#include "migrate/witness.h"

struct apply {
    struct arena               *arena;
    const struct pg_target     *owner;
    const struct apply_options *o;
    struct pg_conn             *turn;      /* holds the lock */
    struct witness_claim       *claims;
    struct apply_report        *out;
};

static const struct apply_options defaults;

static usec or(usec given, usec otherwise)
{
    return given ? given : otherwise;
}

static bool connect(const struct apply *x, struct pg_conn **out, struct err *e)
{
    struct pg_session session = {
        .role = PG_OWNER,
        .application_name = "keelson migrate",
        .statement_timeout = x->o->statement_timeout,
        .lock_timeout = or(x->o->lock_timeout, APPLY_LOCK_TIMEOUT),
    };

    return pg_open(x->owner, &session, clock_now() + or(x->o->connect_timeout, APPLY_CONNECT_TIMEOUT), out, e);
}

static void note(const struct apply *x, const char *text)
{
    if (x->o->note)
        x->o->note(x->o->arg, text);
}

static void note_waiting(void *arg, const char *holder)
{
    const struct apply *x = arg;

    note(x, arena_printf(x->arena, "waiting for another runner: %s", holder));
}

bool apply_load(struct arena *a, const char *dir, struct file_set sets[APPLY_SETS], struct err *e)
{
    sets[1] = (struct file_set){ .project = "app" };
    return file_load_embedded(a, &sets[0], e) && (!dir || file_load_dir(a, "app", dir, &sets[1], e));
}

/* ---------------------------------------------------------------- one step */

/* The commit was sent and no answer came: only the database knows. */
static bool found_committed(struct apply *x, const struct run *r)
{
    struct witness_claim claim = { r->step, r->after };
    struct err ignored = { 0 };
    struct pg_conn *fresh = NULL;
    bool found = connect(x, &fresh, &ignored) && witness_check(fresh, x->arena, &claim, 1, &ignored);

    pg_close(fresh);
    return found;
}

static bool run_step(struct apply *x, struct run *r, struct err *e)
{
    bool ok = connect(x, &r->work, e) && run_script(r, e);

    pg_close(r->work);
    return ok || (r->outcome_unknown && found_committed(x, r));
}

static void keep(struct apply *x, const struct run *r, int from)
{
    struct apply_report *out = x->out;

    x->claims[out->ndone] = (struct witness_claim){ r->step, r->after };
    out->done[out->ndone++] = (struct apply_done){ r->step, r->took, from };
}

static bool step(struct apply *x, const struct migrate_plan_step *s, struct err *e)
{
    struct run r = {
        .arena = x->arena, .step = s, .journal = x->turn,
        .attempt = { .id = uuid_v7(), .project = s->set->project, .version = s->migration->version, .name = s->migration->name,
                     .checksum = s->script->checksum, .down = s->down },
    };
    struct err trouble = { 0 };
    usec start = clock_now();
    int from;
    bool ok;

    if (s->script->no_transaction && !ledger_resume(x->turn, x->arena, &r.attempt, e))
        return false;
    from = (int)r.attempt.done;
    note(x, arena_printf(x->arena, "%s %s%s", s->down ? "undoing" : "applying", s->script->path, from ? " (going on where it stopped)" : ""));
    if (!ledger_begin(x->turn, x->arena, &r.attempt, e))
        return false;
    ok = run_step(x, &r, e);
    if (ok)
        keep(x, &r, from);
    /* The journal is for people: that it could not be written does not change what was done. */
    if (!ledger_end(x->turn, x->arena, &r.attempt, clock_now() - start, ok ? NULL : e, &trouble))
        note(x, trouble.message);
    return ok;
}

static bool steps(struct apply *x, const struct migrate_plan_step *list, int n, struct err *e)
{
    x->claims = arena_array(x->arena, struct witness_claim, n + 1);
    x->out->done = arena_array(x->arena, struct apply_done, n + 1);
    for (int i = 0; i < n; i++) {
        if (step(x, &list[i], e))
            continue;
        x->out->failed = &list[i];
        x->out->left = n - i - 1;
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------- all of it */

/* Also after a failure: what was reported as done before it must be there. */
static bool look_again(struct apply *x, struct err *e)
{
    struct pg_conn *fresh = NULL;
    bool ok = x->out->ndone == 0 || (connect(x, &fresh, e) && witness_check(fresh, x->arena, x->claims, x->out->ndone, e));

    pg_close(fresh);
    return ok;
}

static bool with_turn(struct apply *x, const struct file_set *sets, int nsets, const struct migrate_plan_request *want, struct err *e)
{
    struct migrate_plan_step *list;
    struct ledger l;
    int n;

    if (!turn_take(x->turn, clock_now() + or(x->o->lock_wait, APPLY_LOCK_WAIT), note_waiting, x, e))
        return false;
    if (!ledger_read(x->turn, x->arena, &l, e) || !migrate_plan_steps(x->arena, sets, nsets, &l, want, &list, &n, e))
        return false;
    if (n == 0)
        return true;
    if (!ledger_create(x->turn, e))
        return false;
    if (steps(x, list, n, e))
        return look_again(x, e);
    if (x->out->ndone > 0) {
        struct err other = { 0 };

        /* A file without a transaction that stopped midway has changed the catalog after the last claim. */
        if (!x->out->failed->script->no_transaction && !look_again(x, &other))
            note(x, other.message);
    }
    return false;
}

bool apply_run(struct arena *a, const struct pg_target *owner, const struct file_set *sets, int nsets,
               const struct migrate_plan_request *want, const struct apply_options *o, struct apply_report *out, struct err *e)
{
    struct apply x = { .arena = a, .owner = owner, .o = o ? o : &defaults, .out = out };
    bool ok;

    *out = (struct apply_report){ 0 };
    ok = connect(&x, &x.turn, e) && turn_check_server(x.turn, e) && with_turn(&x, sets, nsets, want, e);
    pg_close(x.turn);
    return ok;
}

bool apply_compare(struct arena *a, struct pg_conn *c, const struct file_set *sets, int nsets, struct migrate_plan_line **out,
                   int *n, struct err *e)
{
    struct ledger *l = arena_new(a, struct ledger);

    if (!ledger_read(c, a, l, e))
        return false;
    migrate_plan_compare(a, sets, nsets, l, out, n);
    return true;
}

/* ---------------------------------------------------------------- for those who just want it done */

static void note_in_log(void *arg, const char *text)
{
    (void)arg;
    log_event(LOG_INFO, "migrate", "note=%s", text);
}

struct counts { int pending, ahead; const struct migrate_plan_line *wrong; };

static struct counts count(const struct migrate_plan_line *lines, int n)
{
    struct counts c = { 0 };

    for (int i = 0; i < n; i++) {
        c.pending += lines[i].state == MIGRATE_PENDING;
        /* The application's files need not lie beside every node. */
        c.ahead += lines[i].state == MIGRATE_UNKNOWN && strcmp(lines[i].project, "keelson") == 0;
        if (lines[i].state == MIGRATE_CHANGED || lines[i].state == MIGRATE_SKIPPED)
            c.wrong = &lines[i];
    }
    return c;
}

static bool count_on(struct arena *a, const struct pg_target *t, enum pg_role role, const struct file_set *sets, struct counts *out, struct err *e)
{
    struct pg_session session = { .role = role, .application_name = "keelson migrate" };
    struct migrate_plan_line *lines;
    struct pg_conn *c = NULL;
    int n;
    bool ok = pg_open(t, &session, clock_now() + APPLY_CONNECT_TIMEOUT, &c, e) && apply_compare(a, c, sets, APPLY_SETS, &lines, &n, e);

    pg_close(c);
    if (ok)
        *out = count(lines, n);
    return ok;
}

bool apply_pending(struct arena *a, const struct pg_target *owner, const char *dir, struct err *e)
{
    struct migrate_plan_request up = { MIGRATE_UP, NULL, -1 };
    struct apply_options o = { .note = note_in_log };
    struct file_set sets[APPLY_SETS];
    struct apply_report report;
    struct counts c;

    if (!apply_load(a, dir, sets, e) || !count_on(a, owner, PG_OWNER, sets, &c, e))
        return false;
    if (c.ahead == 1 || (c.pending == 0 && c.ahead == 0 && !c.wrong))
        return true;
    return apply_run(a, owner, sets, APPLY_SETS, &up, &o, &report, e);
}

bool apply_none_pending(struct arena *a, const struct pg_target *t, const char *dir, struct err *e)
{
    struct file_set sets[APPLY_SETS];
    struct counts c;

    if (!apply_load(a, dir, sets, e) || !count_on(a, t, PG_SERVICE, sets, &c, e))
        return false;
    if (c.ahead > 1)
        return fail(e, E_DATABASE, "%s: the schema is %d versions ahead of this program; use the newer program", t->shown, c.ahead);
    if (c.wrong)
        return fail(e, E_DATABASE, "%s: migration %s %04lld is %s; `keelson migrate current` shows more", t->shown, c.wrong->project,
                    (long long)c.wrong->version, migrate_plan_state_name(c.wrong->state));
    return c.pending == 0 ||
           fail(e, E_DATABASE, "%s: pending migrations: %d; run `keelson migrate up`, or start with --migrate", t->shown, c.pending);
}

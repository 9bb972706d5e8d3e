/*
 * Sets come in the order in which they build on each other: Keelson's own, then the application's.
 * A down file may be corrected after its migration was applied; an up file may not, because the database is what the old one made.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/plan.h"

#include <string.h>

static const char *const state_names[] = {
    [MIGRATE_APPLIED] = "applied", [MIGRATE_PENDING] = "pending", [MIGRATE_CHANGED] = "changed",
    [MIGRATE_UNKNOWN] = "unknown", [MIGRATE_SKIPPED] = "skipped",
};

const char *migrate_plan_state_name(enum migrate_plan_state s)
{
    return state_names[s];
}

static enum migrate_plan_state state_of(const struct file_migration *m, const struct ledger_row *row, int64_t newest)
{
    if (row)
        return strcmp(row->checksum, m->up.checksum) == 0 && strcmp(row->name, m->name) == 0 ? MIGRATE_APPLIED : MIGRATE_CHANGED;
    return m->version < newest ? MIGRATE_SKIPPED : MIGRATE_PENDING;
}

void migrate_plan_compare(struct arena *a, const struct file_set *sets, int nsets, const struct ledger *l,
                          struct migrate_plan_line **out, int *n)
{
    int max = l->n;

    for (int i = 0; i < nsets; i++)
        max += sets[i].n;
    *out = arena_array(a, struct migrate_plan_line, max + 1);
    *n = 0;
    for (int i = 0; i < nsets; i++) {
        const char *project = sets[i].project;

        for (int k = 0; k < sets[i].n; k++) {
            const struct file_migration *m = &sets[i].migrations[k];
            const struct ledger_row *row = ledger_find(l, project, m->version);

            (*out)[(*n)++] = (struct migrate_plan_line){ project, m->version, m->name, state_of(m, row, ledger_newest(l, project)), row, m };
        }
        for (int k = 0; k < l->n; k++) {
            const struct ledger_row *row = &l->rows[k];

            if (strcmp(row->project, project) == 0 && !file_find(&sets[i], row->version))
                (*out)[(*n)++] = (struct migrate_plan_line){ project, row->version, row->name,
                                                             sets[i].absent ? MIGRATE_APPLIED : MIGRATE_UNKNOWN, row, NULL };
        }
    }
}

/* ---------------------------------------------------------------- refusals */

static bool agree(const struct migrate_plan_line *line, struct err *e)
{
    switch (line->state) {
    case MIGRATE_CHANGED:
        return fail(e, E_NO, "%s was changed after it was applied as %04lld_%s at %s; restore it and write a new migration",
                    line->file->up.path, (long long)line->version, line->row->name, line->row->applied_at);
    case MIGRATE_UNKNOWN:
        return fail(e, E_NO, "the ledger has %04lld_%s of project %s, and no file has it; was it applied by a newer version?",
                    (long long)line->version, line->name, line->project);
    case MIGRATE_SKIPPED:
        return fail(e, E_NO, "%s is not applied, though a later one is; give it a number after the last", line->file->up.path);
    default:
        return true;
    }
}

static bool all_agree(struct arena *a, const struct file_set *sets, int nsets, const struct ledger *l, struct err *e)
{
    struct migrate_plan_line *lines;
    int n;

    migrate_plan_compare(a, sets, nsets, l, &lines, &n);
    for (int i = 0; i < n; i++)
        if (!agree(&lines[i], e))
            return false;
    return true;
}

static bool runnable(const struct file_set *set, const struct file_migration *m, const struct file_script *s, struct err *e)
{
    if (!s->path)
        return fail(e, E_NO, "%s:%04lld_%s cannot be undone: %s", set->project, (long long)m->version, m->name, m->irreversible);
    if (s->nstatements == 0)
        return fail(e, E_USAGE, "%s has no statements; one that does nothing says SELECT 1", s->path);
    if (s->unreviewed)
        return fail(e, E_USAGE, "%s is marked unreviewed; read it and take the line out", s->path);
    return true;
}

/* ---------------------------------------------------------------- steps */

struct list {
    struct migrate_plan_step *steps;
    int                       n;
};

static bool push(struct list *list, const struct file_set *set, int64_t version, bool down, struct err *e)
{
    const struct file_migration *m = file_find(set, version);
    const struct file_script *script = down ? &m->down : &m->up;

    list->steps[list->n++] = (struct migrate_plan_step){ set, m, script, down };
    return runnable(set, m, script, e);
}

static const struct file_set *chosen(const struct file_set *sets, int nsets, const struct migrate_plan_request *want, struct err *e)
{
    if (!want->project)
        return &sets[nsets - 1];
    for (int i = 0; i < nsets; i++)
        if (strcmp(sets[i].project, want->project) == 0)
            return &sets[i];
    fail(e, E_USAGE, "there is no project \"%s\"", want->project);
    return NULL;
}

static bool plan_up(const struct file_set *sets, int nsets, const struct file_set *set, const struct ledger *l,
                    const struct migrate_plan_request *want, struct list *list, struct err *e)
{
    if (want->to > set->n)
        return fail(e, E_USAGE, "project %s has no migration %04lld", set->project, (long long)want->to);
    if (want->to >= 0 && want->to < ledger_newest(l, set->project))
        return fail(e, E_USAGE, "project %s is already at %04lld; going back is down", set->project, (long long)ledger_newest(l, set->project));
    for (int i = 0; i < nsets; i++) {
        bool this_one = &sets[i] == set;
        int64_t last = this_one && want->to >= 0 ? want->to : sets[i].n;

        if (want->project && !this_one)
            continue;
        for (int64_t v = ledger_newest(l, sets[i].project) + 1; v <= last; v++)
            if (!push(list, &sets[i], v, false, e))
                return false;
    }
    return true;
}

/* What comes after `set` stands on it. */
static bool unburdened(const struct file_set *sets, int nsets, const struct file_set *set, const struct ledger *l, struct err *e)
{
    for (const struct file_set *later = set + 1; later < sets + nsets; later++)
        if (ledger_newest(l, later->project) > 0)
            return fail(e, E_NO, "project %s stands on %s; undo it first: down --project %s --to 0", later->project, set->project, later->project);
    return true;
}

static bool plan_down(const struct file_set *sets, int nsets, const struct file_set *set, const struct ledger *l,
                      const struct migrate_plan_request *want, struct list *list, struct err *e)
{
    int64_t newest = ledger_newest(l, set->project);
    int64_t to = want->to >= 0 ? want->to : newest - 1;

    if (set->absent && newest > 0)
        return fail(e, E_USAGE, "the files of project %s are not in %s; name their directory with --dir", set->project, set->dir);
    if (newest == 0)
        return fail(e, E_NO, "nothing of project %s is applied, so nothing can be undone%s", set->project,
                    want->project ? "" : "; --project keelson means Keelson's own migrations");
    if (to >= newest)
        return fail(e, E_USAGE, "project %s is at %04lld, which is not after %04lld", set->project, (long long)newest, (long long)to);
    if (!unburdened(sets, nsets, set, l, e))
        return false;
    for (int64_t v = newest; v > to; v--)
        if (!push(list, set, v, true, e))
            return false;
    return true;
}

static bool plan_redo(const struct file_set *sets, int nsets, const struct file_set *set, const struct ledger *l,
                      const struct migrate_plan_request *want, struct list *list, struct err *e)
{
    struct migrate_plan_request last = { MIGRATE_DOWN, want->project, -1 };

    return plan_down(sets, nsets, set, l, &last, list, e) && push(list, set, ledger_newest(l, set->project), false, e);
}

/* Undoing only the newest is possible with its own up file changed: that is how one works on it. */
static bool only_newest_changed(struct arena *a, const struct file_set *sets, int nsets, const struct ledger *l,
                                const struct file_set *set, struct err *e)
{
    struct migrate_plan_line *lines;
    int n;

    migrate_plan_compare(a, sets, nsets, l, &lines, &n);
    for (int i = 0; i < n; i++) {
        bool newest = lines[i].version == ledger_newest(l, set->project) && strcmp(lines[i].project, set->project) == 0;

        if (!(newest && lines[i].state == MIGRATE_CHANGED) && !agree(&lines[i], e))
            return false;
    }
    return true;
}

bool migrate_plan_steps(struct arena *a, const struct file_set *sets, int nsets, const struct ledger *l,
                        const struct migrate_plan_request *want, struct migrate_plan_step **out, int *n, struct err *e)
{
    const struct file_set *set = chosen(sets, nsets, want, e);
    struct list list = { 0 };
    int max = 2;
    bool ok;

    if (!set)
        return false;
    for (int i = 0; i < nsets; i++)
        max += sets[i].n;
    list.steps = arena_array(a, struct migrate_plan_step, max);
    if (want->verb == MIGRATE_UP)
        ok = all_agree(a, sets, nsets, l, e) && plan_up(sets, nsets, set, l, want, &list, e);
    else if (want->verb == MIGRATE_DOWN)
        ok = only_newest_changed(a, sets, nsets, l, set, e) && plan_down(sets, nsets, set, l, want, &list, e);
    else
        ok = only_newest_changed(a, sets, nsets, l, set, e) && plan_redo(sets, nsets, set, l, want, &list, e);
    *out = list.steps;
    *n = list.n;
    return ok;
}

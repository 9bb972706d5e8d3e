/*
 * Nothing the runner remembers is trusted here but what it claims to have done.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/witness.h"

#include <string.h>

#include "schema/fingerprint.h"

/* A later claim about the same migration (redo) takes the place of an earlier one. */
static bool superseded(const struct witness_claim *claims, int n, int i)
{
    for (int k = i + 1; k < n; k++)
        if (claims[k].step->set == claims[i].step->set && claims[k].step->migration == claims[i].step->migration)
            return true;
    return false;
}

static bool ledger_agrees(const struct ledger *l, const struct witness_claim *c, struct err *e)
{
    const struct file_migration *m = c->step->migration;
    const char *project = c->step->set->project;
    const struct ledger_row *row = ledger_find(l, project, m->version);

    if (c->step->down)
        return !row || fail(e, E_DATABASE, "%s: undone, but the ledger still has it", c->step->script->path);
    if (!row)
        return fail(e, E_DATABASE, "%s: reported as applied, but a fresh connection does not find it in the ledger", c->step->script->path);
    return strcmp(row->checksum, m->up.checksum) == 0 ||
           fail(e, E_DATABASE, "%s: reported as applied, but the ledger has another checksum", c->step->script->path);
}

bool witness_check(struct pg_conn *fresh, struct arena *a, const struct witness_claim *claims, int n, struct err *e)
{
    struct ledger l;
    const char *now = NULL;

    if (n == 0)
        return true;
    if (!ledger_read(fresh, a, &l, e) || !fingerprint_read(fresh, a, &now, e))
        return err_context(e, "looking again");
    for (int i = 0; i < n; i++)
        if (!superseded(claims, n, i) && !ledger_agrees(&l, &claims[i], e))
            return false;
    return strcmp(now, claims[n - 1].after) == 0 ||
           fail(e, E_DATABASE, "after %s the catalog is not what the runner saw: it was changed by somebody else, or the change was not kept",
                claims[n - 1].step->script->path);
}

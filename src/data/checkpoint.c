/*
 * Locks are advisory and end with the transaction: they cost no row, and a thread that has no checkpoint yet can be locked too.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/checkpoint.h"

#include "data/member.h"
#include "embedded.h"

void checkpoint_lock(struct call *c, struct plan *p, struct span thread, struct span ns)
{
    struct stmt *s = plan_stmt(c, p, "checkpoint_lock", sql_checkpoint_lock);

    stmt_text(c->arena, s, thread);
    stmt_text(c->arena, s, ns);
}

void checkpoint_lock_all(struct call *c, struct plan *p)
{
    plan_stmt(c, p, "checkpoint_lock_all", sql_checkpoint_lock_all);
}

static bool name(struct call *c, const char *parameter, size_t least, size_t most, struct span *out, struct err *e)
{
    if (!call_param(c, parameter, out))
        return true;
    if (out->n < least)
        return fail(e, E_PARAMETER, "%s: must not be empty", parameter);
    return member_name(parameter, *out, most, e);
}

bool checkpoint_named(struct call *c, struct span *thread, struct span *ns, struct span *id, struct err *e)
{
    *thread = *ns = *id = SPAN_NONE;
    return name(c, "thread_id", 1, CHECKPOINT_THREAD, thread, e) && name(c, "checkpoint_ns", 0, CHECKPOINT_NS, ns, e) &&
           name(c, "checkpoint_id", 1, CHECKPOINT_ID, id, e);
}

/*
 * The service sends what it has to say at once and ends it with Sync, so a batch is known before its first message has to go.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/tap.h"

/* That a key was used is written down once a minute, in the organization of the key, beside the request. */
#define ASIDE "key_use"

bool tap_batch_ends(const struct wire_message *m)
{
    return m->kind != WIRE_TYPED || !m->type || !strchr("PBDEC", m->type);
}

static bool holds(struct span batch, const void *what, size_t n)
{
    return n > 0 && batch.n >= n && memmem(batch.p, batch.n, what, n);
}

bool tap_batch(struct tap *t, struct span batch, int syncs, struct span marker)
{
    if (!t->ours)
        t->ours = holds(batch, marker.p, marker.n) && !holds(batch, ASIDE, sizeof ASIDE);
    if (t->ours)
        t->syncs += syncs;
    return t->ours;
}

bool tap_uncounted(enum wire_side side, const struct wire_message *m)
{
    return m->kind != WIRE_TYPED || !m->type || (side == WIRE_SERVER && strchr("SNA", m->type));
}

bool tap_answer(struct tap *t, const struct wire_message *m)
{
    bool ours = t->ours && !tap_uncounted(WIRE_SERVER, m);

    if (ours && m->type == 'Z') {
        t->syncs -= t->syncs > 0;
        t->ours = t->syncs > 0 || m->body.n != 1 || m->body.p[0] != 'I';
    }
    return ours;
}

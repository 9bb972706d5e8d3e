/*
 * All of it is memory and arithmetic; dial.c does the connecting.  Nothing outlives the process: after a restart the first server
 * that takes writes is believed.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/hosts.h"

#include <string.h>

static void names_set(struct hosts *h)
{
    for (int i = 0; i < h->target->nhosts; i++) {
        h->list[i].names.loop = h->loop;
        h->list[i].names.name = h->target->hosts[i].name;
    }
}

void hosts_open(struct hosts *h, struct loop *l, const struct pg_target *t)
{
    *h = (struct hosts){ .loop = l, .target = t, .last = -1 };
    names_set(h);
}

void hosts_close(struct hosts *h)
{
    for (int i = 0; h->target && i < h->target->nhosts; i++)
        resolve_close(&h->list[i].names);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_hosts(const struct pg_target *a, const struct pg_target *b)
{
    bool same = a->nhosts == b->nhosts;

    for (int i = 0; same && i < a->nhosts; i++)
        same = same_text(a->hosts[i].name, b->hosts[i].name) && same_text(a->hosts[i].address, b->hosts[i].address) &&
               same_text(a->hosts[i].port, b->hosts[i].port);
    return same;
}

void hosts_change(struct hosts *h, const struct pg_target *t)
{
    bool same = same_hosts(h->target, t);

    if (!same) {
        hosts_close(h);
        memset(h->list, 0, sizeof h->list);
        h->last = -1;
    }
    h->target = t;
    names_set(h);
}

/* ---- whom, and how long ---- */

static int rank(const struct hosts *h, int i)
{
    static const int ranks[HOST_ROLES] = { [HOST_UNKNOWN] = 1, [HOST_PRIMARY] = 1, [HOST_READ_ONLY] = 2, [HOST_STANDBY] = 2, [HOST_REFUSED] = 3 };
    bool served = i == h->last && (ranks[h->list[i].role] == 1 || h->target->attrs == PG_ANY);

    return served ? 0 : ranks[h->list[i].role];
}

int hosts_order(const struct hosts *h, int out[PG_HOSTS])
{
    int n = h->target->nhosts;

    for (int i = 0; i < n; i++) {
        int at = i;

        for (; at > 0 && rank(h, out[at - 1]) > rank(h, i); at--)
            out[at] = out[at - 1];
        out[at] = i;
    }
    return n;
}

usec hosts_share(usec left, usec most, int places)
{
    usec share = places > 0 ? left / places : left;

    return share < most ? share : most;
}

bool hosts_current(struct hosts *h, uint64_t system, int timeline)
{
    int i = 0;

    if (timeline == 0)
        return true;
    while (i < HOSTS_SYSTEMS && h->seen[i].timeline != 0 && h->seen[i].system != system)
        i++;
    if (i < HOSTS_SYSTEMS && h->seen[i].timeline > timeline)
        return false;
    i = i < HOSTS_SYSTEMS ? i : HOSTS_SYSTEMS - 1;
    memmove(&h->seen[1], &h->seen[0], (size_t)i * sizeof h->seen[0]);
    h->seen[0].system = system;
    h->seen[0].timeline = timeline;
    return true;
}

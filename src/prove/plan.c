/*
 * The order is fixed and so is what a sample takes, so that the same numbers of messages always give the same cases.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/plan.h"

bool plan_wants(const struct plan_wanted *w, int request)
{
    return w->one ? w->the.request == request : w->request < 0 || w->request == request;
}

static bool wanted(const struct plan_wanted *w, const struct action_case *c)
{
    if (w->one)
        return c->request == w->the.request && c->side == w->the.side && c->message == w->the.message && c->action == w->the.action;
    return plan_wants(w, c->request) && (w->action < 0 || w->action == (int)c->action);
}

/* All of one request, appended; how many there are then. */
static int add(const struct plan_wanted *w, int request, const int messages[WIRE_SIDES], struct action_case *out, int n)
{
    for (int side = 0; side < WIRE_SIDES; side++)
        for (int m = 1; m <= messages[side]; m++)
            for (int action = 0; action < ACTIONS; action++) {
                struct action_case c = { request, (enum wire_side)side, m, (enum action)action };

                if (wanted(w, &c))
                    out[n++] = c;
            }
    return n;
}

static int64_t common_divisor(int64_t x, int64_t y)
{
    return y == 0 ? x : common_divisor(y, x % y);
}

/* Steps of the golden section: wherever one stops, what was met lies evenly, over requests and messages as over actions. */
static int sample(struct arena *a, struct action_case *cases, int n, int wanted)
{
    bool *met = arena_array(a, bool, n);
    int64_t step = (int64_t)n * 618 / 1000 + 1;
    int kept = 0;

    while (common_divisor(step, n) != 1)
        step++;
    for (int i = 0; i < wanted; i++)
        met[i * step % n] = true;
    for (int i = 0; i < n; i++)
        if (met[i])
            cases[kept++] = cases[i];
    return kept;
}

int plan_make(struct arena *a, const int messages[REQUESTS][WIRE_SIDES], const struct plan_wanted *w, struct action_case **out)
{
    int n = 0, all = 0;

    for (int i = 0; i < REQUESTS; i++)
        all += (messages[i][WIRE_CLIENT] + messages[i][WIRE_SERVER]) * ACTIONS;
    *out = arena_array(a, struct action_case, all);
    for (int i = 0; i < REQUESTS; i++)
        n = add(w, i, messages[i], *out, n);
    return w->sample > 0 && w->sample < n ? sample(a, *out, n, w->sample) : n;
}

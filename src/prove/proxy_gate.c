/*
 * Counts the messages of the request and, at the chosen one, does what the case says.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/proxy_parts.h"

#define NOT_PROTOCOL SPAN("HTTP/1.1 400 Bad Request\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n")

void proxy_gate_busy(struct proxy *p, int by)
{
    pthread_mutex_lock(&p->lock);
    p->busy += by;
    if (p->busy == 0)
        pthread_cond_signal(&p->settled);
    pthread_mutex_unlock(&p->lock);
}

void proxy_gate_conversation(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->record.conversations++;
    p->busy++;
    pthread_mutex_unlock(&p->lock);
}

void proxy_gate_backend(struct proxy *p, int pid, bool here)
{
    bool done = pid == 0;

    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < PROXY_LIVE && !done; i++)
        if (p->live[i] == (here ? 0 : pid)) {
            p->live[i] = here ? pid : 0;
            done = true;
        }
    pthread_mutex_unlock(&p->lock);
}

/* Counts it.  True: this is the one. */
static bool chosen(struct proxy *p, enum wire_side side, const struct wire_message *m, enum action *action)
{
    struct proxy_record *r = &p->record;
    bool hit;

    pthread_mutex_lock(&p->lock);
    if (r->n[side] < PROXY_MESSAGES)
        r->types[side][r->n[side]] = m->type;
    r->n[side]++;
    hit = p->armed && p->fault.side == side && p->fault.message == r->n[side];
    if (hit) {
        *action = p->fault.action;
        p->armed = false;
        r->hit = true;
    }
    pthread_mutex_unlock(&p->lock);
    return hit;
}

static enum proxy_verdict hold(struct proxy_pair *c, enum wire_side side, enum proxy_hold how)
{
    c->hold[side] = how;
    proxy_gate_busy(c->proxy, 1);
    if (how == HOLD_DELAY)
        loop_timer(c->proxy->loop, &c->timer, clock_now() + c->proxy->config.delay);
    return GATE_HOLD;
}

static enum proxy_verdict act(struct proxy_pair *c, enum wire_side side, const struct wire_message *m, enum action action)
{
    struct proxy_end *to = &c->ends[!side];

    switch (action) {
    case ACTION_RESET:
        return GATE_RESET;
    case ACTION_STALL:
        return hold(c, side, HOLD_STALL);
    case ACTION_DELAY:
        return hold(c, side, HOLD_DELAY);
    case ACTION_TRUNCATE:
        buf_add(&to->out, (struct span){ m->bytes.p, m->bytes.n / 2 });
        return GATE_END;
    case ACTION_GARBLE:
        buf_add(&to->out, NOT_PROTOCOL);
        return GATE_END;
    case ACTION_TERMINATE:
        c->proxy->config.terminate(c->proxy->config.user, c->pid);
        return GATE_PASS;
    default:
        return GATE_END;
    }
}

enum proxy_verdict proxy_gate(struct proxy_pair *c, enum wire_side side, const struct wire_message *m)
{
    enum action action;

    if (tap_uncounted(side, m) || !chosen(c->proxy, side, m, &action))
        return GATE_PASS;
    return act(c, side, m, action);
}

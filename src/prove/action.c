/*
 * The table of actions, and the spelling of a case.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/action.h"

#include <stdio.h>

const struct action_info action_infos[ACTIONS] = {
    [ACTION_CLOSE]     = { "close",     "both connections are closed instead of the message" },
    [ACTION_RESET]     = { "reset",     "both connections are reset (RST) instead of the message" },
    [ACTION_STALL]     = { "stall",     "the message and what follows it wait until the client has its answer" },
    [ACTION_DELAY]     = { "delay",     "they wait twice as long as a statement may take" },
    [ACTION_TRUNCATE]  = { "truncate",  "half of the message arrives, then both connections are closed" },
    [ACTION_GARBLE]    = { "garble",    "other bytes arrive instead, then both connections are closed" },
    [ACTION_TERMINATE] = { "terminate", "the backend is ended (pg_terminate_backend) before the message goes on" },
};

static const char *const sides[WIRE_SIDES] = { "request", "response" };

bool action_find(struct span name, enum action *out)
{
    for (int i = 0; i < ACTIONS; i++)
        if (span_is(name, action_infos[i].name)) {
            *out = (enum action)i;
            return true;
        }
    return false;
}

void action_case_format(const struct action_case *c, const char *request, char out[ACTION_CASE_TEXT])
{
    snprintf(out, ACTION_CASE_TEXT, "%s/%s:%d/%s", request, sides[c->side], c->message, action_infos[c->action].name);
}

static bool side_find(struct span name, enum wire_side *out)
{
    *out = span_is(name, sides[WIRE_SERVER]) ? WIRE_SERVER : WIRE_CLIENT;
    return span_is(name, sides[*out]);
}

bool action_case_parse(const char *text, struct span *request, struct action_case *out, struct err *e)
{
    struct span action = span_of(text), number, side;
    uint64_t n = 0;

    *out = (struct action_case){ 0 };
    *request = span_cut(&action, '/');
    number = span_cut(&action, '/');
    side = span_cut(&number, ':');
    if (!side_find(side, &out->side) || !span_u64(number, &n) || n < 1 || n > 10000 || !action_find(action, &out->action))
        return fail(e, E_USAGE, "--case: write REQUEST/SIDE:NUMBER/ACTION as in append/response:3/reset; SIDE is request or response");
    out->message = (int)n;
    return true;
}

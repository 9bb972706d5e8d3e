/*
 * What may happen to a message, and to which one: one case, written "append/response:3/reset".
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_ACTION_H
#define KEELSON_PROVE_ACTION_H

#include "base/attr.h"
#include "base/err.h"
#include "prove/wire.h"

enum action { ACTION_CLOSE, ACTION_RESET, ACTION_STALL, ACTION_DELAY, ACTION_TRUNCATE, ACTION_GARBLE, ACTION_TERMINATE, ACTIONS };

struct action_info { const char *name, *doc; };
extern const struct action_info action_infos[ACTIONS];

/* True and *out, or false: no such action. */
bool action_find(struct span name, enum action *out);

struct action_case {
    int            request;         /* index of a request, see request.h */
    enum wire_side side;            /* whose message: "request" is the service's, "response" the server's */
    int            message;         /* from 1 */
    enum action    action;
};

#define ACTION_CASE_TEXT 64
void action_case_format(const struct action_case *c, const char *request, char out[ACTION_CASE_TEXT]);
/* *request is the first part, a view of the text.  E_USAGE with what it should look like. */
MUST_CHECK bool action_case_parse(const char *text, struct span *request, struct action_case *out, struct err *e);

#endif

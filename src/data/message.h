/*
 * Changing a message in its place: extending or finishing one that is still streaming, and taking its content away for good.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_MESSAGE_H
#define KEELSON_DATA_MESSAGE_H

#include "data/call.h"

call_plan   message_extend_plan;
call_plan   message_redact_plan;
call_render message_render;

/* For its neighbours: what a change of one message begins with.  The rows of the second statement are read with the names below. */
enum { MESSAGE_SESSION_STATUS, MESSAGE_SUPERSEDER_ID, MESSAGE_ID_TAKEN, MESSAGE_EXACT, MESSAGE_FIELDS };

struct message_place {
    struct uuid session;
    int64_t     seq;
};

MUST_CHECK bool message_place(struct call *c, struct message_place *out, struct err *e);
void message_lock(struct call *c, struct plan *p, const struct message_place *at, struct span client_id);
/* E_NOT_FOUND unless the row holds a message. */
MUST_CHECK bool message_there(struct call *c, const struct rows *r, struct err *e);
int message_column(const struct call *c, const char *field);       /* of its rows; -1: has none */

#endif

/*
 * POST /v1/sessions/{id}/messages: turns are added, grouped with those of other requests.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_APPEND_H
#define KEELSON_DATA_APPEND_H

#include "base/attr.h"
#include "data/call.h"

#define APPEND_MESSAGES 100         /* in one request */

call_plan   append_plan;
call_render append_render;

/*
 * For what appends one message as a part of more: the body is read as the message that replaces `seq`; its two statements, of which the first
 * locks the session, are put; the rows of the second are rendered.
 */
struct append_item;

MUST_CHECK bool append_replacement(struct call *c, const struct uuid *session, int64_t seq, struct append_item **out, struct err *e);
void append_stmts(struct call *c, struct plan *p, struct append_item *item);
const struct uuid *append_id(const struct append_item *item);
struct span append_client_id(const struct append_item *item);      /* SPAN_NONE: it has none */
/*
 * The same for several, in Keelson's own form; faults name the places from `at` of an array that is the body.  When the statements
 * were run, append_took() tells from the rows of the second whether all of them are there now, and that none was before.
 */
MUST_CHECK bool append_some(struct call *c, const struct uuid *session, const struct json *const *messages, size_t n, size_t at, struct append_item **out,
                            struct err *e);
MUST_CHECK bool append_took(struct call *c, const struct append_item *item, const struct rows *r, struct err *e);
size_t append_count(const struct append_item *item);
bool append_render_one(struct call *c, const struct append_item *item, const struct rows *r, struct err *e);

#endif

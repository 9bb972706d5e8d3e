/*
 * If-Match and If-None-Match, and the ETag they are about: "v7", of a session "v7-120" (version and last event).  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_PRECONDITION_H
#define KEELSON_DATA_PRECONDITION_H

#include "base/arena.h"
#include "data/call.h"

#define PRECONDITION_TAGS 8

struct precondition {
    bool    given, any;                          /* any: "*" */
    int64_t version[PRECONDITION_TAGS];          /* -1: a tag that matches nothing */
    int     n;
};

/* E_PARAMETER when it is no list of entity tags. */
MUST_CHECK bool precondition_parse(struct span if_match, struct precondition *out, struct err *e);
/* E_PRECONDITION when the call has none. */
MUST_CHECK bool precondition_required(const struct call *c, const struct precondition *p, struct err *e);
/* E_STALE with current_version.  Always true when none was given. */
MUST_CHECK bool precondition_check(const struct call *c, const struct precondition *p, int64_t version, struct err *e);

/* Does If-None-Match name this tag (or "*")? */
bool precondition_unchanged(struct span if_none_match, struct span etag);

/* "v7" or, with an event number >= 0, "v7-120". */
struct span precondition_etag(struct arena *a, int64_t version, int64_t event);

#endif

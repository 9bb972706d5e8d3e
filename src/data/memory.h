/*
 * GET, PUT and PATCH /v1/sessions/{id}/memory: the small document an interviewer remembers by, or the messages as an array.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_MEMORY_H
#define KEELSON_DATA_MEMORY_H

#include "base/attr.h"
#include "data/call.h"

call_plan   memory_get_plan, memory_put_plan, memory_patch_plan;
call_render memory_render;

/* For its neighbour, the array. */
struct memory_match {
    bool    any;                        /* If-Match: * */
    int64_t version;                    /* in If-Match; -1: not given */
};

MUST_CHECK bool memory_match_parse(struct call *c, struct memory_match *out, struct err *e);
/* unseen: nothing would be lost, so that it need not be given. */
MUST_CHECK bool memory_match_fits(struct call *c, const struct memory_match *m, int64_t version, bool unseen, struct err *e);

enum { MEMORY_DOCUMENT, MEMORY_VERSION, MEMORY_THROUGH, MEMORY_LAST_SEQ, MEMORY_LAST_EVENT, MEMORY_FIELDS };

/* One row with the first five columns, or none; locked. */
void memory_lock(struct call *c, struct plan *p, const struct uuid *session);
void memory_write_stmt(struct call *c, struct plan *p, const struct uuid *session, struct span document, int64_t through);  /* -1: as before */
/* ETag and Keelson-Memory-Through-Seq; event: the last one of the session where the messages are the memory, else -1.  The tag is returned. */
const char *memory_headers(struct call *c, int64_t version, int64_t through, int64_t event);

#endif

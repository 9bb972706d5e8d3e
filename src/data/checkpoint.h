/*
 * What the parts of the checkpoint endpoints share: limits, and the lock a writer takes.  Pure.
 *
 * LangGraph's checkpoints: a thread has namespaces, a namespace has checkpoints in the order of their identifiers.  The bytes of values are
 * opaque: nothing here looks into them.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_CHECKPOINT_H
#define KEELSON_DATA_CHECKPOINT_H

#include "data/call.h"

enum {                              /* bytes; the CHECKs of the tables */
    CHECKPOINT_THREAD = 512, CHECKPOINT_NS = 1024, CHECKPOINT_ID = 256, CHECKPOINT_CHANNEL = 512, CHECKPOINT_VERSION = 256, CHECKPOINT_TASK = 256,
    CHECKPOINT_TYPE = 256, CHECKPOINT_RUN = 256, CHECKPOINT_PATH = 4096,
    CHECKPOINT_CHANNELS = 10000,    /* of one checkpoint; writes of one call */
    CHECKPOINT_THREADS = 1000,      /* of one removal */
};

/* One writer at a time in a namespace. */
void checkpoint_lock(struct call *c, struct plan *p, struct span thread, struct span ns);
/* No other writer in the organization. */
void checkpoint_lock_all(struct call *c, struct plan *p);
/* Thread, namespace and identifier of a query; what is not given stays SPAN_NONE. */
MUST_CHECK bool checkpoint_named(struct call *c, struct span *thread, struct span *ns, struct span *id, struct err *e);

#endif

/*
 * Idempotency-Key: the answer to a write is stored in the transaction of the write, and repeated to who repeats the request.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_IDEMPOTENCY_H
#define KEELSON_DATA_IDEMPOTENCY_H

#include "data/call.h"

#define IDEMPOTENCY_KEY_MAX 255      /* bytes */

/*
 * Wrap a planned call that carries the header: call it after plan(), with c->render already set.
 * The plan gets a step; c->render is replaced, because the answer is rendered inside the transaction.
 *
 *   first time         runs, and stores the answer if its status is 2xx
 *   repeated           the stored answer, with Idempotent-Replayed: true
 *   another body       E_REUSED_KEY
 *   still running      E_IN_FLIGHT
 */
MUST_CHECK bool idempotency_wrap(struct call *c, struct plan *p, struct err *e);

#endif

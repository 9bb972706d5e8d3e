/*
 * POST /v1/checkpoints and /v1/checkpoints/writes.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_CHECKPOINT_PUT_H
#define KEELSON_DATA_CHECKPOINT_PUT_H

#include "data/call.h"

/* A checkpoint and the channels that changed.  With expect_newest it must follow the newest one: E_STALE_CHECKPOINT.  The same one again
   replaces itself (200). */
call_plan   checkpoint_put_plan;
call_render checkpoint_put_render;
/* What a task wrote.  Special channels have places of their own and replace; of others the first write stays. */
call_plan   checkpoint_put_writes_plan;

#endif

/*
 * GET /v1/checkpoints/tuple and /v1/checkpoints.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_CHECKPOINT_READ_H
#define KEELSON_DATA_CHECKPOINT_READ_H

#include "data/call.h"

/* One checkpoint with its channels and pending writes: the named one, or the newest of the namespace. */
call_plan   checkpoint_read_plan;
call_render checkpoint_read_render;
/* Pages of them, newest first: of a thread, a namespace, older than one, with metadata that has these values. */
call_plan   checkpoint_read_list_plan;
call_render checkpoint_read_list_render;

#endif

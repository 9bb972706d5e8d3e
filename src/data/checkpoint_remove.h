/*
 * DELETE /v1/checkpoints, POST /v1/checkpoints/prune and /v1/checkpoints/copy: whole threads, or the old part of them.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_CHECKPOINT_REMOVE_H
#define KEELSON_DATA_CHECKPOINT_REMOVE_H

#include "data/call.h"

/* Everything of a thread; 204 also when there was nothing. */
call_plan   checkpoint_remove_plan;
/* Of several threads all but the newest checkpoint of each namespace, or everything; and what some runs wrote. */
call_plan   checkpoint_remove_prune_plan;
call_render checkpoint_remove_prune_render;
/* All of a thread under another name that has no checkpoints. */
call_plan   checkpoint_remove_copy_plan;
call_render checkpoint_remove_copy_render;

#endif

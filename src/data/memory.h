/*
 * GET, PUT and PATCH /v1/sessions/{id}/memory: the small document an interviewer remembers by.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_MEMORY_H
#define KEELSON_DATA_MEMORY_H

#include "data/call.h"

call_plan   memory_get_plan, memory_put_plan, memory_patch_plan;
call_render memory_render;

#endif

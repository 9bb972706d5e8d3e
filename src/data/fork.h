/*
 * POST /v1/sessions/{id}/fork: a new session of the same interview that begins with the history of this one.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_FORK_H
#define KEELSON_DATA_FORK_H

#include "data/call.h"

call_plan   fork_plan;
call_render fork_render;

#endif

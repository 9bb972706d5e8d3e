/*
 * GET /v1/sessions/{id}/messages and .../messages/{seq}: tails, windows and single messages, grouped.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_WINDOW_H
#define KEELSON_DATA_WINDOW_H

#include "data/call.h"

#define WINDOW_MOST    200
#define WINDOW_DEFAULT 50

call_plan   window_plan;        /* after_seq, before_seq, tail, limit, role, cursor */
call_render window_render;
call_plan   window_one_plan;
call_render window_one_render;

#endif

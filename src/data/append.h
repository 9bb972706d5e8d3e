/*
 * POST /v1/sessions/{id}/messages: turns are added, grouped with those of other requests.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_APPEND_H
#define KEELSON_DATA_APPEND_H

#include "data/call.h"

#define APPEND_MESSAGES 100         /* in one request */

call_plan   append_plan;
call_render append_render;

#endif

/*
 * POST /v1/{r}/{id}/transitions: {"to":"completed","reason":"..."}.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_TRANSITION_H
#define KEELSON_DATA_TRANSITION_H

#include "data/call.h"

call_plan   transition_plan;
call_render transition_render;

#endif

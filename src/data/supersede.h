/*
 * POST /v1/sessions/{id}/messages/{seq}/supersede: a message that takes the place of another, which stays and refers to it.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_SUPERSEDE_H
#define KEELSON_DATA_SUPERSEDE_H

#include "data/call.h"

call_plan   supersede_plan;
call_render supersede_render;

#endif

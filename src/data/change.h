/*
 * PATCH /v1/{r}/{id}: merge patch or JSON patch of the object as it is rendered.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_CHANGE_H
#define KEELSON_DATA_CHANGE_H

#include "data/call.h"

call_plan   change_plan;
call_render change_render;

#endif

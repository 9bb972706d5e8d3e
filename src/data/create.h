/*
 * POST /v1/{r}: one object, or an array of up to 1,000, all or nothing.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_CREATE_H
#define KEELSON_DATA_CREATE_H

#include "data/call.h"

#define CREATE_MAX 1000

call_plan   create_plan;
call_render create_render;

#endif

/*
 * GET /v1/{r}, and the same narrowed to a parent: GET /v1/candidates/{id}/resumes.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_LIST_H
#define KEELSON_DATA_LIST_H

#include "data/call.h"

#define LIST_LIMIT_MAX     200
#define LIST_LIMIT_DEFAULT 50

call_plan   list_plan;
/* The resource is what is listed; the parent is named by the second segment of the path and by capture 0. */
call_plan   list_within_plan;
call_render list_render;

#endif

/*
 * DELETE /v1/{r}/{id} and POST /v1/{r}/{id}/restore: the trash, with what hangs below.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_TRASH_H
#define KEELSON_DATA_TRASH_H

#include "data/call.h"

call_plan   trash_plan;
call_plan   trash_restore_plan;
call_render trash_restore_render;

#endif

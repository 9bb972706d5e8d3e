/*
 * Routes about the service itself: health, metrics, the API description, pages.  They ask the database nothing.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_SYSTEM_H
#define KEELSON_SERVE_SYSTEM_H

#include "data/call.h"

call_plan system_plan;                  /* no parameters, no database */

call_render system_health_render, system_live_render, system_ready_render, system_startup_render;
call_render system_metrics_render, system_openapi_render;
call_render system_console_render, system_docs_render, system_asset_render;     /* files of web/ */
struct service;
struct buf;
void system_metrics(const struct service *s, struct buf *out);        /* what /metrics says now */

call_plan   system_problem_plan;
call_render system_problem_render;      /* /problems/{slug} */

#endif

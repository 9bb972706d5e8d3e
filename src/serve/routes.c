/*
 * One row a route.  `{r}` is any resource of the catalog; fixed rows come first where both would match.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/routes.h"

#include "base/attr.h"
#include "data/append.h"
#include "data/create.h"
#include "data/memory.h"
#include "data/read.h"
#include "data/window.h"
#include "serve/system.h"

#define GET HTTP_GET

const struct route routes[] = {
    /* at                                                  resource    action   body           idem.  plan and render, id, doc */
    { { GET,       "/health" },                            NULL,       NULL,    BODY_NONE,     false, system_plan, system_health_render,
      "health", "What is well and what is not, from the last probe; 503 when a check fails." },
    { { GET,       "/health/live" },                       NULL,       NULL,    BODY_NONE,     false, system_plan, system_live_render,
      "healthLive", "The process answers; says nothing about the database." },
    { { GET,       "/health/ready" },                      NULL,       NULL,    BODY_NONE,     false, system_plan, system_ready_render,
      "healthReady", "Requests should be sent here." },
    { { GET,       "/health/startup" },                    NULL,       NULL,    BODY_NONE,     false, system_plan, system_startup_render,
      "healthStartup", "Start-up is over: migrated, and the database was reached." },
    { { GET,       "/metrics" },                           NULL,       NULL,    BODY_NONE,     false, system_plan, system_metrics_render,
      "metrics", "Counters and histograms as Prometheus text." },
    { { GET,       "/openapi.json" },                      NULL,       NULL,    BODY_NONE,     false, system_plan, system_openapi_render,
      "openapi", "This description." },
    { { GET,       "/docs" },                              NULL,       NULL,    BODY_NONE,     false, system_plan, system_docs_render,
      "docs", "This description as a page." },
    { { GET,       "/" },                                  NULL,       NULL,    BODY_NONE,     false, system_plan, system_console_render,
      "console", "The status page." },
    { { GET,       "/web/{file}" },                        NULL,       NULL,    BODY_NONE,     false, system_plan, system_asset_render,
      "asset", "A file of the pages." },
    { { GET,       "/problems/{slug}" },                   NULL,       NULL,    BODY_NONE,     false, system_problem_plan, system_problem_render,
      "problem", "What an error means." },

    { { GET,       "/v1/sessions/{id}/messages" },         "sessions", "read",  BODY_NONE,     false, window_plan, window_render,
      "listMessages", "Messages of a session in order: a window from the front, or the newest with tail." },
    { { HTTP_POST, "/v1/sessions/{id}/messages" },         "sessions", "write", BODY_MESSAGES, true,  append_plan, append_render,
      "appendMessages", "Append messages, all or none, with gapless seq." },
    { { GET,       "/v1/sessions/{id}/messages/{seq}" },   "sessions", "read",  BODY_NONE,     false, window_one_plan, window_one_render,
      "getMessage", "One message of a session." },
    { { GET,       "/v1/sessions/{id}/memory" },           "sessions", "read",  BODY_NONE,     false, memory_get_plan, memory_render,
      "getMemory", "The session's memory document." },
    { { HTTP_PUT,  "/v1/sessions/{id}/memory" },           "sessions", "write", BODY_MESSAGES, false, memory_put_plan, memory_render,
      "putMemory", "Replace the memory document." },
    { { HTTP_PATCH, "/v1/sessions/{id}/memory" },          "sessions", "write", BODY_PATCH,    false, memory_patch_plan, memory_render,
      "patchMemory", "Change the memory document." },

    { { HTTP_POST, "/v1/{r}" },                            NULL,       "write", BODY_JSON,     true,  create_plan, create_render,
      "create", "Create one, or several at once, all or none." },
    { { GET,       "/v1/{r}/{id}" },                       NULL,       "read",  BODY_NONE,     false, read_plan, read_render,
      "get", "Read one." },
};

const size_t nroutes = ARRAY_LEN(routes);

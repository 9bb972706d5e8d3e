/*
 * One row a route.  `{r}` is any resource of the catalog; fixed rows come first where both would match.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/routes.h"

#include <string.h>

#include "base/attr.h"
#include "data/answer.h"
#include "data/append.h"
#include "data/change.h"
#include "data/checkpoint_put.h"
#include "data/checkpoint_read.h"
#include "data/checkpoint_remove.h"
#include "data/create.h"
#include "data/file.h"
#include "data/fork.h"
#include "data/list.h"
#include "data/memory.h"
#include "data/message.h"
#include "data/read.h"
#include "data/supersede.h"
#include "data/transition.h"
#include "data/trash.h"
#include "data/window.h"
#include "serve/system.h"

#define GET HTTP_GET

static bool created_here(const struct resource *r)
{
    return !r->created_elsewhere;
}

static bool trashed(const struct resource *r)
{
    return r->has_trash;
}

static bool alive(const struct resource *r)
{
    return r->has_status;
}

const struct route routes[] = {
    /* at                                                  resource    action   body           idem.  plan and render, id, doc, serves */
    { { GET,       "/health" },                            NULL,       NULL,    BODY_NONE,     false, system_plan, system_health_render,
      "health", "What is well and what is not, from the last probe; 503 when a check fails.", NULL },
    { { GET,       "/health/live" },                       NULL,       NULL,    BODY_NONE,     false, system_plan, system_live_render,
      "healthLive", "The process answers; says nothing about the database.", NULL },
    { { GET,       "/health/ready" },                      NULL,       NULL,    BODY_NONE,     false, system_plan, system_ready_render,
      "healthReady", "Requests should be sent here.", NULL },
    { { GET,       "/health/startup" },                    NULL,       NULL,    BODY_NONE,     false, system_plan, system_startup_render,
      "healthStartup", "Start-up is over: migrated, and the database was reached.", NULL },
    { { GET,       "/metrics" },                           NULL,       NULL,    BODY_NONE,     false, system_plan, system_metrics_render,
      "metrics", "Counters and histograms as Prometheus text.", NULL },
    { { GET,       "/openapi.json" },                      NULL,       NULL,    BODY_NONE,     false, system_plan, system_openapi_render,
      "openapi", "This description.", NULL },
    { { GET,       "/docs" },                              NULL,       NULL,    BODY_NONE,     false, system_plan, system_docs_render,
      "docs", "This description as a page.", NULL },
    { { GET,       "/" },                                  NULL,       NULL,    BODY_NONE,     false, system_plan, system_console_render,
      "console", "The status page.", NULL },
    { { GET,       "/web/{file}" },                        NULL,       NULL,    BODY_NONE,     false, system_plan, system_asset_render,
      "asset", "A file of the pages.", NULL },
    { { GET,       "/problems/{slug}" },                   NULL,       NULL,    BODY_NONE,     false, system_problem_plan, system_problem_render,
      "problem", "What an error means.", NULL },

    { { GET,       "/v1/sessions/{id}/messages" },         "sessions", "read",  BODY_NONE,     false, window_plan, window_render,
      "listMessagesOfSession", "Messages of a session in order: a window from the front, or the newest with tail.", NULL },
    { { HTTP_POST, "/v1/sessions/{id}/messages" },         "sessions", "write", BODY_MESSAGES, true,  append_plan, append_render,
      "appendMessages", "Append messages, all or none, with gapless seq.", NULL },
    { { GET,       "/v1/sessions/{id}/messages/{seq}" },   "sessions", "read",  BODY_NONE,     false, window_one_plan, window_one_render,
      "getMessageOfSession", "One message of a session.", NULL },
    { { HTTP_PATCH, "/v1/sessions/{id}/messages/{seq}" },  "sessions", "write", BODY_MESSAGE_PATCH, true, message_extend_plan, message_render,
      "extendMessage", "Extend or finish a message that is streaming.", NULL },
    { { HTTP_POST, "/v1/sessions/{id}/messages/{seq}/redact" }, "sessions", "delete", BODY_JSON, true, message_redact_plan, message_render,
      "redactMessage", "Take the content of a message away for good; its place and the reason stay.", NULL },
    { { HTTP_POST, "/v1/sessions/{id}/messages/{seq}/supersede" }, "sessions", "write", BODY_MESSAGES, true, supersede_plan, supersede_render,
      "supersedeMessage", "Append a message that replaces this one.", NULL },
    { { GET,       "/v1/sessions/{id}/memory" },           "sessions", "read",  BODY_NONE,     false, memory_get_plan, memory_render,
      "getMemory", "The session's memory: the document, or its messages as an array.", NULL },
    { { HTTP_PUT,  "/v1/sessions/{id}/memory" },           "sessions", "write", BODY_MESSAGES, false, memory_put_plan, memory_render,
      "putMemory", "Replace the memory document, or append what is new of a whole conversation.", NULL },
    { { HTTP_PATCH, "/v1/sessions/{id}/memory" },          "sessions", "write", BODY_PATCH,    false, memory_patch_plan, memory_render,
      "patchMemory", "Change the memory document.", NULL },

    { { HTTP_POST, "/v1/sessions/{id}/fork" },             "sessions", "write", BODY_JSON,     true,  fork_plan, fork_render,
      "forkSession", "A new session with the history of this one, up to a message.", NULL },

    { { GET,       "/v1/candidates/{id}/resumes" },        "resumes",  "read",  BODY_NONE,     false, list_within_plan, list_render,
      "listResumesOfCandidate", "Resumes of a candidate.", NULL },
    { { GET,       "/v1/candidates/{id}/interviews" },     "interviews", "read", BODY_NONE,    false, list_within_plan, list_render,
      "listInterviewsOfCandidate", "Interviews of a candidate.", NULL },
    { { GET,       "/v1/interviews/{id}/sessions" },       "sessions", "read",  BODY_NONE,     false, list_within_plan, list_render,
      "listSessionsOfInterview", "Sessions of an interview.", NULL },
    { { GET,       "/v1/interviews/{id}/assessments" },    "assessments", "read", BODY_NONE,   false, list_within_plan, list_render,
      "listAssessmentsOfInterview", "Assessments of an interview.", NULL },
    { { GET,       "/v1/interviews/{id}/messages" },       "messages", "read",  BODY_NONE,     false, list_within_plan, list_render,
      "listMessagesOfInterview", "Messages of all sessions of an interview.", NULL },
    { { HTTP_PUT,  "/v1/resumes/{id}/file" },              "resumes",  "write", BODY_FILE,     false, file_put_plan, file_put_render,
      "putResumeFile", "Store the file of a resume.", NULL },
    { { GET,       "/v1/resumes/{id}/file" },              "resumes",  "read",  BODY_NONE,     false, file_get_plan, file_get_render,
      "getResumeFile", "The file of a resume; ranges are honoured.", NULL },

    { { GET,       "/v1/checkpoints" },                    NULL,       "read",  BODY_NONE,     false, checkpoint_read_list_plan, checkpoint_read_list_render,
      "listCheckpoints", "Checkpoints, newest first, in pages.", NULL },
    { { HTTP_POST, "/v1/checkpoints" },                    NULL,       "write", BODY_MESSAGES, false, checkpoint_put_plan, checkpoint_put_render,
      "putCheckpoint", "Store a checkpoint and the channels that changed.", NULL },
    { { HTTP_DELETE, "/v1/checkpoints" },                  NULL,       "delete", BODY_NONE,    false, checkpoint_remove_plan, answer_nothing,
      "deleteThread", "Remove everything of a thread.", NULL },
    { { GET,       "/v1/checkpoints/tuple" },              NULL,       "read",  BODY_NONE,     false, checkpoint_read_plan, checkpoint_read_render,
      "getCheckpoint", "One checkpoint with its channels and pending writes.", NULL },
    { { HTTP_POST, "/v1/checkpoints/writes" },             NULL,       "write", BODY_MESSAGES, false, checkpoint_put_writes_plan, answer_nothing,
      "putCheckpointWrites", "Store what a task wrote after a checkpoint.", NULL },
    { { HTTP_POST, "/v1/checkpoints/prune" },              NULL,       "delete", BODY_JSON,    false, checkpoint_remove_prune_plan, checkpoint_remove_prune_render,
      "pruneCheckpoints", "Remove old checkpoints of threads, or those of runs.", NULL },
    { { HTTP_POST, "/v1/checkpoints/copy" },               NULL,       "write", BODY_JSON,     false, checkpoint_remove_copy_plan, checkpoint_remove_copy_render,
      "copyThread", "Copy a thread.", NULL },

    { { GET,       "/v1/{r}" },                            NULL,       "read",  BODY_NONE,     false, list_plan, list_render,
      "list", "List, filtered and in pages.", NULL },
    { { HTTP_POST, "/v1/{r}" },                            NULL,       "write", BODY_JSON,     true,  create_plan, create_render,
      "create", "Create one, or several at once, all or none.", created_here },
    { { GET,       "/v1/{r}/{id}" },                       NULL,       "read",  BODY_NONE,     false, read_plan, read_render,
      "get", "Read one.", NULL },
    { { HTTP_PATCH, "/v1/{r}/{id}" },                      NULL,       "write", BODY_PATCH,    true,  change_plan, change_render,
      "update", "Change one: merge patch or JSON patch, with If-Match.", created_here },
    { { HTTP_DELETE, "/v1/{r}/{id}" },                     NULL,       "delete", BODY_NONE,    false, trash_plan, answer_nothing,
      "delete", "Move one to the trash, with what hangs below it.", trashed },
    { { HTTP_POST, "/v1/{r}/{id}/restore" },               NULL,       "delete", BODY_NONE,    true,  trash_restore_plan, trash_restore_render,
      "restore", "Bring one back from the trash, with what went there with it.", trashed },
    { { HTTP_POST, "/v1/{r}/{id}/transitions" },           NULL,       "write", BODY_JSON,     true,  transition_plan, transition_render,
      "transition", "Move one along its lifecycle.", alive },
};

const size_t nroutes = ARRAY_LEN(routes);

struct span routes_subject(const struct route *route, const struct resource *r)
{
    struct span rest = span_of(route->at.pattern);

    if (r || route->resource)
        return span_of(r ? r->name : route->resource);
    if (!span_starts(rest, SPAN("/v1/")))
        return SPAN_NONE;
    rest = span_drop(rest, 4);
    return span_cut(&rest, '/');
}

unsigned routes_methods(const char *pattern, const struct resource *r)
{
    unsigned methods = 0;

    for (size_t i = 0; i < nroutes; i++)
        if (strcmp(routes[i].at.pattern, pattern) == 0 && (!r || !routes[i].serves || routes[i].serves(r)))
            methods |= routes[i].at.methods;
    return methods;
}

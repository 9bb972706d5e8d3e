/*
 * What each handler reads, answers and refuses, as facts: one row a handler, found by its plan function, so that the rows of the
 * route table need not repeat it.  A handler without a row fails a test.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/openapi_parts.h"

#include "base/attr.h"
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

/* ---- the handlers ---- */

static const char create_more[] =
    "Takes one object, which is answered as it was stored, or an array of 1 to 1,000, which are created all or none and answered as `items`. "
    "Every fault of every object is listed in `errors`.";
static const char list_more[] =
    "A page of the list in the order asked for. Follow `next` as `cursor` until it is null; rows that are added meanwhile never make a page overlap.";
static const char patch_more[] =
    "A merge patch (RFC 7396) as application/merge-patch+json or application/json, or a JSON patch (RFC 6902) as application/json-patch+json, of the "
    "object as it is read. A patch that changes nothing makes no new version.";
static const char delete_more[] =
    "Moves it and everything below it to the trash, where it can be restored for 30 days. If-Match is honoured but not required.";
static const char restore_more[] =
    "Brings back what one delete moved to the trash together. Its parents must be live, and what must be unique must still be free.";
static const char transition_more[] =
    "Moves the status along its lifecycle. A move that is not allowed is 409 and says which ones are.";
static const char append_more[] =
    "One message, an array of 1 to 100, or an object with `messages` and `expect_last_seq`. Sequence numbers are given without gaps in the order "
    "of acceptance. Repeating a `client_message_id` returns the message that was stored first (200). With `expect_last_seq` a writer that has not seen "
    "the newest message is refused with what it missed. With `format` the messages are in another program's spelling; what Keelson has no field for is kept and "
    "comes back in it.";
static const char extend_more[] =
    "While its `status` is `streaming`, a message may be given its text piece by piece: `content_append` is added to `content`, and `content_at` says how many "
    "characters (Unicode code points) come before it, so that a piece that is sent twice is stored once; a piece that does not begin at the end is 409 with "
    "`content_length`. Other members are a merge patch; `status` `complete`, `incomplete` or `error` finishes it.";
static const char redact_more[] =
    "Removes name, content, parts, tool calls, metadata and the exact bytes, and the stored answers to idempotent requests of the session, which then answer 410. "
    "Repeating it changes nothing; the first reason stays. What an application copied elsewhere, in the memory document for instance, is its own to remove.";
static const char supersede_more[] =
    "The new message goes to the end of the conversation; the old one stays in its place and names it in `superseded_by`. A message is replaced once. "
    "With a `client_message_id` a repeated request answers with the first result.";
static const char window_more[] =
    "From the front, or from the end with `tail` or `before_seq`; always in the order of the conversation. With `format` `items` are messages as that program "
    "spells them; the AI SDK keeps the answers of tools inside the message that called them.";
static const char memory_put_more[] =
    "The first document needs no If-Match; once there is one, a change must name the version it is based on, or `*`. "
    "An array is the whole conversation, as programs that keep one list of messages send it at every turn: it begins with what is stored, in its own spelling "
    "(`format`; without it LangChain's), and what is new is appended, all or nothing. Where it differs is 409 `stale-seq` with `index`. Without `format` the memory is "
    "from then on read as that array.";
static const char memory_get_more[] =
    "The document, or the messages when the memory was last sent as an array of them, or when `format` asks for them. A message that was replaced is its successor, "
    "in its place.";
static const char fork_more[] =
    "The next attempt of the same interview, with copies of the messages up to `through_seq`, exact bytes included, with their sequence numbers and identifiers of "
    "their own. What is still streaming is copied as incomplete. The memory comes along when all is copied, or when `memory_through_seq` is not beyond.";
static const char file_put_more[] =
    "The body is the file, Content-Type its type. 201 when the resume had none, 200 when one was replaced; the same bytes again change nothing.";
static const char file_get_more[] =
    "Always as a download. One range of bytes is honoured (206); its ETag is the SHA-256 of the whole file.";
static const char checkpoint_put_more[] =
    "Bytes are opaque and come back as they were. A channel that did not change is not sent again; equal values are stored once. Sending the same "
    "checkpoint again replaces it (200). With `expect_newest` a writer that another one has overtaken is refused, and nothing is stored.";
static const char checkpoint_writes_more[] =
    "Each write has its position in the list as `idx`; the channels `__error__`, `__scheduled__`, `__interrupt__` and `__resume__` have -1 to -4. Writes to "
    "only such channels replace what is there, of others the first stays.";

#define COMMON OPENAPI_FIELDS | OPENAPI_TRASH

static const struct openapi_operation operations[] = {
    { .plan = create_plan, .body = OPENAPI_CREATE, .more = create_more,
      .answers = { { 201, OPENAPI_CREATED, OPENAPI_ETAG | OPENAPI_LOCATION, "Created." } },
      .errors = { E_DUPLICATE, E_TRASHED_PARENT, E_REFERENCED } },
    { .plan = list_plan, .plural = true, .query = OPENAPI_LISTED | COMMON, .more = list_more,
      .answers = { { 200, OPENAPI_PAGE, 0, "A page." } },
      .errors = { E_PARAMETER } },
    { .plan = list_within_plan, .plural = true, .query = OPENAPI_LISTED | COMMON, .more = list_more,
      .answers = { { 200, OPENAPI_PAGE, 0, "A page." } },
      .errors = { E_PARAMETER, E_NOT_FOUND } },
    { .plan = read_plan, .query = COMMON, .headers = OPENAPI_NONE_MATCH,
      .answers = { { 200, OPENAPI_OBJECT, OPENAPI_ETAG, "The object." }, { 304, OPENAPI_NOTHING, OPENAPI_ETAG, "It is still what If-None-Match names." } },
      .errors = { E_NOT_FOUND } },
    { .plan = change_plan, .headers = OPENAPI_MUST_MATCH, .body = OPENAPI_PATCH, .more = patch_more,
      .answers = { { 200, OPENAPI_OBJECT, OPENAPI_ETAG, "The object as it is now." } },
      .errors = { E_NOT_FOUND, E_CONFLICT, E_DUPLICATE, E_TRASHED_PARENT, E_REFERENCED, E_STALE, E_PRECONDITION } },
    { .plan = trash_plan, .headers = OPENAPI_MATCH, .more = delete_more,
      .answers = { { 204, OPENAPI_NOTHING, 0, "It is in the trash." } },
      .errors = { E_NOT_FOUND, E_STALE } },
    { .plan = trash_restore_plan, .headers = OPENAPI_MATCH, .more = restore_more,
      .answers = { { 200, OPENAPI_OBJECT, OPENAPI_ETAG, "The object as it is now." } },
      .errors = { E_NOT_FOUND, E_CONFLICT, E_DUPLICATE, E_TRASHED_PARENT, E_STALE, E_INPUT } },
    { .plan = transition_plan, .headers = OPENAPI_MATCH, .body = OPENAPI_TRANSITION, .more = transition_more,
      .answers = { { 200, OPENAPI_OBJECT, OPENAPI_ETAG, "The object as it is now." } },
      .errors = { E_NOT_FOUND, E_TRANSITION, E_STALE } },

    { .plan = window_plan, .query = OPENAPI_WINDOW | OPENAPI_FORMAT, .more = window_more,
      .answers = { { 200, OPENAPI_MESSAGES, 0, "A part of the conversation." } },
      .errors = { E_NOT_FOUND } },
    { .plan = window_one_plan,
      .answers = { { 200, OPENAPI_MESSAGE, 0, "The message." } },
      .errors = { E_NOT_FOUND } },
    { .plan = append_plan, .query = OPENAPI_FORMAT, .body = OPENAPI_APPEND, .more = append_more,
      .answers = { { 201, OPENAPI_APPENDED, 0, "Stored." }, { 200, OPENAPI_APPENDED, 0, "All of them had been stored before; these are the first results." } },
      .errors = { E_NOT_FOUND, E_STALE_SEQ, E_CLOSED_SESSION, E_DUPLICATE } },

    { .plan = message_extend_plan, .body = OPENAPI_MESSAGE_PATCH, .more = extend_more,
      .answers = { { 200, OPENAPI_MESSAGE, 0, "The message as it is now." } },
      .errors = { E_NOT_FOUND, E_CONFLICT } },
    { .plan = message_redact_plan, .body = OPENAPI_REDACTION, .more = redact_more,
      .answers = { { 200, OPENAPI_MESSAGE, 0, "The message without its content." } },
      .errors = { E_NOT_FOUND } },
    { .plan = supersede_plan, .body = OPENAPI_ONE_MESSAGE, .more = supersede_more,
      .answers = { { 201, OPENAPI_APPENDED, 0, "Stored." }, { 200, OPENAPI_APPENDED, 0, "It had been stored before; this is the first result." } },
      .errors = { E_NOT_FOUND, E_CONFLICT, E_CLOSED_SESSION, E_DUPLICATE } },

    { .plan = memory_get_plan, .headers = OPENAPI_NONE_MATCH, .shared = { "memoryFormat" }, .gives = "MemoryOrMessages", .more = memory_get_more,
      .answers = { { 200, OPENAPI_NAMED, OPENAPI_ETAG | OPENAPI_THROUGH_OF, "The document, or the messages." },
                   { 304, OPENAPI_NOTHING, OPENAPI_ETAG | OPENAPI_THROUGH_OF, "It is still what If-None-Match names." } },
      .errors = { E_NOT_FOUND } },
    { .plan = memory_put_plan, .query = OPENAPI_THROUGH, .shared = { "memoryFormat" }, .headers = OPENAPI_MATCH, .body = OPENAPI_MEMORY, .gives = "MemoryPut",
      .more = memory_put_more,
      .answers = { { 200, OPENAPI_NAMED, OPENAPI_ETAG | OPENAPI_THROUGH_OF, "The document as it is now; of an array, how much of it was new." } },
      .errors = { E_NOT_FOUND, E_STALE, E_STALE_SEQ, E_CLOSED_SESSION, E_PRECONDITION } },
    { .plan = memory_patch_plan, .query = OPENAPI_THROUGH, .headers = OPENAPI_MUST_MATCH, .body = OPENAPI_MEMORY_PATCH,
      .answers = { { 200, OPENAPI_DOCUMENT, OPENAPI_ETAG | OPENAPI_THROUGH_OF, "The document as it is now." } },
      .errors = { E_NOT_FOUND, E_CONFLICT, E_STALE, E_PRECONDITION } },

    { .plan = fork_plan, .body = OPENAPI_FORK, .more = fork_more,
      .answers = { { 201, OPENAPI_OBJECT, OPENAPI_ETAG | OPENAPI_LOCATION, "The new session." } },
      .errors = { E_NOT_FOUND } },

    { .plan = file_put_plan, .query = OPENAPI_NAME, .headers = OPENAPI_MATCH, .body = OPENAPI_FILE, .more = file_put_more,
      .answers = { { 201, OPENAPI_OBJECT, OPENAPI_ETAG, "The resume, which had no file before." }, { 200, OPENAPI_OBJECT, OPENAPI_ETAG, "The resume with its new file." } },
      .errors = { E_NOT_FOUND, E_MEDIA_TYPE, E_INPUT, E_STALE } },
    { .plan = file_get_plan, .headers = OPENAPI_NONE_MATCH | OPENAPI_RANGE, .more = file_get_more,
      .answers = { { 200, OPENAPI_BYTES, OPENAPI_ETAG | OPENAPI_FILE_OF, "The file." },
                   { 206, OPENAPI_BYTES, OPENAPI_ETAG | OPENAPI_FILE_OF | OPENAPI_RANGE_OF, "The range." },
                   { 304, OPENAPI_NOTHING, OPENAPI_ETAG, "It is still what If-None-Match names." } },
      .errors = { E_NOT_FOUND, E_RANGE } },

    { .plan = checkpoint_put_plan, .body = OPENAPI_NAMED_BODY, .takes = "CheckpointPut", .gives = "CheckpointKey", .more = checkpoint_put_more,
      .answers = { { 201, OPENAPI_NAMED, 0, "Stored." }, { 200, OPENAPI_NAMED, 0, "Stored again." } },
      .errors = { E_STALE_CHECKPOINT } },
    { .plan = checkpoint_put_writes_plan, .body = OPENAPI_NAMED_BODY, .takes = "CheckpointWrites", .more = checkpoint_writes_more,
      .answers = { { 204, OPENAPI_NOTHING, 0, "Stored." } } },
    { .plan = checkpoint_read_plan, .shared = { "thread", "checkpointNs", "checkpointId" }, .gives = "Checkpoint",
      .answers = { { 200, OPENAPI_NAMED, 0, "The checkpoint." } },
      .errors = { E_NOT_FOUND } },
    { .plan = checkpoint_read_list_plan, .gives = "CheckpointList",
      .shared = { "anyThread", "anyCheckpointNs", "anyCheckpointId", "before", "checkpointMetadata", "limit", "checkpointCursor" },
      .answers = { { 200, OPENAPI_NAMED, 0, "A page." } } },
    { .plan = checkpoint_remove_plan, .shared = { "thread" },
      .answers = { { 204, OPENAPI_NOTHING, 0, "There is nothing of it any more." } } },
    { .plan = checkpoint_remove_prune_plan, .body = OPENAPI_NAMED_BODY, .takes = "CheckpointPrune", .gives = "CheckpointCount",
      .answers = { { 200, OPENAPI_NAMED, 0, "How many checkpoints were removed." } } },
    { .plan = checkpoint_remove_copy_plan, .body = OPENAPI_NAMED_BODY, .takes = "CheckpointCopy", .gives = "CheckpointCount",
      .answers = { { 201, OPENAPI_NAMED, 0, "How many checkpoints were copied." } },
      .errors = { E_NOT_FOUND, E_CONFLICT } },

    { .plan = system_plan, .render = system_health_render,
      .answers = { { 200, OPENAPI_HEALTH, 0, "All is well, or something deserves a look (`warn`)." }, { 503, OPENAPI_HEALTH, OPENAPI_RETRY, "Something fails, and this is what." } } },
    { .plan = system_plan, .render = system_live_render,
      .answers = { { 200, OPENAPI_PROBE, 0, "The process answers." } } },
    { .plan = system_plan, .render = system_ready_render,
      .answers = { { 200, OPENAPI_PROBE, 0, "Send requests." }, { 503, OPENAPI_PROBE, OPENAPI_RETRY, "Do not send requests, and why." } } },
    { .plan = system_plan, .render = system_startup_render,
      .answers = { { 200, OPENAPI_PROBE, 0, "Started." }, { 503, OPENAPI_PROBE, OPENAPI_RETRY, "Still starting." } } },
    { .plan = system_plan, .render = system_metrics_render,
      .answers = { { 200, OPENAPI_METRICS, 0, "Prometheus text format." } } },
    { .plan = system_plan, .render = system_openapi_render,
      .answers = { { 200, OPENAPI_ITSELF, 0, "An OpenAPI 3.1 document." } } },
    { .plan = system_plan, .render = system_docs_render,
      .answers = { { 200, OPENAPI_HTML, OPENAPI_POLICY, "A page." } } },
    { .plan = system_plan, .render = system_console_render,
      .answers = { { 200, OPENAPI_HTML, OPENAPI_POLICY, "A page." } } },
    { .plan = system_plan, .render = system_asset_render,
      .answers = { { 200, OPENAPI_ASSET, OPENAPI_POLICY, "The file." } },
      .errors = { E_NOT_FOUND } },
    { .plan = system_problem_plan,
      .answers = { { 200, OPENAPI_MEANING, OPENAPI_POLICY, "What it means and what to do; HTML for who prefers it." } },
      .errors = { E_NOT_FOUND } },
};

const struct openapi_operation *openapi_operation(const struct route *r)
{
    for (size_t i = 0; i < ARRAY_LEN(operations); i++)
        if (operations[i].plan == r->plan && (!operations[i].render || operations[i].render == r->render))
            return &operations[i];
    return NULL;
}

/* ---- what else may happen on the way ---- */

static const enum err_kind any_request[] = { E_MALFORMED, E_PARAMETER, E_SLOW_CLIENT, E_TOO_LARGE, E_URI, E_EXPECT, E_HEADERS, E_INTERNAL, E_NOT_IMPLEMENTED,
                                             E_BUSY, E_DRAINING, E_HTTP_VERSION };
static const enum err_kind with_database[] = { E_UNAUTHENTICATED, E_FORBIDDEN, E_DATABASE, E_TIMEOUT };
static const enum err_kind with_write[] = { E_BUSY_ROW, E_READ_ONLY, E_UNKNOWN_OUTCOME, E_STORAGE };
static const enum err_kind with_json[] = { E_JSON, E_MEDIA_TYPE, E_INPUT };
static const enum err_kind with_key[] = { E_IN_FLIGHT, E_REUSED_KEY };

static void add(struct openapi_errors *out, const enum err_kind *list, size_t n)
{
    for (size_t i = 0; i < n && list[i] != E_NONE; i++)
        out->kind[list[i]] = true;
}

/* ---- what a resource cannot have ---- */

static bool has_parent(const struct openapi *d, const struct resource *r)
{
    for (int i = 0; i < d->model->nresources; i++)
        if (d->model->resources[i].has_trash && resource_link(r, &d->model->resources[i]))
            return true;
    return false;
}

static bool has_unique(const struct resource *r)
{
    return r->table->nkeys > 1 || r->nparts > 0;
}

void openapi_errors(const struct openapi *d, const struct openapi_place *p, struct openapi_errors *out)
{
    const struct route *route = p->route;
    bool writes = route->action && !(route->at.methods & HTTP_GET);

    *out = (struct openapi_errors){ 0 };
    add(out, any_request, ARRAY_LEN(any_request));
    if (route->action)
        add(out, with_database, ARRAY_LEN(with_database));
    if (writes)
        add(out, with_write, ARRAY_LEN(with_write));
    if (route->body == BODY_JSON || route->body == BODY_MESSAGES || route->body == BODY_PATCH || route->body == BODY_MESSAGE_PATCH)
        add(out, with_json, ARRAY_LEN(with_json));
    if (route->idempotent_key)
        add(out, with_key, ARRAY_LEN(with_key));
    if (p->op)
        add(out, p->op->errors, OPENAPI_ERRORS);
    out->kind[E_RATE] = route->action && d->keys;
    if (p->resource) {
        out->kind[E_TRASHED_PARENT] &= has_parent(d, p->resource);
        out->kind[E_REFERENCED] &= p->resource->table->nfks > 0;
        out->kind[E_DUPLICATE] &= has_unique(p->resource);
        out->kind[E_STALE] &= p->resource->has_version;
        out->kind[E_PRECONDITION] &= p->resource->has_version;
    }
}

/*
 * Errors are values.  A function that can fail returns bool and fills the caller's
 * struct err, always its last parameter.  Whoever handles the error reports it once;
 * whoever passes it on only adds context.
 *
 * A kind is one row below: HTTP status, exit status, slug (the `code` and the page at
 * /problems/<slug>), whether a client may retry as it is, title.  No other place
 * contains a status for an error.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_ERR_H
#define KEELSON_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/*    name               http exit  slug                        retry  title */
#define ERR_KINDS(X) \
    X(E_NONE,             200, 0, "none",                       false, "No error") \
    X(E_USAGE,            400, 2, "usage",                      false, "Wrong usage") \
    X(E_NO,               409, 1, "answer-is-no",               false, "The answer is no") \
    X(E_IO,               500, 3, "io",                         true,  "Input or output failed") \
    X(E_MALFORMED,        400, 2, "malformed-request",          false, "Request is not valid HTTP/1.1") \
    X(E_JSON,             400, 2, "invalid-json",               false, "Body is not valid JSON") \
    X(E_PARAMETER,        400, 2, "invalid-parameter",          false, "Invalid query parameter or header") \
    X(E_UNAUTHENTICATED,  401, 3, "unauthenticated",            false, "Credentials missing or not valid") \
    X(E_FORBIDDEN,        403, 3, "forbidden",                  false, "Not allowed") \
    X(E_NOT_FOUND,        404, 1, "not-found",                  false, "Not found") \
    X(E_METHOD,           405, 2, "method-not-allowed",         false, "Method not allowed") \
    X(E_ACCEPT,           406, 2, "not-acceptable",             false, "No acceptable representation") \
    X(E_SLOW_CLIENT,      408, 3, "request-timeout",            true,  "Request took too long to arrive") \
    X(E_CONFLICT,         409, 1, "conflict",                   false, "Conflict") \
    X(E_DUPLICATE,        409, 1, "duplicate",                  false, "Already taken") \
    X(E_TRANSITION,       409, 1, "illegal-transition",         false, "Illegal transition") \
    X(E_TRASHED_PARENT,   409, 1, "parent-in-trash",            false, "Parent is in the trash") \
    X(E_STALE_SEQ,        409, 1, "stale-seq",                  false, "Conversation has moved on") \
    X(E_STALE_CHECKPOINT, 409, 1, "stale-checkpoint",           false, "Thread has moved on") \
    X(E_CLOSED_SESSION,   409, 1, "session-closed",             false, "Session takes no messages") \
    X(E_IN_FLIGHT,        409, 1, "idempotency-in-flight",      true,  "First request still running") \
    X(E_REFERENCED,       409, 1, "still-referenced",           false, "Still referenced") \
    X(E_BUSY_ROW,         409, 1, "busy",                       true,  "Locked by another request") \
    X(E_GONE,             410, 1, "gone",                       false, "Gone") \
    X(E_STALE,            412, 1, "stale-version",              false, "Resource changed") \
    X(E_TOO_LARGE,        413, 2, "too-large",                  false, "Body too large") \
    X(E_URI,              414, 2, "uri-too-long",               false, "URL too long") \
    X(E_MEDIA_TYPE,       415, 2, "unsupported-media-type",     false, "Unsupported media type") \
    X(E_RANGE,            416, 2, "range-not-satisfiable",      false, "Range not satisfiable") \
    X(E_EXPECT,           417, 2, "expectation-failed",         false, "Expectation failed") \
    X(E_INPUT,            422, 2, "validation",                 false, "Input is not valid") \
    X(E_REUSED_KEY,       422, 2, "idempotency-mismatch",       false, "Idempotency key used for another body") \
    X(E_LEGAL_HOLD,       423, 1, "legal-hold",                 false, "Under legal hold") \
    X(E_PRECONDITION,     428, 2, "precondition-required",      false, "If-Match required") \
    X(E_RATE,             429, 3, "rate-limited",               true,  "Too many requests") \
    X(E_HEADERS,          431, 2, "headers-too-large",          false, "Header fields too large") \
    X(E_INTERNAL,         500, 3, "internal",                   false, "Internal error") \
    X(E_NOT_IMPLEMENTED,  501, 2, "not-implemented",            false, "Not implemented") \
    X(E_BUSY,             503, 3, "overloaded",                 true,  "Overloaded") \
    X(E_DRAINING,         503, 3, "draining",                   true,  "Shutting down") \
    X(E_DATABASE,         503, 3, "database-unavailable",       true,  "Database unavailable") \
    X(E_READ_ONLY,        503, 3, "database-read-only",         true,  "Database is read-only") \
    X(E_UNKNOWN_OUTCOME,  503, 3, "outcome-unknown",            false, "Outcome unknown") \
    X(E_TIMEOUT,          504, 3, "timeout",                    true,  "Deadline passed") \
    X(E_HTTP_VERSION,     505, 2, "http-version",               false, "HTTP version not supported") \
    X(E_STORAGE,          507, 3, "storage-full",               false, "Storage full")

#define X(name, http, exit, slug, retry, title) name,
enum err_kind { ERR_KINDS(X) ERR_KIND_COUNT };
#undef X

struct err_info {
    const char *name;       /* "E_INPUT" */
    int         http;
    int         exit;
    const char *slug;
    bool        retryable;
    const char *title;
};

/* One fault of a body; `errors` of a problem document lists all of them. */
struct fault {
    struct fault *next;
    const char   *pointer;  /* RFC 6901, "" is the whole body; arena memory */
    const char   *code;     /* "type", "required", "unknown", "format.email", ... static */
    const char   *message;  /* continues "the field ...": "is not an email address"; arena memory */
};

struct err {
    enum err_kind kind;
    char          sqlstate[6];      /* "" when the database had no part in it */
    char          message[512];     /* one sentence for a person; never a secret, never another row's value */
    struct fault *faults;           /* arena memory of whoever filled it, first to last */
    struct fault *last;             /* of faults; fault_add() keeps it */
    const char   *extra;            /* further members of the problem as JSON text, no braces:
                                       "\"current_version\":8"; arena memory; NULL for none */
    int64_t       retry_after_ms;   /* 0: none */
};

const struct err_info *err_info(enum err_kind kind);

/* Fill *e (kind, message); faults, extra and sqlstate are kept.  Always false, so a check reads as one line. */
bool fail(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF(3, 4);

/* Put "context: " before the message that is there.  Always false. */
bool err_context(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* Append a fault, in arena memory.  *e becomes E_INPUT if it was E_NONE.  Always false. */
struct arena;
bool fault_add(struct err *e, struct arena *a, const char *pointer, const char *code, const char *fmt, ...) PRINTF(5, 6);

/* Say so on stderr and abort: out of memory, or a promise of our own code broken.  Never for what came from outside. */
NORETURN void err_die(const char *fmt, ...) PRINTF(1, 2);

static inline void err_clear(struct err *e)
{
    *e = (struct err){ .kind = E_NONE };
}

#endif

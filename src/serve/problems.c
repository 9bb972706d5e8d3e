/*
 * One row a kind.  Texts are for the one who meets the error: first what it means, then the way out.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/problems.h"

#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "embedded.h"

static const struct problem_text texts[] = {
    { E_USAGE, "A command was called in a way it does not understand, or a setting is wrong.",
      "Read the message: it names the option or setting and what is allowed. `keelson COMMAND --help` explains one command." },
    { E_NO, "A command was asked a question and its answer is no.",
      "Nothing broke. What was found is in the command's output." },
    { E_IO, "Reading or writing a file, or talking to another program, failed.",
      "The log of the server names the file and the reason. Make room or give access, then try again." },
    { E_MALFORMED, "The request is not valid HTTP/1.1, or its path has a bad escape. The connection was closed, because what follows could not be trusted.",
      "Send the request with an ordinary HTTP client, and percent-encode what you put into paths." },
    { E_JSON, "The body is not valid JSON: a syntax error, a duplicate key, wrong UTF-8, a byte order mark, more than 64 levels, or something behind the value.",
      "`detail` says at which byte. Let a JSON library write the body instead of putting it together by hand." },
    { E_PARAMETER, "A query parameter or header is unknown here or has a value that is not understood. Nothing is ignored, so that a slip cannot go unnoticed.",
      "`detail` names it and, where there are few, what is allowed. Characters such as + and & must be percent-encoded in a query." },
    { E_UNAUTHENTICATED, "There is no API key, or it is wrong, expired or revoked.",
      "Send `Authorization: Bearer kls_live_...` with a key that `keelson key create` has shown. A lost key cannot be shown again: make a new one." },
    { E_FORBIDDEN, "It is known who asks, but the key lacks a scope, or its organization is suspended, or a page of another origin asked.",
      "`detail` names the scope. An administrator can make a key that has it." },
    { E_NOT_FOUND, "There is nothing at this path that you may see. What belongs to another organization looks exactly the same.",
      "Check the identifier and which organization the key is of. What is in the trash is found with `include=trash`." },
    { E_METHOD, "The path exists, but not with this method.",
      "The header `Allow` lists the methods it takes. Messages, for instance, are appended to their session and never deleted." },
    { E_ACCEPT, "None of the media types in `Accept` can be given.",
      "Ask for `application/json`, or leave `Accept` out." },
    { E_SLOW_CLIENT, "The request did not arrive completely in the time it is given.",
      "Try again over a better connection; send large bodies in one go." },
    { E_CONFLICT, "The request does not fit the state things are in: restoring what is not in the trash, or a `test` of a JSON patch that does not hold.",
      "Read the object again and decide anew." },
    { E_DUPLICATE, "Something that must be unique is taken: an email address, an external reference, a number.",
      "`errors` names the field. Use another value, or find the object that has this one and change it instead." },
    { E_TRANSITION, "The lifecycle does not allow this move from the present status.",
      "`allowed` lists where it may go from `current_status`." },
    { E_TRASHED_PARENT, "The object it refers to is in the trash, so nothing new can be put below it and nothing restored there.",
      "Restore the parent first, or refer to another." },
    { E_STALE_SEQ, "Other messages were appended since the one named in `expect_last_seq`; or a conversation that was sent whole is not the one "
      "that is stored, from message `index` on (the first is 0).",
      "`missed` has what is there. Take it into account and append again with `last_seq`, or read the whole again and add to that." },
    { E_STALE_CHECKPOINT, "With `expect_newest`, a checkpoint must follow the newest one of its thread and namespace. Another writer was faster, so storing it "
      "would have left that writer's turn, or this one, outside the thread's history. Nothing was stored.",
      "Run the turn again: it will begin from `newest_checkpoint_id`." },
    { E_CLOSED_SESSION, "The session has ended and takes no messages. Only created, active and paused sessions do.",
      "Begin a new session of the interview; an abandoned one can be made active again." },
    { E_IN_FLIGHT, "The first request with this Idempotency-Key has not ended yet.",
      "Wait as long as `Retry-After` says and repeat it: you will get the answer of the first." },
    { E_REFERENCED, "Something else refers to it, or what it refers to is not there.",
      "Remove or change what refers to it first." },
    { E_BUSY_ROW, "Another request is changing the same object, and waiting for it took too long or would never have ended.",
      "Try again: nothing was changed by this request." },
    { E_GONE, "It was here once and has been removed for good.",
      "Forget the identifier; it will not come back." },
    { E_STALE, "The object was changed since the version named in `If-Match`.",
      "Read it again, look at what changed, and repeat the change with the new `ETag`. `current_version` says where it is." },
    { E_TOO_LARGE, "The body, or what would be answered, is larger than allowed.",
      "`detail` says how large it may be. Send fewer at once; ask for fewer items or name the `fields` you need." },
    { E_URI, "The address is longer than 8 KiB.",
      "Use fewer or shorter filters." },
    { E_MEDIA_TYPE, "The Content-Type is not one this path takes.",
      "Send `application/json`; for changes `application/merge-patch+json` or `application/json-patch+json`." },
    { E_RANGE, "The range of bytes lies beyond the end of the file.",
      "`detail` says how long the file is." },
    { E_EXPECT, "The request has an `Expect` that is not `100-continue`.",
      "Leave the header out." },
    { E_INPUT, "The body was understood, but something in it is not acceptable.",
      "`errors` lists every fault at once, each with a JSON pointer and what is expected. Nothing was changed." },
    { E_REUSED_KEY, "This Idempotency-Key was used for another request. Giving the old answer would be wrong, and so would running this one.",
      "Use a new key for every new request." },
    { E_LEGAL_HOLD, "It is under a legal hold and must not be removed.",
      "Lift the hold first, if you may." },
    { E_PRECONDITION, "A change has to say which version it is based on, so that nobody overwrites what he has not seen.",
      "Read the object and send its `ETag` as `If-Match`, or `*` to change whatever is there." },
    { E_RATE, "This key has asked more often than it may.",
      "Wait as long as `Retry-After` says. An operator sets the limit with `rate.key`." },
    { E_HEADERS, "The header fields are larger than 16 KiB or more than 100.",
      "Send fewer cookies and headers." },
    { E_INTERNAL, "The server failed to answer. This is our fault and not yours.",
      "The log of the server has the reason under `request_id`. Whether a write took place can be seen by reading." },
    { E_NOT_IMPLEMENTED, "The method, or a transfer coding of the request, is not known.",
      "Use GET, POST, PUT, PATCH or DELETE, and bodies with a length or in chunks." },
    { E_BUSY, "More is asked for than can be answered in time. It was refused at once rather than late.",
      "Wait as long as `Retry-After` says and try again, with growing pauses. An operator looks at the pool on the status page." },
    { E_DRAINING, "This server is shutting down and takes no new requests.",
      "Ask another server, or this one again when it is back." },
    { E_DATABASE, "The database cannot be reached, or lacks what this version needs.",
      "`/health` says why. Nothing was changed; try again when it is well." },
    { E_READ_ONLY, "The database takes no writes at present: a standby, a tier that has filled up, or a server that must be vacuumed first.",
      "Reading still works. An operator must make it writable." },
    { E_UNKNOWN_OUTCOME, "The connection was lost while a write was being committed, and whether it was could not be established. This is never reported as a success.",
      "Read what you wanted to write before you repeat it; with an Idempotency-Key or a client_message_id repeating is safe." },
    { E_TIMEOUT, "It could not be done in the time a request is given.",
      "Ask for less at once, or try again. A write that timed out was rolled back." },
    { E_HTTP_VERSION, "Only HTTP/1.1 and HTTP/1.0 are spoken here.",
      "Configure the client or the proxy for HTTP/1.1." },
    { E_STORAGE, "The database has no room left.",
      "An operator must make room; reading still works." },
};

const struct problem_text *problems_text(enum err_kind kind)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (texts[i].kind == kind)
            return &texts[i];
    return NULL;
}

enum err_kind problems_find(struct span slug)
{
    for (int k = E_NONE + 1; k < ERR_KIND_COUNT; k++)
        if (span_is(slug, err_info((enum err_kind)k)->slug))
            return (enum err_kind)k;
    return E_NONE;
}

/* ---- which form ---- */

/* "0.8" in thousandths; anything else counts as 1. */
static int quality(struct span parameters)
{
    while (parameters.n > 0) {
        struct span one = span_trim(span_cut(&parameters, ';'));
        int v = 0, unit = 1000;

        if (!span_starts(one, SPAN("q=")))
            continue;
        for (size_t i = 2; i < one.n && unit > 0; i++) {
            if (one.p[i] == '.')
                continue;
            if (one.p[i] < '0' || one.p[i] > '9')
                return 1000;
            v += (one.p[i] - '0') * unit;
            unit /= 10;
        }
        return v > 1000 ? 1000 : v;
    }
    return 1000;
}

bool problems_prefer_html(struct span accept)
{
    int html = 0, json = 0, any = 0;

    while (accept.n > 0) {
        struct span parameters = span_cut(&accept, ',');
        struct span type = span_trim(span_cut(&parameters, ';'));
        int q = quality(parameters);

        if (span_ieq(type, SPAN("text/html")))
            html = q;
        else if (span_ieq(type, SPAN("application/json")) || span_ieq(type, SPAN("application/*")))
            json = q;
        else if (span_is(type, "*/*"))
            any = q;
    }
    return html > (json > any ? json : any) || (html > 0 && html == any && json == 0);
}

/* ---- rendering ---- */

void problems_json(struct buf *out, enum err_kind kind)
{
    const struct err_info *info = err_info(kind);
    const struct problem_text *text = problems_text(kind);
    struct json_out o = JSON_OUT(out);

    json_open(&o, '{');
    json_key(&o, "code");
    json_cstring(&o, info->slug);
    json_key(&o, "title");
    json_cstring(&o, info->title);
    json_key(&o, "status");
    json_int(&o, info->http);
    json_key(&o, "retryable");
    json_boolean(&o, info->retryable);
    json_key(&o, "meaning");
    json_cstring(&o, text ? text->meaning : "");
    json_key(&o, "way_out");
    json_cstring(&o, text ? text->way_out : "");
    json_close(&o, '}');
}

/* Text into HTML; `code` between backticks. */
static void markup(struct buf *out, const char *s)
{
    bool code = false;

    for (; *s; s++) {
        if (*s == '`') {
            buf_str(out, code ? "</code>" : "<code>");
            code = !code;
        } else if (*s == '<' || *s == '&' || *s == '"') {
            buf_str(out, *s == '<' ? "&lt;" : *s == '&' ? "&amp;" : "&quot;");
        } else {
            buf_char(out, *s);
        }
    }
}

static void fill(struct buf *out, struct span name, enum err_kind kind)
{
    const struct err_info *info = err_info(kind);
    const struct problem_text *text = problems_text(kind);

    if (span_is(name, "status"))
        buf_i64(out, info->http);
    else if (span_is(name, "slug"))
        markup(out, info->slug);
    else if (span_is(name, "title"))
        markup(out, info->title);
    else if (span_is(name, "retryable"))
        markup(out, info->retryable ? "The same request may succeed later, as it is." : "Repeating the same request will not help.");
    else if (span_is(name, "meaning") && text)
        markup(out, text->meaning);
    else if (span_is(name, "way_out") && text)
        markup(out, text->way_out);
}

/* web/problem.html with its {{names}} filled in. */
void problems_html(struct buf *out, enum err_kind kind)
{
    struct span page = SPAN_NONE;

    for (size_t i = 0; i < embedded_nweb; i++)
        if (strcmp(embedded_web[i].name, "problem.html") == 0)
            page = (struct span){ embedded_web[i].data, embedded_web[i].size };
    while (page.n > 0) {
        const char *open = memmem(page.p, page.n, "{{", 2), *close = open ? strstr(open, "}}") : NULL;
        size_t plain = close ? (size_t)(open - page.p) : page.n;

        buf_add(out, (struct span){ page.p, plain });
        page = span_drop(page, plain);
        if (!close)
            break;
        fill(out, (struct span){ open + 2, (size_t)(close - open) - 2 }, kind);
        page = span_drop(page, (size_t)(close - open) + 2);
    }
}

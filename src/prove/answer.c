/*
 * An answer has a length, or a status that has no body; what follows it does not belong there.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/answer.h"

#include "base/json.h"

struct head { bool has_length, problem; uint64_t length; };

static void field_take(struct span line, struct head *h, struct answer *out)
{
    struct span value = line, name = span_cut(&value, ':');

    value = span_trim(value);
    if (span_ieq(name, SPAN("Content-Length")))
        h->has_length = span_u64(value, &h->length);
    else if (span_ieq(name, SPAN("Content-Type")))
        h->problem = span_starts(value, SPAN("application/problem+json"));
    else if (span_ieq(name, SPAN("ETag")))
        out->etag = value;
}

static void problem_take(struct arena *a, struct answer *out)
{
    struct err ignored = { 0 };
    const struct json *code, *status;
    struct json *doc;
    int64_t said = 0;
    bool retryable;

    if (!json_parse(a, out->body, &doc, &ignored))
        return;
    code = json_find(doc, "code");
    status = json_find(doc, "status");
    if (!code || code->type != JSON_STRING || !status || !json_i64(status, &said) || said != out->status)
        return;
    out->code = arena_strdup(a, json_text(a, code));
    out->problem = json_find(doc, "retryable") && json_bool(json_find(doc, "retryable"), &retryable);
}

/* "HTTP/1.1 201" */
static bool status_take(struct span line, struct answer *out)
{
    uint64_t status;

    if (line.n < 12 || !span_starts(line, SPAN("HTTP/1.1 ")) || !span_u64((struct span){ line.p + 9, 3 }, &status))
        return false;
    out->status = (int)status;
    return status >= 200 && status < 600;
}

static enum answer_shape shape_of(struct span rest, const struct head *h, const struct answer *out)
{
    bool bodiless = out->status == 204 || out->status == 304;
    uint64_t length = bodiless ? 0 : h->length;

    if (!bodiless && !h->has_length)
        return ANSWER_STRANGE;
    if (rest.n == length)
        return ANSWER_WHOLE;
    return rest.n < length ? ANSWER_CUT : ANSWER_MORE;
}

void answer_parse(struct arena *a, struct span bytes, struct answer *out)
{
    const char *end = bytes.n ? memmem(bytes.p, bytes.n, "\r\n\r\n", 4) : NULL;
    struct head h = { 0 };
    struct span head;

    *out = (struct answer){ .shape = bytes.n ? ANSWER_CUT : ANSWER_NONE, .code = "" };
    if (!end)
        return;
    head = (struct span){ bytes.p, (size_t)(end - bytes.p) };
    if (!status_take(span_cut(&head, '\n'), out)) {
        out->shape = ANSWER_STRANGE;
        return;
    }
    while (head.n > 0) {
        struct span line = span_cut(&head, '\n');

        if (span_ends(line, SPAN("\r")))
            line.n--;
        field_take(line, &h, out);
    }
    out->body = span_drop(bytes, (size_t)(end - bytes.p) + 4);
    out->shape = shape_of(out->body, &h, out);
    if (out->shape == ANSWER_WHOLE && h.problem)
        problem_take(a, out);
}

/*
 * UIMessage of the AI SDK: {"id","role","parts","metadata"}.  Its parts are kept as content_parts; a part that is a call of a tool is a call for
 * everybody else too, and the answer inside it becomes a message of its own where a dialect wants one.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/dialect_parts.h"

static bool is_tool(struct arena *a, const struct json *part)
{
    struct span type = dialect_string(a, part, "type");

    return (span_starts(type, SPAN("tool-")) || span_is(type, "dynamic-tool")) && dialect_string(a, part, "toolCallId").p;
}

static struct span tool_name(struct arena *a, const struct json *part)
{
    struct span name = dialect_string(a, part, "toolName");

    return name.p ? name : span_drop(dialect_string(a, part, "type"), 5);
}

/* ---- reading ---- */

static bool shape(struct dialect_reading *r)
{
    static const char *const roles[] = { "system", "user", "assistant" };
    struct span role = dialect_string(r->arena, r->message, "role");
    const struct json *parts = json_find(r->message, "parts");
    bool known = false;

    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        known |= span_is(role, roles[i]);
    if (!known)
        return dialect_fault(r, "role", role.p ? "enum" : "required", "must be system, user or assistant");
    if (!parts || parts->type != JSON_ARRAY || parts->count == 0)
        return dialect_fault(r, "parts", parts ? "type" : "required", "must be an array of one part or more");
    for (const struct json *v = parts->first; v; v = v->next)
        if (v->type != JSON_OBJECT || !dialect_string(r->arena, v, "type").p)
            return dialect_fault(r, "parts", "type", "must hold objects with a type");
    return true;
}

static void calls_read(struct dialect_reading *r, const struct json *parts)
{
    bool any = false;

    for (const struct json *v = parts->first; v; v = v->next) {
        const struct json *input = dialect_value(v, "input");

        if (!is_tool(r->arena, v))
            continue;
        if (!any) {
            json_key(&r->out, "tool_calls");
            json_open(&r->out, '[');
        }
        any = true;
        json_open(&r->out, '{');
        json_key(&r->out, "id");
        json_string(&r->out, dialect_string(r->arena, v, "toolCallId"));
        json_key(&r->out, "name");
        json_string(&r->out, tool_name(r->arena, v));
        json_key(&r->out, "args");
        if (input)
            json_tree(&r->out, input);
        else
            json_raw(&r->out, SPAN("{}"));
        json_close(&r->out, '}');
    }
    if (any)
        json_close(&r->out, ']');
}

static bool has_place(struct dialect_reading *r, const struct json *v)
{
    return span_is(v->key, "role") || span_is(v->key, "parts") || (span_is(v->key, "id") && dialect_is_text(r->arena, v, 1, 200));
}

static void rest_keep(struct dialect_reading *r)
{
    bool any = false;

    for (const struct json *v = r->message->first; v; v = v->next) {
        if (has_place(r, v))
            continue;
        if (!any) {
            json_key(&r->out, "metadata");
            json_open(&r->out, '{');
            json_key(&r->out, "ai_sdk");
            json_open(&r->out, '{');
        }
        any = true;
        json_key_span(&r->out, v->key);
        json_raw(&r->out, v->raw);
    }
    if (any) {
        json_close(&r->out, '}');
        json_close(&r->out, '}');
    }
}

bool dialect_ai_sdk_read(struct dialect_reading *r)
{
    const struct json *id = json_find(r->message, "id"), *parts = json_find(r->message, "parts");

    if (!shape(r))
        return false;
    dialect_member(r, "role", json_find(r->message, "role"));
    if (dialect_is_text(r->arena, id, 1, 200))
        dialect_member(r, "client_message_id", id);
    dialect_content(r, parts);
    calls_read(r, parts);
    rest_keep(r);
    return true;
}

/* ---- for the other dialects ---- */

const struct json *dialect_ai_sdk_parts(const struct json *row)
{
    const struct json *parts = dialect_value(row, "content_parts"), *format = json_find(row, "source_format");

    return parts && format && span_is(format->raw, "\"ai-sdk\"") ? parts->first : NULL;
}

const struct json *dialect_ai_sdk_answered(struct arena *a, const struct json *part)
{
    for (; part; part = part->next)
        if (is_tool(a, part) && (json_find(part, "output") || json_find(part, "errorText")))
            return part;
    return NULL;
}

/* Text as it is, anything else as JSON text. */
void dialect_ai_sdk_answer(struct dialect_writing *w, const struct json *part)
{
    const struct json *answer = json_find(part, "output");

    if (!answer)
        answer = json_find(part, "errorText");
    if (answer->type == JSON_STRING)
        json_tree(w->out, answer);
    else
        json_string(w->out, answer->raw);
}

/* ---- writing ---- */

#define NEAR 200        /* messages between a call and its answer, at most: bounds the search in a long conversation */

static const struct json *answer_of(struct dialect_writing *w, size_t from, struct span id)
{
    for (size_t i = from + 1; i < w->n && i - from <= NEAR; i++)
        if (dialect_is(w->arena, w->messages[i], "role", "tool") && span_eq(dialect_string(w->arena, w->messages[i], "tool_call_id"), id))
            return w->messages[i];
    return NULL;
}

/* Did a message before call for this answer?  Then it carries it. */
static bool carried(struct dialect_writing *w, size_t i)
{
    struct span id = dialect_string(w->arena, w->messages[i], "tool_call_id");
    struct dialect_call c;

    for (size_t k = i; k-- > 0 && i - k <= NEAR;) {
        const struct json *calls = dialect_value(w->messages[k], "tool_calls");

        for (const struct json *v = calls ? calls->first : NULL; v; v = v->next) {
            dialect_call(w->arena, v, &c);
            if (id.p && span_eq(c.id, id))
                return true;
        }
    }
    return false;
}

static void tool_part(struct dialect_writing *w, struct span name, struct span id, const struct json *args, const struct json *answer)
{
    const struct json *said = answer ? dialect_value(answer, "content") : NULL;

    json_open(w->out, '{');
    json_key(w->out, "type");
    json_cstring(w->out, "dynamic-tool");
    json_key(w->out, "toolName");
    json_string(w->out, name.n > 0 ? name : SPAN("tool"));
    json_key(w->out, "toolCallId");
    json_string(w->out, id);
    json_key(w->out, "state");
    json_cstring(w->out, answer ? "output-available" : "input-available");
    json_key(w->out, "input");
    if (args)
        json_tree(w->out, args);
    else
        json_raw(w->out, SPAN("{}"));
    if (answer) {
        json_key(w->out, "output");
        if (said)
            json_tree(w->out, said);
        else
            json_cstring(w->out, "");
    }
    json_close(w->out, '}');
}

/* data:image/png;base64,... says what it is; an address does not. */
static void file_part(struct dialect_writing *w, struct span url)
{
    struct span media = SPAN("image/*"), rest = url;

    if (span_starts(url, SPAN("data:"))) {
        rest = span_drop(url, 5);
        media = span_cut(&rest, ';');
    }
    json_open(w->out, '{');
    json_key(w->out, "type");
    json_cstring(w->out, "file");
    json_key(w->out, "mediaType");
    json_string(w->out, media);
    json_key(w->out, "url");
    json_string(w->out, url);
    json_close(w->out, '}');
}

static void block_part(struct dialect_writing *w, const struct json *block)
{
    const struct json *text = block->type == JSON_STRING ? block : json_find(block, "text"), *image = json_find(block, "image_url");
    struct span url = image && image->type == JSON_OBJECT ? dialect_string(w->arena, image, "url") : dialect_string(w->arena, block, "image_url");

    if (text && text->type == JSON_STRING)
        dialect_text_block(w, text);
    else if (url.p)
        file_part(w, url);
}

static void said_parts(struct dialect_writing *w, const struct json *row)
{
    const struct json *parts = dialect_value(row, "content_parts"), *content = dialect_value(row, "content");

    for (const struct json *v = parts ? parts->first : NULL; v; v = v->next)
        block_part(w, v);
    if (!parts && content)
        dialect_text_block(w, content);
}

static void call_parts(struct dialect_writing *w, size_t i)
{
    const struct json *calls = dialect_value(w->messages[i], "tool_calls");
    struct dialect_call c;

    for (const struct json *v = calls ? calls->first : NULL; v; v = v->next) {
        dialect_call(w->arena, v, &c);
        tool_part(w, c.name, c.id, c.args, answer_of(w, i, c.id));
    }
}

static void parts_write(struct dialect_writing *w, size_t i, bool answers)
{
    const struct json *row = w->messages[i];
    size_t before;

    json_open(w->out, '[');
    before = w->out->b->n;
    if (answers) {
        tool_part(w, dialect_string(w->arena, row, "name"), dialect_string(w->arena, row, "tool_call_id"), NULL, row);
    } else {
        said_parts(w, row);
        call_parts(w, i);
    }
    if (w->out->b->n == before)
        json_raw(w->out, SPAN("{\"type\":\"text\",\"text\":\"\"}"));
    json_close(w->out, ']');
}

static struct span role_of(struct span role)
{
    if (span_is(role, "tool") || span_is(role, "function"))
        return SPAN("assistant");
    if (span_is(role, "developer"))
        return SPAN("system");
    return span_is(role, "observer") ? SPAN("user") : role;
}

void dialect_ai_sdk_write(struct dialect_writing *w, size_t i)
{
    const struct json *row = w->messages[i], *own = dialect_kept(row, "ai_sdk");
    const struct json *id = dialect_value(row, dialect_value(row, "client_message_id") ? "client_message_id" : "id");
    struct span role = dialect_string(w->arena, row, "role");
    bool answers = span_is(role, "tool") && dialect_string(w->arena, row, "tool_call_id").p;

    if (answers && carried(w, i))
        return;
    json_open(w->out, '{');
    json_key(w->out, "id");
    if (id)
        json_tree(w->out, id);
    else
        json_cstring(w->out, "");
    json_key(w->out, "role");
    json_string(w->out, role_of(role));
    json_key(w->out, "parts");
    if (dialect_ai_sdk_parts(row))
        json_tree(w->out, json_find(row, "content_parts"));
    else
        parts_write(w, i, answers);
    for (const struct json *v = own ? own->first : NULL; v; v = v->next) {
        json_key_span(w->out, v->key);
        json_tree(w->out, v);
    }
    json_close(w->out, '}');
}

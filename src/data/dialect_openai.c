/*
 * Messages of OpenAI's chat completions, which many others speak too.  Calls keep their form ("function", arguments as text): LangChain's
 * writer reads it.  What is beside the fields Keelson knows (refusal, function_call, audio, annotations) is kept in metadata.openai.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/dialect_parts.h"

static const char *const roles[] = { "system", "developer", "user", "assistant", "tool", "function" };

static bool role_known(struct dialect_reading *r)
{
    struct span role = dialect_string(r->arena, r->message, "role");

    if (!role.p)
        return dialect_fault(r, "role", "required", "is required: system, developer, user, assistant, tool or function");
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (span_is(role, roles[i]))
            return true;
    return dialect_fault(r, "role", "enum", "must be system, developer, user, assistant, tool or function");
}

static bool shape(struct dialect_reading *r)
{
    const struct json *content = dialect_value(r->message, "content"), *calls = dialect_value(r->message, "tool_calls");

    if (content && content->type != JSON_STRING && content->type != JSON_ARRAY)
        return dialect_fault(r, "content", "type", "must be a string, an array of parts or null");
    if (calls && calls->type != JSON_ARRAY)
        return dialect_fault(r, "tool_calls", "type", "must be an array");
    if (dialect_is(r->arena, r->message, "role", "tool") && !dialect_is_text(r->arena, json_find(r->message, "tool_call_id"), 1, 500))
        return dialect_fault(r, "tool_call_id", "required", "is required: the call that the tool answers");
    return true;
}

/* Has a field of its own; null says what absence says. */
static bool move(struct dialect_reading *r, const struct json *v)
{
    static const struct { const char *name; size_t most; } texts[] = { { "name", 200 }, { "tool_call_id", 500 } };

    if (span_is(v->key, "role")) {
        dialect_member(r, "role", v);
        return true;
    }
    if (span_is(v->key, "content") && v->type != JSON_NULL) {
        dialect_content(r, v);
        return true;
    }
    if (span_is(v->key, "tool_calls") && v->type == JSON_ARRAY && v->count > 0) {
        dialect_member(r, "tool_calls", v);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (span_is(v->key, texts[i].name) && dialect_is_text(r->arena, v, 1, texts[i].most)) {
            dialect_member(r, texts[i].name, v);
            return true;
        }
    }
    return false;
}

bool dialect_openai_read(struct dialect_reading *r)
{
    const struct json **rest = arena_array(r->arena, const struct json *, r->message->count + 1);
    size_t n = 0;

    if (!role_known(r) || !shape(r))
        return false;
    for (const struct json *v = r->message->first; v; v = v->next)
        if (!move(r, v))
            rest[n++] = v;
    if (n == 0)
        return true;
    json_key(&r->out, "metadata");
    json_open(&r->out, '{');
    json_key(&r->out, "openai");
    json_open(&r->out, '{');
    for (size_t i = 0; i < n; i++) {
        json_key_span(&r->out, rest[i]->key);
        json_raw(&r->out, rest[i]->raw);
    }
    json_close(&r->out, '}');
    json_close(&r->out, '}');
    return true;
}

/* ---- writing ---- */

static void call_write(struct dialect_writing *w, const struct json *call)
{
    struct buf b = BUF(DIALECT_TEXT);
    struct json_out args = JSON_OUT(&b);
    struct dialect_call c;

    if (json_find(call, "function") || json_find(call, "custom")) {
        json_tree(w->out, call);
        return;
    }
    dialect_call(w->arena, call, &c);
    json_open(w->out, '{');
    json_key(w->out, "id");
    json_string(w->out, c.id);
    json_key(w->out, "type");
    json_cstring(w->out, "function");
    json_key(w->out, "function");
    json_open(w->out, '{');
    json_key(w->out, "name");
    json_string(w->out, c.name);
    json_key(w->out, "arguments");
    if (c.args)
        json_tree(&args, c.args);
    json_string(w->out, c.args ? buf_span(&b) : SPAN("{}"));
    json_close(w->out, '}');
    json_close(w->out, '}');
    buf_free(&b);
}

static void calls_write(struct dialect_writing *w, const struct json *row)
{
    const struct json *calls = dialect_value(row, "tool_calls");

    if (!calls || calls->count == 0)
        return;
    json_key(w->out, "tool_calls");
    json_open(w->out, '[');
    for (const struct json *v = calls->first; v; v = v->next)
        call_write(w, v);
    json_close(w->out, ']');
}

/* Its own parts as they came; of others what can be said. */
static void content_write(struct dialect_writing *w, const struct json *row)
{
    const struct json *parts = dialect_value(row, "content_parts");

    json_key(w->out, "content");
    if (parts && dialect_is(w->arena, row, "source_format", "openai"))
        json_tree(w->out, parts);
    else if (!dialect_blocks(w, row))
        json_null(w->out);
}

/* There is nobody who only listens: an observer is a user with a name.  Tools have none, unless somebody gave them one. */
static void speaker_write(struct dialect_writing *w, const struct json *row)
{
    struct span role = dialect_string(w->arena, row, "role");
    bool observer = span_is(role, "observer"), own = dialect_is(w->arena, row, "source_format", "openai");
    const struct json *name = span_is(role, "tool") && !own ? NULL : dialect_value(row, "name");

    json_key(w->out, "role");
    json_string(w->out, observer ? SPAN("user") : role);
    if (name || observer) {
        json_key(w->out, "name");
        if (name)
            json_tree(w->out, name);
        else
            json_cstring(w->out, "observer");
    }
}

static void answers_write(struct dialect_writing *w, const struct json *row)
{
    const struct json *part = dialect_ai_sdk_parts(row);

    for (part = dialect_ai_sdk_answered(w->arena, part); part; part = dialect_ai_sdk_answered(w->arena, part->next)) {
        json_open(w->out, '{');
        json_key(w->out, "role");
        json_cstring(w->out, "tool");
        json_key(w->out, "tool_call_id");
        json_string(w->out, dialect_string(w->arena, part, "toolCallId"));
        json_key(w->out, "content");
        dialect_ai_sdk_answer(w, part);
        json_close(w->out, '}');
    }
}

void dialect_openai_write(struct dialect_writing *w, size_t i)
{
    const struct json *row = w->messages[i], *own = dialect_kept(row, "openai");
    const struct json *call = dialect_value(row, "tool_call_id");

    json_open(w->out, '{');
    speaker_write(w, row);
    content_write(w, row);
    calls_write(w, row);
    if (call) {
        json_key(w->out, "tool_call_id");
        json_tree(w->out, call);
    }
    for (const struct json *v = own ? own->first : NULL; v; v = v->next) {
        if (span_is(v->key, "content"))
            continue;                       /* null, which content_write() has said */
        json_key_span(w->out, v->key);
        json_tree(w->out, v);
    }
    json_close(w->out, '}');
    answers_write(w, row);
}

/*
 * LangChain's messages in their three spellings: {"type","data"} of JavaScript, the same of Python, which repeats the type and writes absent
 * values as null, and serialized objects {"lc","type":"constructor","id","kwargs"}, which are data here and never resolved.
 *
 * The rules are those of the clients (clients/vectors/langchain.json): what Keelson has no field for is kept in metadata.langchain.
 */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "data/dialect_parts.h"

/* role, the type that is stored, what a class is called, its other spellings; the first row of a role is the one that is written. */
static const struct kind {
    const char *type, *role, *class, *chat;         /* chat: Python's word for the type */
    bool        chunk;                              /* part of a stream, which Python stores as a type of its own */
} kinds[] = {
    { "human",    "user",      "HumanMessage",    "human",    false },
    { "ai",       "assistant", "AIMessage",       "ai",       false },
    { "system",   "system",    "SystemMessage",   "system",   false },
    { "tool",     "tool",      "ToolMessage",     "tool",     false },
    { "function", "function",  "FunctionMessage", "function", false },
    { "generic",  "observer",  "ChatMessage",     "chat",     false },
    { "chat",     "observer",  "ChatMessage",     "chat",     false },
    { "HumanMessageChunk",    "user",      "HumanMessageChunk",    "human",    true },
    { "AIMessageChunk",       "assistant", "AIMessageChunk",       "ai",       true },
    { "SystemMessageChunk",   "system",    "SystemMessageChunk",   "system",   true },
    { "ToolMessageChunk",     "tool",      "ToolMessageChunk",     "tool",     true },
    { "FunctionMessageChunk", "function",  "FunctionMessageChunk", "function", true },
    { "ChatMessageChunk",     "observer",  "ChatMessageChunk",     "chat",     true },
};

static const struct kind *kind_of(struct span name, bool class)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (span_is(name, class ? kinds[i].class : kinds[i].type))
            return &kinds[i];
    return NULL;
}

static const struct kind *kind_of_role(struct span role)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (span_is(role, kinds[i].role))
            return &kinds[i];
    return &kinds[2];                               /* developer: a system message with a mark */
}

/* ---- reading: which kind, and where its values are ---- */

struct reading {
    struct dialect_reading *r;
    const struct kind      *kind;
    const struct json      *data;
};

static bool unknown(struct dialect_reading *r, struct span name, const char *member)
{
    if (span_is(name, "remove") || span_is(name, "RemoveMessage"))
        return dialect_fault(r, member, "unsupported", "is a removal, which cannot be stored: messages of a session are never deleted");
    return dialect_fault(r, member, "enum", "is no kind of message that is known: \"%.*s\"", SPAN_ARG(span_clip(name, 60)));
}

static bool serialized(struct reading *g)
{
    struct dialect_reading *r = g->r;
    const struct json *id = json_find(r->message, "id"), *last = NULL;

    g->data = json_find(r->message, "kwargs");
    if (!dialect_is(r->arena, r->message, "type", "constructor"))
        return dialect_fault(r, "type", "enum", "must be \"constructor\"");
    for (const struct json *v = id && id->type == JSON_ARRAY ? id->first : NULL; v; v = v->next)
        last = v;
    if (!last || last->type != JSON_STRING)
        return dialect_fault(r, "id", "type", "must be the path of a message class");
    if (!g->data || g->data->type != JSON_OBJECT)
        return dialect_fault(r, "kwargs", "type", "must be an object");
    g->kind = kind_of(json_text(r->arena, last), true);
    return g->kind || unknown(r, json_text(r->arena, last), "id");
}

/* {"type","data"}; also the flat form of LangChain's own tables, whose values stand beside the type. */
static bool stored(struct reading *g)
{
    struct dialect_reading *r = g->r;
    struct span type = dialect_string(r->arena, r->message, "type");

    g->data = json_find(r->message, "data");
    if (!g->data)
        g->data = r->message;
    if (!type.p)
        return dialect_fault(r, "type", "required", "is required: human, ai, system, tool, function or generic");
    if (g->data->type != JSON_OBJECT)
        return dialect_fault(r, "data", "type", "must be an object");
    g->kind = kind_of(type, false);
    return g->kind || unknown(r, type, "type");
}

static bool is_serialized(const struct json *message)
{
    return json_find(message, "lc") && json_find(message, "kwargs");
}

/* ---- reading: values ---- */

/* Null means the same as absence for these. */
static const char *const null_is_absent[] = {
    "content", "id", "name", "tool_calls", "invalid_tool_calls", "tool_call_chunks", "chunk_position", "usage_metadata", "additional_kwargs",
    "response_metadata",
};

static bool listed(struct span key, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (span_is(key, list[i]))
            return true;
    return false;
}

/* An empty list beside the raw calls of old integrations says: do not parse those. */
static bool says_nothing(const struct reading *g, const struct json *v)
{
    const struct json *more = json_find(g->data, "additional_kwargs");

    if (v->type == JSON_NULL)
        return listed(v->key, null_is_absent, ARRAY_LEN(null_is_absent));
    if (!dialect_empty(v))
        return false;
    if (span_is(v->key, "additional_kwargs") || span_is(v->key, "response_metadata"))
        return true;
    return (span_is(v->key, "tool_calls") || span_is(v->key, "invalid_tool_calls")) && !(more && dialect_value(more, "tool_calls"));
}

/* The clients give such identifiers to messages that have none. */
static bool is_made(struct arena *a, const struct json *id)
{
    return id->type == JSON_STRING && span_starts(json_text(a, id), SPAN("kls-"));
}

static bool named(struct reading *g, const struct json *v)
{
    static const struct { const char *from, *to; size_t most; } texts[] = {
        { "id", "client_message_id", 200 }, { "name", "name", 200 }, { "tool_call_id", "tool_call_id", 500 },
    };

    if (span_is(v->key, "id") && is_made(g->r->arena, v))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (span_is(v->key, texts[i].from) && dialect_is_text(g->r->arena, v, 1, texts[i].most)) {
            dialect_member(g->r, texts[i].to, v);
            return true;
        }
    }
    return false;
}

/* Has a field of its own.  The legacy form calls its content "text". */
static bool move(struct reading *g, const struct json *v)
{
    if (span_is(v->key, "content") || (span_is(v->key, "text") && g->data == g->r->message && !json_find(g->data, "content"))) {
        dialect_content(g->r, v);
        return true;
    }
    if (span_is(v->key, "tool_calls") && v->type == JSON_ARRAY && v->count > 0) {
        dialect_member(g->r, "tool_calls", v);
        return true;
    }
    return named(g, v);
}

static bool is_wrapping(const struct reading *g, const struct json *v)
{
    return span_is(v->key, "type") || (g->data == g->r->message && span_is(v->key, "role") && g->kind->role != kinds[5].role);
}

/* Copies, so that the database can answer which model said this and what it cost. */
static void provenance(struct reading *g)
{
    struct dialect_reading *r = g->r;
    const struct json *response = json_find(g->data, "response_metadata"), *usage = json_find(g->data, "usage_metadata");
    const struct json *model = response ? dialect_value(response, "model_name") : NULL;
    static const char *const counts[] = { "input_tokens", "output_tokens" };
    int64_t n;

    if (response && !model)
        model = dialect_value(response, "model");
    if (dialect_is_text(r->arena, model, 1, 200))
        dialect_member(r, "model", model);
    if (response && dialect_is_text(r->arena, json_find(response, "model_provider"), 1, 200))
        dialect_member(r, "provider", json_find(response, "model_provider"));
    for (size_t i = 0; usage && i < ARRAY_LEN(counts); i++) {
        const struct json *v = json_find(usage, counts[i]);

        if (v && v->type == JSON_NUMBER && json_i64(v, &n) && n >= 0 && n <= INT32_MAX)
            dialect_member(r, counts[i], v);
    }
}

static void keep(struct reading *g, const struct json **rest, size_t n)
{
    struct json_out *o = &g->r->out;

    json_key(o, "metadata");
    json_open(o, '{');
    json_key(o, "langchain");
    json_open(o, '{');
    json_key(o, "type");
    json_cstring(o, strcmp(g->kind->type, "chat") == 0 ? "generic" : g->kind->type);
    json_key(o, "data");
    json_open(o, '{');
    for (size_t i = 0; i < n; i++) {
        json_key_span(o, rest[i]->key);
        json_raw(o, rest[i]->raw);
    }
    json_close(o, '}');
    json_close(o, '}');
    json_close(o, '}');
}

static void values(struct reading *g)
{
    const struct json **rest = arena_array(g->r->arena, const struct json *, g->data->count + 1);
    bool content = false;
    size_t n = 0;

    json_key(&g->r->out, "role");
    json_cstring(&g->r->out, g->kind->role);
    for (const struct json *v = g->data->first; v; v = v->next) {
        bool is_content = span_is(v->key, "content") || span_is(v->key, "text");

        if (is_wrapping(g, v) || says_nothing(g, v))
            continue;
        if (move(g, v))
            content |= is_content;
        else
            rest[n++] = v;
    }
    if (!content) {
        json_key(&g->r->out, "content");
        json_cstring(&g->r->out, "");
    }
    provenance(g);
    keep(g, rest, n);
}

bool dialect_langchain_read(struct dialect_reading *r)
{
    struct reading g = { .r = r };
    const struct json *content;

    if (!(is_serialized(r->message) ? serialized(&g) : stored(&g)))
        return false;
    content = dialect_value(g.data, "content");
    if (content && content->type != JSON_STRING && content->type != JSON_ARRAY)
        return dialect_fault(r, g.data == r->message ? "content" : is_serialized(r->message) ? "kwargs" : "data", "type",
                             "has a content that is neither a string nor an array of blocks");
    if (strcmp(g.kind->role, "tool") == 0 && !dialect_is_text(r->arena, json_find(g.data, "tool_call_id"), 1, 500))
        return dialect_fault(r, g.data == r->message ? "tool_call_id" : is_serialized(r->message) ? "kwargs" : "data", "required",
                             "needs the tool_call_id that it answers");
    values(&g);
    return true;
}

/* ---- writing ---- */

struct writing {
    struct dialect_writing *w;
    const struct json      *row;
    const struct kind      *kind;
    const struct json      *data;           /* metadata.langchain.data; NULL: the message came from elsewhere */
};

static void member(struct writing *g, const char *key, const struct json *v)
{
    if (!v)
        return;
    json_key(g->w->out, key);
    json_tree(g->w->out, v);
}

/* Rows that LangChain wrote have its form of calls; others are brought into it. */
static void call_write(struct writing *g, const char *type, const struct dialect_call *c)
{
    struct json_out *o = g->w->out;

    json_open(o, '{');
    json_key(o, "type");
    json_cstring(o, type);
    json_key(o, "id");
    json_string(o, c->id);
    json_key(o, "name");
    json_string(o, c->name);
    json_key(o, "args");
    if (c->args) {
        json_tree(o, c->args);
    } else {
        json_string(o, c->text);
        json_key(o, "error");
        json_cstring(o, "Malformed args.");
    }
    json_close(o, '}');
}

/* Of the calls those whose arguments are JSON, or those whose are not. */
static void calls_write(struct writing *g, const char *key, const struct json *list, bool malformed)
{
    struct json_out *o = g->w->out;
    struct dialect_call c;

    json_key(o, key);
    json_open(o, '[');
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        if (g->data) {
            if (!malformed)
                json_tree(o, v);
            continue;
        }
        dialect_call(g->w->arena, v, &c);
        if (!c.args == malformed)
            call_write(g, malformed ? "invalid_tool_call" : "tool_call", &c);
    }
    json_close(o, ']');
}

static bool has(const struct writing *g, const char *key)
{
    return g->data && json_find(g->data, key);
}

/* The identifier that was given, or for a message from elsewhere the one it has here. */
static void identifier(struct writing *g)
{
    const struct json *id = dialect_value(g->row, "client_message_id");

    if (has(g, "id"))
        return;
    if (id && !is_made(g->w->arena, id))
        member(g, "id", id);
    else if (!g->data)
        member(g, "id", dialect_value(g->row, "id"));
}

/* What it takes to be read at all. */
static void required(struct writing *g)
{
    struct json_out *o = g->w->out;

    if (strcmp(g->kind->role, "observer") == 0 && !has(g, "role")) {
        json_key(o, "role");
        json_string(o, dialect_string(g->w->arena, g->row, "role"));
    }
    if (strcmp(g->kind->role, "function") == 0 && !dialect_value(g->row, "name") && !has(g, "name")) {
        json_key(o, "name");
        json_cstring(o, "");
    }
    if (!has(g, "additional_kwargs")) {
        json_key(o, "additional_kwargs");
        json_raw(o, dialect_is(g->w->arena, g->row, "role", "developer") ? SPAN("{\"__openai_role__\":\"developer\"}") : SPAN("{}"));
    }
    if (!has(g, "response_metadata")) {
        json_key(o, "response_metadata");
        json_raw(o, SPAN("{}"));
    }
}

static void kept(struct writing *g)
{
    for (const struct json *v = g->data ? g->data->first : NULL; v; v = v->next) {
        if (g->kind->chunk && (span_is(v->key, "tool_call_chunks") || span_is(v->key, "chunk_position")))
            continue;                       /* a chunk stands for the whole message */
        json_key_span(g->w->out, v->key);
        json_tree(g->w->out, v);
    }
}

static void content_write(struct writing *g)
{
    struct json_out *o = g->w->out;
    const struct json *content = dialect_value(g->row, "content_parts");

    if (!content)
        content = dialect_value(g->row, "content");
    json_key(o, "content");
    if (dialect_ai_sdk_parts(g->row) && dialect_blocks(g->w, g->row))
        return;
    if (content && !dialect_ai_sdk_parts(g->row))
        json_tree(o, content);
    else
        json_cstring(o, "");
}

static void write_data(struct writing *g)
{
    struct json_out *o = g->w->out;
    const struct json *list = dialect_value(g->row, "tool_calls");

    json_open(o, '{');
    content_write(g);
    member(g, "name", dialect_value(g->row, "name"));
    member(g, "tool_call_id", dialect_value(g->row, "tool_call_id"));
    identifier(g);
    if (strcmp(g->kind->role, "assistant") == 0 && !has(g, "tool_calls"))
        calls_write(g, "tool_calls", list, false);
    if (strcmp(g->kind->role, "assistant") == 0 && !has(g, "invalid_tool_calls"))
        calls_write(g, "invalid_tool_calls", list, true);
    kept(g);
    required(g);
    if (g->w->dialect == DIALECT_LANGCHAIN_PY) {
        json_key(o, "type");
        json_cstring(o, g->kind->chat);
    }
    json_close(o, '}');
}

static const struct kind *whole(const struct kind *k)
{
    return kind_of_role(span_of(k->role));
}

static void head(struct dialect_writing *w, const struct kind *k)
{
    struct json_out *o = w->out;

    json_open(o, '{');
    if (w->dialect == DIALECT_LC) {
        json_key(o, "lc");
        json_int(o, 1);
        json_key(o, "type");
        json_cstring(o, "constructor");
        json_key(o, "id");
        json_raw(o, span_of(arena_printf(w->arena, "[\"langchain_core\",\"messages\",\"%s\"]", whole(k)->class)));
        json_key(o, "kwargs");
    } else {
        json_key(o, "type");
        json_cstring(o, w->dialect == DIALECT_LANGCHAIN_PY ? k->chat : whole(k)->type);
        json_key(o, "data");
    }
}

/* Answers that the AI SDK keeps inside the message that called. */
static void answers_write(struct dialect_writing *w, const struct json *row)
{
    const struct kind *tool = kind_of(SPAN("tool"), false);
    const struct json *part = dialect_ai_sdk_parts(row);

    for (part = dialect_ai_sdk_answered(w->arena, part); part; part = dialect_ai_sdk_answered(w->arena, part->next)) {
        head(w, tool);
        json_open(w->out, '{');
        json_key(w->out, "content");
        dialect_ai_sdk_answer(w, part);
        json_key(w->out, "tool_call_id");
        json_string(w->out, dialect_string(w->arena, part, "toolCallId"));
        json_raw(w->out, SPAN("\"additional_kwargs\":{},\"response_metadata\":{}"));
        if (w->dialect == DIALECT_LANGCHAIN_PY) {
            json_key(w->out, "type");
            json_cstring(w->out, tool->chat);
        }
        json_close(w->out, '}');
        json_close(w->out, '}');
    }
}

void dialect_langchain_write(struct dialect_writing *w, size_t i)
{
    struct writing g = { .w = w, .row = w->messages[i] };
    const struct json *own = dialect_kept(g.row, "langchain");

    if (own && json_find(own, "data") && json_find(own, "data")->type == JSON_OBJECT) {
        g.kind = kind_of(dialect_string(w->arena, own, "type"), false);
        g.data = json_find(own, "data");
    }
    if (!g.kind)
        g.kind = kind_of_role(dialect_string(w->arena, g.row, "role"));
    head(w, g.kind);
    write_data(&g);
    json_close(w->out, '}');
    answers_write(w, g.row);
}

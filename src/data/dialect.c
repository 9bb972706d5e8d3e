/*
 * The table of dialects, and what several of them do alike.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/dialect.h"

#include <stdarg.h>
#include <stdio.h>

#include "data/dialect_parts.h"

static const struct {
    const char *name;
    bool (*read)(struct dialect_reading *r);
    void (*write)(struct dialect_writing *w, size_t i);
} dialects[DIALECTS] = {
    [DIALECT_KEELSON]      = { "keelson",         NULL,                   NULL },
    [DIALECT_LANGCHAIN_JS] = { "langchain-js",    dialect_langchain_read, dialect_langchain_write },
    [DIALECT_LANGCHAIN_PY] = { "langchain-py",    dialect_langchain_read, dialect_langchain_write },
    [DIALECT_LC]           = { "lc-serializable", dialect_langchain_read, dialect_langchain_write },
    [DIALECT_OPENAI]       = { "openai",          dialect_openai_read,    dialect_openai_write },
    [DIALECT_AI_SDK]       = { "ai-sdk",          dialect_ai_sdk_read,    dialect_ai_sdk_write },
};

const char *dialect_name(enum dialect d)
{
    return dialects[d].name;
}

const char *dialect_names(void)
{
    return "keelson, langchain-js, langchain-py, lc-serializable, openai or ai-sdk";
}

bool dialect_find(struct span name, enum dialect *out)
{
    for (int i = 0; i < DIALECTS; i++) {
        if (span_is(name, dialects[i].name)) {
            *out = (enum dialect)i;
            return true;
        }
    }
    return false;
}

/* The column knows where a message came from; serialized objects are LangChain's own, whoever wrote them. */
static const char *source_format(enum dialect d)
{
    return d == DIALECT_LC ? "langchain-js" : dialects[d].name;
}

bool dialect_read(struct arena *a, enum dialect d, const struct json *message, const char *pointer, const struct json **out, struct err *e)
{
    struct buf b = BUF(DIALECT_TEXT);
    struct dialect_reading r = { .arena = a, .dialect = d, .message = message, .pointer = pointer, .out = JSON_OUT(&b), .e = e };
    struct json *read = NULL;

    *out = message;
    if (d == DIALECT_KEELSON)
        return true;
    if (message->type != JSON_OBJECT)
        return dialect_fault(&r, "", "type", "must be a message, an object");
    json_open(&r.out, '{');
    json_key(&r.out, "source_format");
    json_cstring(&r.out, source_format(d));
    if (dialects[d].read(&r)) {
        json_close(&r.out, '}');
        if (json_parse(a, arena_span(a, buf_span(&b)), &read, e))
            *out = read;
    }
    buf_free(&b);
    return read != NULL;
}

void dialect_write(struct arena *a, enum dialect d, const struct json *const *messages, size_t n, struct json_out *out)
{
    struct dialect_writing w = { a, d, messages, n, out };

    for (size_t i = 0; i < n; i++) {
        if (d == DIALECT_KEELSON)
            json_tree(out, messages[i]);
        else
            dialects[d].write(&w, i);
    }
}

/* ---- reading ---- */

bool dialect_fault(struct dialect_reading *r, const char *member, const char *code, const char *fmt, ...)
{
    const char *pointer = *member ? json_pointer(r->arena, r->pointer, span_of(member)) : r->pointer;
    char text[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return fault_add(r->e, r->arena, pointer, code, "%s", text);
}

bool dialect_is_text(struct arena *a, const struct json *v, size_t least, size_t most)
{
    struct span text;
    size_t n = 0;

    if (!v || v->type != JSON_STRING || (v->flags & JSON_UNSTORABLE))
        return false;
    text = json_text(a, v);
    for (size_t i = 0; i < text.n; i++)
        n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    return n >= least && n <= most;
}

void dialect_member(struct dialect_reading *r, const char *key, const struct json *v)
{
    json_key(&r->out, key);
    json_tree(&r->out, v);
}

/* What a person or a search would read of a block. */
static const struct json *readable(struct arena *a, const struct json *block)
{
    const struct json *text = json_find(block, "text");

    if (block->type == JSON_STRING)
        return block;
    return text && text->type == JSON_STRING && dialect_is(a, block, "type", "text") ? text : NULL;
}

/* The spelling inside the quotes is joined, so that what cannot be decoded stays as it was spelled. */
static void join(struct dialect_reading *r, const struct json *blocks)
{
    struct buf b = BUF(DIALECT_TEXT);
    bool any = false;

    buf_char(&b, '"');
    for (const struct json *v = blocks->first; v; v = v->next) {
        const struct json *text = readable(r->arena, v);

        if (!text)
            continue;
        if (any)
            buf_str(&b, "\\n");
        buf_add(&b, (struct span){ text->raw.p + 1, text->raw.n - 2 });
        any = true;
    }
    buf_char(&b, '"');
    if (any) {
        json_key(&r->out, "content");
        json_raw(&r->out, arena_span(r->arena, buf_span(&b)));
    }
    buf_free(&b);
}

void dialect_content(struct dialect_reading *r, const struct json *content)
{
    if (content->type != JSON_ARRAY) {
        dialect_member(r, "content", content);
        return;
    }
    dialect_member(r, "content_parts", content);
    join(r, content);
}

bool dialect_empty(const struct json *v)
{
    return (v->type == JSON_ARRAY || v->type == JSON_OBJECT) && v->count == 0;
}

/* ---- writing ---- */

const struct json *dialect_value(const struct json *message, const char *name)
{
    const struct json *v = json_find(message, name);

    return v && v->type != JSON_NULL ? v : NULL;
}

struct span dialect_string(struct arena *a, const struct json *object, const char *name)
{
    const struct json *v = json_find(object, name);

    return v && v->type == JSON_STRING ? json_text(a, v) : SPAN_NONE;
}

bool dialect_is(struct arena *a, const struct json *object, const char *name, const char *text)
{
    return span_is(dialect_string(a, object, name), text);
}

const struct json *dialect_kept(const struct json *message, const char *family)
{
    const struct json *metadata = json_find(message, "metadata");
    const struct json *kept = metadata ? json_find(metadata, family) : NULL;

    return kept && kept->type == JSON_OBJECT ? kept : NULL;
}

void dialect_call(struct arena *a, const struct json *call, struct dialect_call *out)
{
    const struct json *function = json_find(call, "function"), *args = json_find(call, "args");
    struct err ignored = { 0 };
    struct json *parsed;

    *out = (struct dialect_call){ .id = dialect_string(a, call, "id"), .name = dialect_string(a, call, "name"), .args = args };
    if (!function || function->type != JSON_OBJECT)
        return;
    out->name = dialect_string(a, function, "name");
    out->text = dialect_string(a, function, "arguments");
    out->args = out->text.p && json_parse(a, out->text, &parsed, &ignored) ? parsed : NULL;
}

/*
 * Blocks of content from one spelling into the one that LangChain and OpenAI have in common.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/dialect_parts.h"

void dialect_text_block(struct dialect_writing *w, const struct json *text)
{
    json_open(w->out, '{');
    json_key(w->out, "type");
    json_cstring(w->out, "text");
    json_key(w->out, "text");
    json_tree(w->out, text);
    json_close(w->out, '}');
}

static void image_block(struct dialect_writing *w, struct span url)
{
    json_open(w->out, '{');
    json_key(w->out, "type");
    json_cstring(w->out, "image_url");
    json_key(w->out, "image_url");
    json_open(w->out, '{');
    json_key(w->out, "url");
    json_string(w->out, url);
    json_close(w->out, '}');
    json_close(w->out, '}');
}

/* Where an image is, in the words of the AI SDK ("file", mediaType) or of LangChain's standard blocks ("image", mime_type, data). */
static struct span image_url(struct dialect_writing *w, const struct json *block)
{
    struct span url = dialect_string(w->arena, block, "url"), data = dialect_string(w->arena, block, "data");
    struct span media = dialect_string(w->arena, block, "mediaType"), mime = dialect_string(w->arena, block, "mime_type");
    bool file = dialect_is(w->arena, block, "type", "file") && span_starts(media, SPAN("image/"));

    if (!file && !dialect_is(w->arena, block, "type", "image"))
        return SPAN_NONE;
    if (url.p || !data.p || !mime.p)
        return url;
    return span_of(arena_printf(w->arena, "data:%.*s;base64,%.*s", SPAN_ARG(mime), SPAN_ARG(data)));
}

static bool is_shared(struct dialect_writing *w, const struct json *block)
{
    static const char *const members[] = { "image_url", "input_audio", "file" };        /* each the type and the member that says it */

    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (dialect_is(w->arena, block, "type", members[i]) && json_find(block, members[i]))
            return true;
    return false;
}

static bool block_write(struct dialect_writing *w, const struct json *block)
{
    const struct json *text = block->type == JSON_STRING ? block : json_find(block, "text");
    struct span url;

    if (text && text->type == JSON_STRING && (text == block || dialect_is(w->arena, block, "type", "text")))
        dialect_text_block(w, text);
    else if (is_shared(w, block))
        json_tree(w->out, block);
    else if ((url = image_url(w, block)).p)
        image_block(w, url);
    else
        return false;
    return true;
}

/* An array with nothing in it says nothing: then the text does. */
static bool parts_write(struct dialect_writing *w, const struct json *parts)
{
    struct buf b = BUF(DIALECT_TEXT);
    struct json_out inner = JSON_OUT(&b), *outer = w->out;
    bool any = false;

    w->out = &inner;
    json_open(&inner, '[');
    for (const struct json *v = parts->first; v; v = v->next)
        any |= block_write(w, v);
    json_close(&inner, ']');
    w->out = outer;
    if (any)
        json_raw(outer, buf_span(&b));
    buf_free(&b);
    return any;
}

static bool only_text(struct dialect_writing *w, const struct json *parts)
{
    for (const struct json *v = parts->first; v; v = v->next)
        if (is_shared(w, v) || image_url(w, v).p)
            return false;
    return true;
}

bool dialect_blocks(struct dialect_writing *w, const struct json *row)
{
    const struct json *parts = dialect_value(row, "content_parts"), *content = dialect_value(row, "content");

    if (parts && !(content && only_text(w, parts)) && parts_write(w, parts))
        return true;
    if (!content)
        return false;
    json_tree(w->out, content);
    return true;
}

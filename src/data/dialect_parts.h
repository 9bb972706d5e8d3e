/*
 * The inside of the dialects: what their files share.  Nobody else includes this.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_DIALECT_PARTS_H
#define KEELSON_DATA_DIALECT_PARTS_H

#include "data/dialect.h"

#define DIALECT_TEXT (32u << 20)        /* bytes of one message written out */

struct dialect_reading {
    struct arena      *arena;
    enum dialect       dialect;
    const struct json *message;
    const char        *pointer;
    struct json_out    out;             /* the members of the object so far */
    struct err        *e;
};

/* One message read: its members into r->out.  False: faults were added. */
bool dialect_langchain_read(struct dialect_reading *r);
bool dialect_openai_read(struct dialect_reading *r);
bool dialect_ai_sdk_read(struct dialect_reading *r);

struct dialect_writing {
    struct arena             *arena;
    enum dialect              dialect;
    const struct json *const *messages;
    size_t                    n;
    struct json_out          *out;
};

/* Message i, or nothing where another one carries it. */
void dialect_langchain_write(struct dialect_writing *w, size_t i);
void dialect_openai_write(struct dialect_writing *w, size_t i);
void dialect_ai_sdk_write(struct dialect_writing *w, size_t i);

/* ---- reading ---- */

bool dialect_fault(struct dialect_reading *r, const char *member, const char *code, const char *fmt, ...) PRINTF(4, 5);
bool dialect_is_text(struct arena *a, const struct json *v, size_t least, size_t most);  /* a string of so many code points */
void dialect_member(struct dialect_reading *r, const char *key, const struct json *v);
/* content, and content_parts when it is an array of blocks, whose readable part content then is. */
void dialect_content(struct dialect_reading *r, const struct json *content);
bool dialect_empty(const struct json *v);               /* {} or [] */

/* ---- writing ---- */

const struct json *dialect_value(const struct json *message, const char *name);        /* NULL: absent or null */
struct span dialect_string(struct arena *a, const struct json *object, const char *name);  /* SPAN_NONE: absent or no string */
bool dialect_is(struct arena *a, const struct json *object, const char *name, const char *text);
const struct json *dialect_kept(const struct json *message, const char *family);       /* metadata.<family>, an object; NULL: none */
/* A call of a tool, whichever of the two forms it is in.  args: a JSON value, or NULL when they are text that is no JSON, then in `text`. */
struct dialect_call { struct span id, name, text; const struct json *args; };
void dialect_call(struct arena *a, const struct json *call, struct dialect_call *out);
void dialect_text_block(struct dialect_writing *w, const struct json *text);        /* {"type":"text","text":...}, as all of them say it */
/*
 * The content of a message from elsewhere as text or as an array of blocks that LangChain and OpenAI share ({"type":"text"}, "image_url",
 * "input_audio", "file"); what they cannot say is left out.  False: there is nothing; nothing was written.
 */
bool dialect_blocks(struct dialect_writing *w, const struct json *row);
/* An answer of a tool that is kept in a part of the AI SDK's message: others write it as a message.  NULL: none from `part` on. */
const struct json *dialect_ai_sdk_answered(struct arena *a, const struct json *part);
const struct json *dialect_ai_sdk_parts(const struct json *row);        /* its first part; NULL: the row is not of the AI SDK */
void dialect_ai_sdk_answer(struct dialect_writing *w, const struct json *part);       /* the text of the answer, as a JSON string */

#endif

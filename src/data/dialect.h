/*
 * Messages as other programs spell them, read into Keelson's own form and written again.  Pure.
 *
 * What Keelson has a field for goes there; everything else of a message stays in metadata under the dialect's family ("langchain",
 * "openai", "ai_sdk"), so that the dialect it came in gives it back whole, and any other what it can say.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_DIALECT_H
#define KEELSON_DATA_DIALECT_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/json.h"

enum dialect { DIALECT_KEELSON, DIALECT_LANGCHAIN_JS, DIALECT_LANGCHAIN_PY, DIALECT_LC, DIALECT_OPENAI, DIALECT_AI_SDK, DIALECTS };

const char *dialect_name(enum dialect d);
const char *dialect_names(void);                                    /* all of them, for messages */
bool dialect_find(struct span name, enum dialect *out);

/*
 * One message; `pointer` is its place in the body.  *out is an object that append takes, in the arena.  False: faults were added to *e, or it
 * is E_JSON's business.  What is of no known kind is refused, never guessed.
 */
MUST_CHECK bool dialect_read(struct arena *a, enum dialect d, const struct json *message, const char *pointer, const struct json **out, struct err *e);

/*
 * The elements of an array: `n` messages in Keelson's form, in the order of the conversation.  Their number may differ where a dialect
 * keeps a tool's answer inside the message that called it.
 */
void dialect_write(struct arena *a, enum dialect d, const struct json *const *messages, size_t n, struct json_out *out);

/* Whose spelling a history has whose first message this is (NULL: it is empty), among LangChain's.  False: none of them. */
bool dialect_guess(const struct json *message, enum dialect *out);

/*
 * How many messages at the front of a history that was `sent` are those that are `kept`; both are in Keelson's own form.  *there: how many
 * messages the kept ones make in dialect `d`.
 */
MUST_CHECK bool dialect_common(struct arena *a, enum dialect d, const struct json *const *sent, size_t n, const struct json *const *kept, size_t nkept,
                               size_t *there, size_t *common, struct err *e);

#endif

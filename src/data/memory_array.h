/*
 * The memory as an array: a client that keeps its whole conversation as one list of messages, LangChain's for instance, and sends all of it
 * every time.  What is new is appended, what is there must be the same.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_MEMORY_ARRAY_H
#define KEELSON_DATA_MEMORY_ARRAY_H

#include "base/attr.h"
#include "data/call.h"
#include "data/dialect.h"

/* PUT of an array; it renders its own answer. */
MUST_CHECK bool memory_array_plan(struct call *c, struct plan *p, struct err *e);

/* Does the document say that the messages are the memory, and in which spelling? */
bool memory_array_marked(struct span document, enum dialect *out);

/* The array of the rows of a session, whose fields begin at column `first`, into the answer. */
MUST_CHECK bool memory_array_write(struct call *c, enum dialect d, const struct rows *r, int first, struct err *e);

#endif

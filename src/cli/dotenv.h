/*
 * The text of a .env file: NAME=value lines, as shells, Docker and the dotenv libraries agree on them.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DOTENV_H
#define KEELSON_CLI_DOTENV_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"

/* The value of the last line that sets `name`, without quotes; NULL when there is none or it is empty. */
const char *dotenv_find(struct arena *a, struct span text, const char *name);

/* `text` with `name` set to `value`: in place of the line that sets it, else at the end.  All other lines stay as they are. */
void dotenv_set(struct buf *out, struct span text, const char *name, const char *value);

#endif

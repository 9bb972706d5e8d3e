/*
 * Where the database URL, or the password for it, comes from when it may change while we run: a file, or a command's output.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_CREDENTIALS_H
#define KEELSON_PG_CREDENTIALS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#define CREDENTIALS_MOST  ((size_t)16384)
#define CREDENTIALS_LIMIT (10 * USEC_S)     /* for the command */

struct credentials {
    const char *file, *command;     /* one of them, or neither */
    const char *url;                /* DATABASE_URL: what a password alone belongs to; may be NULL */
};

/* Blocks, and touches nothing but its arguments.  The text without the white space around it; it is a secret. */
MUST_CHECK bool credentials_read(const struct credentials *c, struct buf *out, struct err *e);

/* The URL that such a text means: itself, or c->url with it as the password.  Arena memory; given to log_guard(). */
MUST_CHECK bool credentials_url(struct arena *a, const struct credentials *c, struct span text, const char **url, struct err *e);

/* Both; *url stays as it is when there is neither file nor command. */
MUST_CHECK bool credentials_find(struct arena *a, const struct credentials *c, const char **url, struct err *e);

#endif

/*
 * A file of SQL cut into its statements, each with its line and what the runner must know about it.
 *
 * Knows PostgreSQL's quotes (with and without escapes), identifiers, dollar quotes, nested comments, parentheses and the
 * bodies of BEGIN ATOMIC.  It does not know grammar: a statement with a mistake is a statement.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_MIGRATE_SPLIT_H
#define KEELSON_MIGRATE_SPLIT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"

enum {                            /* what a statement does, as far as the runner cares */
    SPLIT_TRANSACTION = 1,        /* begins or ends a transaction */
    SPLIT_COPY_IN     = 2,        /* COPY ... FROM STDIN: wants data the file cannot give */
    SPLIT_CREATES     = 4,        /* must add something to the catalog, or fail  (no IF NOT EXISTS, no OR REPLACE, not temporary) */
    SPLIT_DROPS       = 8,        /* must take something from it, or fail        (no IF EXISTS) */
    SPLIT_ALONE       = 16,       /* the server refuses it inside a transaction */
};

struct split_statement {
    struct span text;             /* from the first word to the last, without the semicolon */
    struct span before;           /* blanks and comments in front of it */
    int         line;             /* of the first word, from 1 */
    unsigned    flags;
};

/* Views of `text`.  E_USAGE "line N: ..." for a quote or comment that does not end, and for psql's backslash commands.
   `tail` (may be NULL): what follows the last statement. */
MUST_CHECK bool split_statements(struct arena *a, struct span text, struct split_statement **out, int *n, struct span *tail, struct err *e);

#endif

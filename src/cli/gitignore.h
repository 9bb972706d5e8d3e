/*
 * A file that holds a secret must not get into git.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_GITIGNORE_H
#define KEELSON_CLI_GITIGNORE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"

/* What one .gitignore says about a file in its own directory (or, with here false, further down): 1 ignored, -1 taken back, 0 nothing.  Pure. */
int gitignore_says(struct arena *a, struct span text, const char *name, bool here);

/*
 * See to it that git ignores the file: when its folder is in a work tree and no .gitignore up to the tree's root covers it, its name is
 * added to the root's.  *where is the .gitignore that was changed, NULL when nothing had to be; *tree whether there is a work tree.
 */
MUST_CHECK bool gitignore_add(struct arena *a, const char *path, const char **where, bool *tree, struct err *e);

#endif

/*
 * Rows of text, shown aligned for people or as a list of objects for programs.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_TABLE_H
#define KEELSON_CLI_TABLE_H

#include <stdbool.h>

#include "base/arena.h"
#include "cli/command.h"

struct table_column {
    const char *key;                    /* in JSON, and in capitals as the heading */
    bool        raw;                    /* the cell is JSON already: a number, an object */
    bool        json_only;
};

struct table {
    struct arena              *arena;
    const struct table_column *columns; int ncolumns;
    const char               **cells;   int nrows, room;       /* row by row; NULL: nothing */
};

void table_init(struct table *t, struct arena *a, const struct table_column *columns, int ncolumns);
/* As many cells as there are columns; the strings are kept, not copied. */
void table_row(struct table *t, const char *const *cells);

/* As the command was asked to: {"NAME":[...],"summary":{"NAME":n}}, or columns; `none` is said when there are no rows. */
void table_show(const struct table *t, const struct command_call *c, const char *name, const char *none);
/* One row, a line for each column that has something; JSON as above. */
void table_show_one(const struct table *t, const struct command_call *c, const char *name);

#endif

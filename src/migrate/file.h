/*
 * Migration files: NNNN_name.up.sql and NNNN_name.down.sql, read and checked before anything is asked of a database.
 *
 * Directives are comment lines at the top of a file:
 *   -- keelson: no-transaction           its statements run one by one, outside a transaction
 *   -- keelson: irreversible REASON      this migration cannot be undone; it needs no down file
 *   -- keelson: unreviewed               written by a program and read by nobody yet: not applied
 *   -- keelson: allow RULE REASON        for the linter; also in front of a statement
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_MIGRATE_FILE_H
#define KEELSON_MIGRATE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "migrate/split.h"

#define FILE_MAX      ((size_t)16 << 20)   /* bytes of one file */
#define FILE_CHECKSUM 64                   /* SHA-256 in hexadecimal digits */

struct file_script {
    const char *path;                      /* for messages; NULL: there is no such file */
    struct span text;
    char        checksum[FILE_CHECKSUM + 1];
    struct split_statement *statements;
    int         nstatements;
    bool        no_transaction, unreviewed;
    const char *irreversible;              /* the reason; NULL: not declared */
};

struct file_migration {
    int64_t            version;
    const char        *name;               /* "add_index" */
    struct file_script up, down;
    const char        *irreversible;       /* declared in either file */
};

struct file_set {                          /* one project: versions 1, 2, 3 ... without gaps */
    const char            *project;        /* "keelson", "app" */
    const char            *dir;            /* where; NULL: inside the program */
    bool                   absent;         /* the directory does not exist: what the ledger has of it cannot be judged here */
    struct file_migration *migrations;
    int                    n;
};

/* The migrations in this program. */
MUST_CHECK bool file_load_embedded(struct arena *a, struct file_set *out, struct err *e);

/* Those of a directory; `absent` if it does not exist.  E_USAGE names the file and what is wrong with it. */
MUST_CHECK bool file_load_dir(struct arena *a, const char *project, const char *dir, struct file_set *out, struct err *e);

/* A set from names and texts: what both of the above come to.  Files that do not end in .sql are none of ours. */
struct file_source { const char *path, *name; struct span text; };
MUST_CHECK bool file_set_build(struct arena *a, const struct file_source *files, int n, struct file_set *out, struct err *e);

/* Write the next pair of files with commented beginnings; *up and *down are their paths.  `title` becomes lower case with
   underscores.  E_USAGE when nothing of it is left, E_IO when a file cannot be made. */
MUST_CHECK bool file_new(struct arena *a, const struct file_set *set, const char *title, const char **up, const char **down, struct err *e);

const struct file_migration *file_find(const struct file_set *set, int64_t version);   /* NULL: none */

#endif

/*
 * Commands as a table: name, arguments, one-line summary, options, function.  Parsing, help and exit status follow from it.
 * Every command also takes the settings as flags (--pool-size 20) and --format, --config, --help.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_COMMAND_H
#define KEELSON_CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"

#define COMMAND_VALUES 64

struct command_option {
    const char *name;               /* "--dir" */
    const char *value;              /* "DIR"; NULL: takes none */
    const char *doc;
};

enum command_format { COMMAND_TEXT, COMMAND_JSON };

struct command_call {
    struct arena       *arena;      /* lives as long as the command */
    struct conf         conf;
    const char *const  *args;       int nargs;      /* what is neither command nor flag */
    const struct command *command;
    struct { const char *name, *value; } given[COMMAND_VALUES]; int ngiven;     /* the command's own options */
    enum command_format format;
    bool                colour;     /* stdout is a terminal and NO_COLOR is not set */
};

struct command {
    const char *name;               /* "migrate up": one or two words */
    const char *args;               /* "[NAME]"; NULL: takes none */
    const char *summary;
    const char *more;               /* further paragraphs of its help; may be NULL */
    const struct command_option *options; int noptions;
    int         min_args, max_args;
    bool      (*run)(struct command_call *c, struct err *e);   /* false: *e decides message and exit status */
};

/* The option's value ("" for one without), or NULL when it was not given. */
const char *command_option(const struct command_call *c, const char *name);

/* All groups; each is an array in its own file. */
struct command_group { const char *title; const struct command *commands; int n; };

int command_main(const struct command_group *groups, int ngroups, int argc, char **argv);

#endif

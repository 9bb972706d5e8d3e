/*
 * What people read about commands: the list, one family, one command.  Fits a terminal of 80 columns.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_HELP_H
#define KEELSON_CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/command.h"

/* Text broken at blanks; every line but the first, which begins at `column`, is indented by `indent`.  An empty line stays one. */
void help_wrap(FILE *to, const char *text, int column, int indent);

void help_all(FILE *to, const struct command_group *groups, int n);
/* "migrate": is there a command that begins with this word and has a second?  And a list of these. */
bool help_is_family(const struct command_group *groups, int n, const char *word);
void help_family(FILE *to, const struct command_group *groups, int n, const char *word);
void help_command(FILE *to, const struct command *c);

#endif

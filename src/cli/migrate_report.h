/*
 * What every verb of `keelson migrate` shows: one line for each migration, as text or as JSON.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_MIGRATE_REPORT_H
#define KEELSON_CLI_MIGRATE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/command.h"

struct migrate_line {
    const char *project;
    int64_t     version;
    const char *name, *state;
    const char *at, *by, *note;           /* NULL: nothing to say */
    int64_t     ms;                       /* -1: nothing to say */
    bool        ran;                      /* by this command */
};

struct migrate_lines {
    struct migrate_line *line;
    int                  n;
};

int  migrate_report_count(const struct migrate_lines *l, const char *state);
/* only_ran: the lines this command ran. */
void migrate_report_text(const struct command_call *c, const struct migrate_lines *l, bool only_ran);
/* {"migrations":[...],"summary":{...}}; failure NULL: it went well. */
void migrate_report_json(const struct migrate_lines *l, const struct err *failure);

#endif

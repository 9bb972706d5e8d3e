/*
 * The groups of commands, one file each.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_GROUPS_H
#define KEELSON_CLI_GROUPS_H

#include "cli/command.h"

extern const struct command_group service_commands;     /* service.c: serve, config, openapi, alerts, version */
extern const struct command_group migrate_commands;     /* migrate.c */
extern const struct command_group init_commands;        /* init.c */
extern const struct command_group org_commands;         /* org.c */
extern const struct command_group key_commands;         /* key.c */
extern const struct command_group candidate_commands;   /* candidate.c */
extern const struct command_group demo_commands;        /* demo.c */
extern const struct command_group prove_commands;       /* prove.c */

#endif

/*
 * The program: a table of commands.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/attr.h"
#include "cli/groups.h"

int main(int argc, char **argv)
{
    const struct command_group groups[] = {
        service_commands, migrate_commands, init_commands, org_commands, key_commands, candidate_commands, demo_commands, prove_commands,
    };

    return command_main(groups, ARRAY_LEN(groups), argc, argv);
}

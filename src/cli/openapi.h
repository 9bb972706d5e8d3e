/*
 * keelson openapi: the description of a database's API, as `keelson serve` would give it at /openapi.json.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_OPENAPI_H
#define KEELSON_CLI_OPENAPI_H

#include "cli/command.h"

bool openapi_run(struct command_call *c, struct err *e);

#endif

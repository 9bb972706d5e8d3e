/*
 * The owner's database, for the commands that administer it.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DATABASE_H
#define KEELSON_CLI_DATABASE_H

#include "base/attr.h"
#include "cli/command.h"
#include "pg/cluster.h"
#include "pg/conn.h"

struct database {
    struct cluster   cluster;           /* the embedded server, found running or started for this command */
    struct pg_target target;
    struct pg_conn  *conn;              /* as keelson_owner */
};

/*
 * KEELSON_OWNER_URL, else DATABASE_URL if its role may act as the owner, else the embedded server, which is migrated when this command
 * is who starts it.  E_USAGE: not the owner; E_DATABASE: not prepared.  database_close() in any case.
 */
MUST_CHECK bool database_open(struct command_call *c, struct database *d, struct err *e);
void database_close(struct database *d);            /* harmless when zeroed */

extern const char database_which[];                 /* for help: which database it is */

/* DATABASE_URL from where the settings say: before conf.database_url is looked at. */
bool database_url(struct command_call *c, struct err *e);

#endif

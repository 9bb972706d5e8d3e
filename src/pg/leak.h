/*
 * Work that holds its connection for longer than it should: reported once, with what its backend does; taken back when it returns;
 * ended only when nobody waits for it and its backend sits idle in a transaction.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_LEAK_H
#define KEELSON_PG_LEAK_H

#include <stdbool.h>

#include "base/arena.h"
#include "pg/pool.h"

struct pg_link;

struct leak_check {                 /* one question at a time on the control connection */
    struct task  task;
    struct stmt  stmt;
    struct arena arena;
    bool         under_way;
    usec         asked_at;
};

/* Look who holds on, and ask the server about them.  Never waits. */
void leak_sweep(struct pool *p, usec now);
/* The work on this connection has ended, after so long, one way or the other. */
void leak_end(struct pool *p, struct pg_link *k, usec held);
/* Does whoever submits this have a connection of its own already?  Counted and logged. */
bool leak_holds_already(struct pool *p, const struct task *t);
void leak_close(struct pool *p);

#endif

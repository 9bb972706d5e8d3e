/*
 * The statements about the messages of a session, written once from the catalog like those of every resource.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_CONVERSATION_H
#define KEELSON_DATA_CONVERSATION_H

#include "base/arena.h"
#include "data/resource.h"

struct conversation {
    const struct resource *sessions, *messages;
    const char *sql_lock;       /* $2 uuid[] sessions: locked in order */
    /*
     * $2 int4[] task, $3 uuid[] id, $4 jsonb[] message, $5 bytea[] original     one element per message
     * $6 int4[] task, $7 uuid[] session, $8 int8[] expected last seq, $9 bool[] repeated after a lost connection
     * Rows: task, last seq before, status, state ('new', 'known', 'missed', NULL: none), fields of the message.
     */
    const char *sql_append;
    const char *sql_message;    /* $2 int4[] task, $3 uuid[] session, $4 int8[] seq: task, fields */
    /* $2 int4[] task, $3 uuid[] session, $4 int8[] after, $5 int8[] before, $6 int4[] limit, $7 text[] role.
       Rows: task, last seq of the session, fields; one with NULL fields when nothing is there. */
    /*
     * $2 session, $3 seq, $4 client_message_id or null: what a change of a message must know, read after the lock.
     * Rows: status of the session, client_message_id of the message that superseded this one, whether one with $4 is there, whether
     * exact bytes are kept, fields (NULL: there is no such message).
     */
    const char *sql_state;
    /*
     * $2 int4[] task, $3 uuid[] session, $4 bool[] with its messages whatever the document says
     * Rows: task, document (of the first row only), version, through, last seq, last event, fields; one with NULL fields when there are none.
     */
    const char *sql_memory;
    const char *sql_all;        /* $2 session: fields of all its messages in order */
    const char *sql_redact;     /* $2 session, $3 seq, $4 reason, $5 path of the session's messages */
    const char *sql_replaced;   /* $2 session, $3 seq, $4 id of the message that replaces it */
    const char *sql_fork_interview;     /* $2 session: its interview, locked against who numbers sessions */
    const char *sql_fork;       /* $2 session, $3 id of the new one, $4 last seq that is copied or null, $5 uuid[] for the feed: last seq, was it made */
    const char *sql_oldest, *sql_newest;    /* from the front; from the back, newest first */
    const char *sql_oldest_one, *sql_newest_one;    /* $2 session, $3 after, $4 before, $5 limit, $6 role: for one task alone */
};

/* NULL when the catalog serves no sessions or messages. */
const struct conversation *conversation_build(struct arena *a, const struct model *m);
const char *conversation_fork_sql(struct arena *a, const struct resource *sessions, const struct resource *messages);

#endif

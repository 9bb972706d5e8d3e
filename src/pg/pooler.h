/*
 * What lies between us and the server, and what follows from it.
 *
 * A pooler refuses or drops the settings of our startup packet, or numbers processes by itself.  Behind one the settings come with
 * every transaction and are local to it, and process numbers mean nothing.  One that gives each transaction another backend also
 * knows no prepared names; no command that needs one session can work there.  What is right behind such a one is right everywhere,
 * so whoever has not looked closely assumes it.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_POOLER_H
#define KEELSON_PG_POOLER_H

#include <stdbool.h>

enum pooler { POOLER_NONE, POOLER_SESSION, POOLER_TRANSACTION, POOLERS };

struct pooler_signs {
    bool settings;              /* those of our startup packet were refused, or did nothing */
    bool numbers;               /* the process number it gave is not the backend's */
    bool moved;                 /* one session met two backends */
    bool shared;                /* two sessions, both open, met one backend */
};

enum pooler pooler_kind(const struct pooler_signs *s);
const char *pooler_name(enum pooler p);                         /* "none", "session", "transaction" */
const char *pooler_sign(const struct pooler_signs *s);          /* the strongest, in words; "none" */
const char *pooler_note(enum pooler p);                         /* what follows, for the log */

/* A pooler speaks with the server's voice (class 08).  Does this message of it say that the work never reached a server? */
bool pooler_unsent(const char *message);

#endif

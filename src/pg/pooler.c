/*
 * Facts about poolers.  Looking is pooler_look.c.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/pooler.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"

static const struct {
    const char *name, *note;
} poolers[POOLERS] = {
    [POOLER_NONE]        = { "none",        "" },
    [POOLER_SESSION]     = { "session",     "settings go with each transaction; connections are counted here only, not on the server" },
    [POOLER_TRANSACTION] = { "transaction", "settings go with each transaction, statements are not prepared; connections are counted here only, not on "
                                            "the server; commands that need the owner's URL are refused through it" },
};

enum pooler pooler_kind(const struct pooler_signs *s)
{
    if (s->moved || s->shared)
        return POOLER_TRANSACTION;
    return s->settings || s->numbers ? POOLER_SESSION : POOLER_NONE;
}

const char *pooler_name(enum pooler p)
{
    return poolers[p].name;
}

const char *pooler_note(enum pooler p)
{
    return poolers[p].note;
}

const char *pooler_sign(const struct pooler_signs *s)
{
    if (s->moved)
        return "one session met two backends";
    if (s->shared)
        return "two sessions met one backend";
    if (s->settings)
        return "the startup parameter options was refused or did nothing";
    return s->numbers ? "process numbers are not the server's" : "none";
}

bool pooler_unsent(const char *message)
{
    static const char *const said[] = {
        "query_wait_timeout",               /* it waited for a backend in vain */
        "cannot connect to server",
        "server login",                     /* failed, or has been failing */
        "no more connections allowed",
    };

    for (size_t i = 0; i < ARRAY_LEN(said); i++)
        if (strstr(message, said[i]))
            return true;
    return false;
}

/*
 * The prepared statements of one connection, by name.  Names are static: the pointer is the name.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_NAMES_H
#define KEELSON_PG_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMES_MAX 512               /* a power of two; half of it is used */

struct names {
    const char *slot[NAMES_MAX];    /* open addressing */
    int         n;
    bool        stale;              /* to be forgotten, here and on the server, before anything else is sent */
};

static inline size_t names_slot(const struct names *m, const char *name)
{
    size_t i = ((uintptr_t)name >> 4) * 2654435761u & (NAMES_MAX - 1);

    while (m->slot[i] && m->slot[i] != name)
        i = (i + 1) & (NAMES_MAX - 1);
    return i;
}

static inline bool names_known(const struct names *m, const char *name)
{
    return m->slot[names_slot(m, name)] == name;
}

/* False when the table is nearly full: such a statement goes unnamed, which is slower and always right. */
static inline bool names_add(struct names *m, const char *name)
{
    if (m->n >= NAMES_MAX / 2)
        return false;
    m->slot[names_slot(m, name)] = name;
    m->n++;
    return true;
}

#endif

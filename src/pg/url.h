/*
 * What a database URL says, without ever being able to print it.
 *
 * Understands libpq URIs and key/value strings and SQLAlchemy spellings ("postgresql+asyncpg://": the driver is
 * dropped).  libpq's own parse errors quote the input, so they are replaced by ours.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PG_URL_H
#define KEELSON_PG_URL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"

struct pg_target {
    const char **keys, **values;    /* for PQconnectStartParams, NULL-terminated; values hold the secret: never print */
    const char  *shown;             /* "pg://host:port/db" or "pg:///run/x/db": fit for logs; no user, no password */
    const char  *host, *port, *dbname, *user;  /* first host; NULL when not given */
    bool         local;             /* unix socket or loopback */
    bool         has_password;
    bool         verified;          /* who answers is checked: by TLS, or because it is this machine */
};

/* E_USAGE with a message that contains nothing of the text but its scheme.  The password is given to log_guard(). */
MUST_CHECK bool pg_url_parse(struct arena *a, const char *url, struct pg_target *out, struct err *e);

#endif

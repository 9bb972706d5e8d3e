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

#define PG_HOSTS 16

struct pg_host {                    /* one of the hosts; NULL: libpq's own choice */
    const char *name, *address, *port;  /* name: of a host or a socket folder; address: hostaddr, when the URL has it */
    const char *shown;              /* "pg://host:port/db" or "pg:///run/x:port/db" */
};

enum pg_attrs { PG_READ_WRITE, PG_PRIMARY, PG_ANY };    /* target_session_attrs: who is preferred */

struct pg_target {
    const char **keys, **values;    /* for PQconnectStartParams, NULL-terminated; values hold the secret: never print */
    const char  *shown;             /* the first host's: fit for logs; no user, no password */
    const char  *host, *port, *dbname, *user;  /* first host; NULL when not given */
    struct pg_host hosts[PG_HOSTS];
    int          nhosts;            /* at least 1 */
    enum pg_attrs attrs;
    bool         local;             /* unix socket or loopback, all of them */
    bool         has_password;
    bool         verified;          /* who answers is checked: by TLS, or because it is this machine */
};

/* E_USAGE with a message that contains nothing of the text but its scheme.  The password is given to log_guard(). */
MUST_CHECK bool pg_url_parse(struct arena *a, const char *url, struct pg_target *out, struct err *e);

#endif

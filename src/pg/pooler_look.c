/*
 * A pooler in session mode keeps a backend for each client until that one leaves, so one meeting is proof of the other kind.  That no
 * meeting comes proves nothing, but each round that passes makes it less likely: the odd number of questions in a round unmasks
 * one that hands out its backends by turns, and one that prefers the last is unmasked by the first.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/pooler_look.h"

#include <poll.h>
#include <stdlib.h>

#define ROUNDS 6

static bool answered(PGconn *pg, deadline until)
{
    while (PQisBusy(pg)) {
        struct pollfd p = { .fd = PQsocket(pg), .events = POLLIN };
        usec left = until - clock_now();

        if (left <= 0)
            return false;
        if (poll(&p, 1, (int)(left / USEC_MS + 1)) > 0 && !PQconsumeInput(pg))
            return false;
    }
    return true;
}

bool pooler_backend(PGconn *pg, deadline until, int *pid)
{
    bool ok = false;
    PGresult *res;

    if (!PQsendQuery(pg, "SELECT pg_catalog.pg_backend_pid()"))
        return false;
    while (answered(pg, until) && (res = PQgetResult(pg))) {
        if (PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 1) {
            *pid = atoi(PQgetvalue(res, 0, 0));
            ok = true;
        }
        PQclear(res);
    }
    return ok;
}

bool pooler_look(PGconn *one, PGconn *other, deadline until, struct pooler_signs *s)
{
    int a, b, first_a, first_b;

    if (!pooler_backend(one, until, &first_a) || !pooler_backend(other, until, &first_b))
        return false;
    s->shared = first_a == first_b;
    for (int i = 0; i < ROUNDS && !s->shared && !s->moved; i++) {
        if (!pooler_backend(one, until, &a))
            return false;
        s->moved = a != first_a;
        if (!pooler_backend(one, until, &a) || !pooler_backend(other, until, &b))
            return false;
        s->moved = s->moved || a != first_a || b != first_b;
    }
    return true;
}

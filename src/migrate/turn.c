/*
 * Waiting inside pg_advisory_lock() would hold a snapshot, and a CREATE INDEX CONCURRENTLY under the lock waits for all older
 * snapshots: a deadlock.  Hence pg_try_advisory_lock() and sleep on this side of the wire.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/turn.h"

#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/digest.h"

#define SERVER_LEAST 150000

/* "keel", "migr": the two halves of the key. */
#define LOCK_CLASS "1801807212"
#define LOCK_OBJECT "1835624306"

/* Policies and grants name three roles, and what a migration makes must belong to the owner. */
static bool check_roles(struct pg_conn *c, struct arena *a, struct err *e)
{
    const char *missing = NULL, *me = NULL;

    if (!pg_value(c, a, "SELECT string_agg(r, ', ') FROM unnest(ARRAY['keelson_owner', 'keelson_api', 'keelson_readonly']) r"
                        " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = r)", &missing, e) ||
        !pg_value(c, a, "SELECT current_user", &me, e))
        return false;
    if (missing)
        return fail(e, E_DATABASE, "this database is not prepared, the role %s is missing; run `keelson init` first", missing);
    return strcmp(me, "keelson_owner") == 0 ||
           fail(e, E_DATABASE, "the role %s may not act as keelson_owner; migrations want KEELSON_OWNER_URL", me);
}

bool turn_check_server(struct pg_conn *c, struct err *e)
{
    struct arena a = ARENA;
    const char *state = NULL;
    bool ok;

    if (pg_server_version(c) < SERVER_LEAST)
        return fail(e, E_DATABASE, "the server is PostgreSQL %d, Keelson needs 15 or later", pg_server_version(c) / 10000);
    ok = pg_value(c, &a, "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'standby'"
                         " WHEN current_setting('transaction_read_only') = 'on' THEN 'read-only' ELSE 'ready' END", &state, e);
    if (ok && strcmp(state, "standby") == 0)
        ok = fail(e, E_READ_ONLY, "this server is a standby; migrations run on the primary");
    else if (ok && strcmp(state, "read-only") == 0)
        ok = fail(e, E_READ_ONLY, "the database is read-only for this role (default_transaction_read_only)");
    ok = ok && check_roles(c, &a, e);
    arena_free(&a);
    return ok;
}

static bool try_lock(struct pg_conn *c, bool *got, struct err *e)
{
    struct arena a = ARENA;
    const char *answer = NULL;
    bool ok = pg_value(c, &a, "SELECT pg_catalog.pg_try_advisory_lock(" LOCK_CLASS ", " LOCK_OBJECT ")::text", &answer, e);

    *got = ok && answer && strcmp(answer, "true") == 0;
    arena_free(&a);
    return ok;
}

/* "pid 4711 (keelson migrate)"; somebody unknown when the holder has just let go. */
static const char *holder(struct pg_conn *c, struct arena *a)
{
    struct err ignored = { 0 };
    const char *who = NULL;

    if (!pg_value(c, a, "SELECT format('pid %s (%s)', l.pid, coalesce(nullif(s.application_name, ''), 'unnamed'))"
                        " FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity s ON s.pid = l.pid"
                        " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2"
                        " AND l.classid = " LOCK_CLASS " AND l.objid = " LOCK_OBJECT
                        " AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())", &who, &ignored))
        return "somebody";
    return who ? who : "somebody";
}

/* Longer each time up to a second, with a random part so that two who wait do not ask together. */
static void pause_before(int try, deadline until)
{
    usec longest = (usec)20 * USEC_MS << (try < 6 ? try : 6);
    uint32_t random;
    usec wait;

    digest_random(&random, sizeof random);
    wait = longest / 2 + (usec)(random % (uint32_t)longest);
    if (wait > USEC_S)
        wait = USEC_S;
    if (until != 0 && wait > until - clock_now())
        wait = until - clock_now();
    if (wait > 0)
        nanosleep(&(struct timespec){ .tv_sec = wait / USEC_S, .tv_nsec = wait % USEC_S * 1000 }, NULL);
}

bool turn_take(struct pg_conn *c, deadline until, void (*waiting)(void *arg, const char *holder), void *arg, struct err *e)
{
    struct arena a = ARENA;
    bool got = false, ok = true;

    for (int try = 0; ok && !got; try++) {
        ok = try_lock(c, &got, e);
        if (!ok || got)
            break;
        if (try == 0 && waiting)
            waiting(arg, holder(c, &a));
        if (until != 0 && clock_now() >= until)
            ok = fail(e, E_TIMEOUT, "another runner is at work on this database: %s", holder(c, &a));
        else
            pause_before(try, until);
    }
    arena_free(&a);
    return ok;
}

/*
 * A walk over hosts and their addresses.  libpq is given one numeric address at a time: its own connect_timeout means nothing to
 * PQconnectPoll(), its own lookup blocks, and neither knows what may be used on the others.
 *
 * Every step begins from a timer, so nothing here recurses and no caller is told from inside.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/dial.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "pg/failure.h"
#include "pg/session.h"

static void go_on(struct timer *t);

static void soon(struct dial *d)
{
    d->timer.fire = go_on;
    loop_timer(d->hosts->loop, &d->timer, loop_now(d->hosts->loop));
}

/* ---- an attempt and its end ---- */

int dial_goodbye(PGconn *pg, bool torn)
{
    bool established = PQsocket(pg) >= 0 && PQstatus(pg) != CONNECTION_BAD && PQstatus(pg) != CONNECTION_STARTED;
    int fd = established && !torn ? fcntl(PQsocket(pg), F_DUPFD_CLOEXEC, 0) : -1;

    PQfinish(pg);
    if (fd >= 0)
        shutdown(fd, SHUT_WR);
    return fd;
}

static void attempt_end(struct dial *d)
{
    int fd;

    resolve_unwait(&d->wait);
    loop_unwatch(&d->watch);
    loop_untimer(&d->timer);
    PQclear(d->answer);
    d->answer = NULL;
    fd = dial_goodbye(d->pg, false);
    d->pg = NULL;
    if (fd >= 0 && d->left)
        d->left(d, fd);
    else if (fd >= 0)
        close(fd);
}

/* Which of several failures to tell: the one that somebody can do something about. */
static const struct {
    int  weight;
    bool ends;                          /* another host would say the same, or must not be asked instead */
} outcomes[CONNECT_OUTCOMES] = {
    [CONNECT_REFUSED]  = { 1, false },
    [CONNECT_TIMEOUT]  = { 1, false },
    [CONNECT_DNS]      = { 1, false },
    [CONNECT_PROTOCOL] = { 2, false },
    [CONNECT_TLS]      = { 3, false },
    [CONNECT_STARTING] = { 4, false },
    [CONNECT_ROLE]     = { 5, false },
    [CONNECT_TOO_MANY] = { 6, true  },
    [CONNECT_AUTH]     = { 6, true  },
    [CONNECT_POOLER]   = { 6, true  },
};

static void attempt_failed(struct dial *d, enum connect_outcome outcome, const char *why)
{
    if (d->outcome == CONNECT_OK || outcomes[outcome].weight > outcomes[d->outcome].weight) {
        d->outcome = outcome;
        fail(&d->err, E_DATABASE, "%s: %s", d->shown, why);
    }
    if (outcomes[outcome].ends)
        d->place = d->nplaces;
    attempt_end(d);
    soon(d);
}

static void expired(struct timer *t)
{
    struct dial *d = CONTAINER(t, struct dial, timer);

    if (d->phase == POOL_DNS)
        attempt_failed(d, CONNECT_DNS, "the name server did not answer in time");
    else
        attempt_failed(d, CONNECT_TIMEOUT, "the server did not answer in time");
}

static void phase_enter(struct dial *d, enum pool_phase phase)
{
    usec now = clock_now();

    d->took[d->phase] += now - d->phase_at;
    d->phase = phase;
    d->phase_at = now;
}

/* ---- who answers ---- */

static bool says_on(const PGconn *pg, const char *parameter)
{
    const char *value = PQparameterStatus(pg, parameter);

    return value && strcmp(value, "on") == 0;
}

bool dial_read_only(const PGconn *pg, enum pg_attrs attrs)
{
    return says_on(pg, "in_hot_standby") || (attrs != PG_PRIMARY && says_on(pg, "default_transaction_read_only"));
}

static struct host *host_of(struct dial *d)
{
    return &d->hosts->list[d->host];
}

static void succeed(struct dial *d)
{
    phase_enter(d, POOL_SETUP);
    PQclear(d->answer);
    d->answer = NULL;
    loop_unwatch(&d->watch);
    loop_untimer(&d->timer);
    d->outcome = CONNECT_OK;
    d->hosts->last = d->host;
    d->done(d);
}

static const char lineage_sql[] =
    "SELECT s.system_identifier, ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))"
    "::pg_catalog.bit(32)::pg_catalog.int4 FROM pg_catalog.pg_control_system() s WHERE NOT pg_catalog.pg_is_in_recovery()";

/* A server that does not tell, or a pooler in between, is believed. */
static void lineage_judge(struct dial *d, const PGresult *res)
{
    bool told = PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 1;
    uint64_t system = told ? strtoull(PQgetvalue(res, 0, 0), NULL, 10) : 0;
    int timeline = told ? atoi(PQgetvalue(res, 0, 1)) : 0;
    struct host *h = host_of(d);

    h->timeline = timeline ? timeline : h->timeline;
    if (hosts_current(d->hosts, system, timeline)) {
        succeed(d);
        return;
    }
    if (h->role != HOST_REFUSED)
        log_event(LOG_ERROR, "database-refused", "target=%s timeline=%d reason=%s", d->shown, timeline,
                  "a server of a later timeline has taken its place; writes to this one would be lost");
    h->role = HOST_REFUSED;
    attempt_failed(d, CONNECT_ROLE, "a former primary answers there, which another has replaced");
}

static void lineage_ready(struct watch *w, int events)
{
    struct dial *d = CONTAINER(w, struct dial, watch);

    (void)events;
    if (!PQconsumeInput(d->pg)) {
        attempt_failed(d, CONNECT_PROTOCOL, "the connection was lost");
        return;
    }
    while (!PQisBusy(d->pg)) {
        PGresult *res = PQgetResult(d->pg);

        if (!res) {
            lineage_judge(d, d->answer);
            return;
        }
        PQclear(d->answer);
        d->answer = res;
    }
}

static void lineage_ask(struct dial *d)
{
    if (!PQsendQuery(d->pg, lineage_sql)) {
        attempt_failed(d, CONNECT_PROTOCOL, "the connection was lost");
        return;
    }
    d->watch.ready = lineage_ready;
    loop_watch(d->hosts->loop, &d->watch, LOOP_READ);
}

/* One that takes reads only is kept in mind while there may be a better one. */
static void connected(struct dial *d)
{
    struct host *h = host_of(d);
    enum pg_attrs attrs = d->hosts->target->attrs;
    bool others = d->place + 1 < d->nplaces || d->spare >= 0;
    enum host_role before = h->role;

    if (d->session.pooler == POOLER_NONE && !session_taken(d->pg)) {
        attempt_failed(d, CONNECT_POOLER, "a pooler answers there and ignores the session's settings");
        return;
    }
    d->read_only = dial_read_only(d->pg, attrs);
    h->role = says_on(d->pg, "in_hot_standby") ? HOST_STANDBY : d->read_only ? HOST_READ_ONLY : HOST_PRIMARY;
    if (d->read_only && attrs != PG_ANY && others && !d->settles) {
        d->spare = d->spare < 0 ? d->host : d->spare;
        d->address = d->addresses.n;
        attempt_end(d);
        soon(d);
    } else if (!d->read_only && d->checks_timeline) {
        h->role = before == HOST_REFUSED ? before : h->role;
        lineage_ask(d);
    } else {
        succeed(d);
    }
}

/* ---- one address ---- */

static enum pool_phase phase_of(ConnStatusType status)
{
    switch (status) {
    case CONNECTION_NEEDED:
    case CONNECTION_STARTED:           return POOL_TCP;
    case CONNECTION_MADE:
    case CONNECTION_GSS_STARTUP:
    case CONNECTION_SSL_STARTUP:       return POOL_TLS;
    case CONNECTION_AWAITING_RESPONSE: return POOL_AUTH;
    default:                           return POOL_SETUP;
    }
}

static void advance(struct watch *w, int events)
{
    struct dial *d = CONTAINER(w, struct dial, watch);
    PostgresPollingStatusType want = PQconnectPoll(d->pg);

    (void)events;
    if (d->watch.fd != PQsocket(d->pg)) {       /* libpq connects anew when it falls back from one encryption to another */
        loop_unwatch(&d->watch);
        d->watch.fd = PQsocket(d->pg);
    }
    if (want != PGRES_POLLING_FAILED && phase_of(PQstatus(d->pg)) > d->phase)
        phase_enter(d, phase_of(PQstatus(d->pg)));
    if (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING)
        loop_watch(d->hosts->loop, &d->watch, want == PGRES_POLLING_READING ? LOOP_READ : LOOP_WRITE);
    else if (want == PGRES_POLLING_OK)
        connected(d);
    else
        attempt_failed(d, failure_outcome(PQerrorMessage(d->pg)), failure_cause(PQerrorMessage(d->pg)));
}

static bool is_where(const char *key)
{
    static const char *const keys[] = { "host", "hostaddr", "port", "target_session_attrs", "gssencmode" };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* What the session says, but this one place.  Kerberos would look names up by itself, on the loop. */
static void params_make(struct dial *d, struct arena *a, const char ***keys, const char ***values)
{
    const struct pg_host *h = &d->hosts->target->hosts[d->host];
    const char *const own[][2] = {
        { "host", h->name }, { "hostaddr", d->addresses.address[d->address] }, { "port", h->port },
        { "target_session_attrs", "any" }, { "gssencmode", "disable" },
    };
    size_t n = 0, k = 0;

    session_params(a, d->hosts->target, &d->session, keys, values);
    for (; (*keys)[n]; n++) {
        if (is_where((*keys)[n]))
            continue;
        (*keys)[k] = (*keys)[n];
        (*values)[k++] = (*values)[n];
    }
    n = k;
    *keys = memcpy(arena_array(a, const char *, n + ARRAY_LEN(own) + 1), *keys, n * sizeof **keys);
    *values = memcpy(arena_array(a, const char *, n + ARRAY_LEN(own) + 1), *values, n * sizeof **values);
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        (*keys)[n + i] = own[i][0];
        (*values)[n + i] = own[i][1];
    }
}

static void address_try(struct dial *d)
{
    usec now = loop_now(d->hosts->loop);
    const char **keys, **values;
    struct arena a = ARENA;

    params_make(d, &a, &keys, &values);
    d->pg = PQconnectStartParams(keys, values, 0);
    arena_free(&a);
    if (!d->pg)
        err_die("out of memory: no room for a connection");
    d->phase = POOL_TCP;
    d->phase_at = clock_now();
    if (PQstatus(d->pg) == CONNECTION_BAD) {
        attempt_failed(d, failure_outcome(PQerrorMessage(d->pg)), failure_cause(PQerrorMessage(d->pg)));
        return;
    }
    d->watch = (struct watch){ .fd = PQsocket(d->pg), .ready = advance };
    loop_watch(d->hosts->loop, &d->watch, LOOP_WRITE);
    d->timer.fire = expired;
    loop_timer(d->hosts->loop, &d->timer, now + hosts_share(d->host_until - now, d->host_limit, d->addresses.n - d->address));
}

/* ---- one host ---- */

static void addresses_take(struct dial *d)
{
    static const char *const failures[] = {
        [RESOLVE_NO_SUCH_NAME] = "the host name does not resolve",
        [RESOLVE_FAILED]       = "the host name could not be looked up: no name server had an answer",
    };

    d->addresses = host_of(d)->names.answer;
    d->address = -1;
    if (d->addresses.verdict == RESOLVE_FOUND)
        soon(d);
    else
        attempt_failed(d, CONNECT_DNS, failures[d->addresses.verdict]);
}

static void answered(struct resolve_wait *w)
{
    struct dial *d = CONTAINER(w, struct dial, wait);

    phase_enter(d, POOL_TCP);
    addresses_take(d);
}

/* Half of the host's time is for its name: what is left must do for an address. */
static void name_ask(struct dial *d)
{
    usec now = loop_now(d->hosts->loop);

    d->wait = (struct resolve_wait){ .answered = answered };
    d->timer.fire = expired;
    loop_timer(d->hosts->loop, &d->timer, now + (d->host_until - now) / 2);
    resolve_wait(&host_of(d)->names, &d->wait);
}

static void host_start(struct dial *d)
{
    const struct pg_host *host = &d->hosts->target->hosts[d->host];
    bool socket = !host->address && !resolve_needed(host->name);

    snprintf(d->shown, sizeof d->shown, "%s", host->shown);
    memset(d->took, 0, sizeof d->took);
    d->phase = POOL_DNS;
    d->phase_at = clock_now();
    if (socket || host->address) {
        d->addresses = (struct resolve_answer){ .n = 1 };
        snprintf(d->addresses.address[0], RESOLVE_TEXT, "%s", host->address ? host->address : "");
        d->address = -1;
        soon(d);
    } else if (resolve_fresh(&host_of(d)->names, loop_now(d->hosts->loop))) {
        addresses_take(d);
    } else {
        name_ask(d);
    }
}

/* ---- all of them ---- */

/* Nobody takes writes, but somebody takes reads. */
static void settle(struct dial *d)
{
    d->settles = true;
    d->order[0] = d->spare;
    d->nplaces = 1;
    d->place = -1;
    d->until = loop_now(d->hosts->loop) + d->host_limit;
    soon(d);
}

static void give_up(struct dial *d)
{
    if (d->outcome == CONNECT_OK) {
        d->outcome = CONNECT_TIMEOUT;
        fail(&d->err, E_DATABASE, "%s: there was no time left to connect", d->hosts->target->shown);
    }
    d->done(d);
}

static void go_on(struct timer *t)
{
    struct dial *d = CONTAINER(t, struct dial, timer);
    usec now = loop_now(d->hosts->loop);

    if (++d->address < d->addresses.n && now < d->host_until) {
        address_try(d);
    } else if (++d->place < d->nplaces && now < d->until && d->order[d->place] < d->hosts->target->nhosts) {
        d->host = d->order[d->place];
        d->addresses.n = 0;
        d->host_until = now + hosts_share(d->until - now, d->host_limit, d->nplaces - d->place);
        host_start(d);
    } else if (d->spare >= 0 && !d->settles && !outcomes[d->outcome].ends && d->spare < d->hosts->target->nhosts) {
        settle(d);
    } else {
        give_up(d);
    }
}

void dial_start(struct dial *d)
{
    usec now = loop_now(d->hosts->loop);

    d->pg = NULL;
    d->outcome = CONNECT_OK;
    d->err = (struct err){ 0 };
    d->began_at = now;
    d->until = now + d->limit;
    d->nplaces = hosts_order(d->hosts, d->order);
    d->place = -1;
    d->address = d->addresses.n = 0;
    d->spare = -1;
    d->settles = d->read_only = false;
    snprintf(d->shown, sizeof d->shown, "%s", d->hosts->target->shown);
    soon(d);
}

void dial_stop(struct dial *d)
{
    if (d->pg || d->timer.heap || d->wait.of)
        attempt_end(d);
}

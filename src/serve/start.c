/*
 * Start-up is blocking and in order: database, schema, catalog, then the loop.  Stopping is the reverse and bounded: readiness
 * fails first, then nothing new is accepted, what is under way finishes, sessions are closed properly, the embedded server stops.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/start.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "migrate/apply.h"
#include "serve/check.h"
#include "serve/demo.h"
#include "serve/openapi.h"
#include "serve/routes.h"
#include "serve/serve.h"
#include "serve/system.h"

#define CONNECT_LIMIT  (15 * USEC_S)
#define WATCH_EVERY    (100 * USEC_MS)
#define OUTPUT_MARGIN  ((size_t)1 << 20)

enum restart { RESTART_NONE, RESTART_RUNNING, RESTART_DONE };

struct running {                        /* what only start.c needs to know */
    struct service  service;
    struct pg_target owner;
    const char     *version;
    struct demo    *demo;           /* NULL: not asked for */
    struct timer    drain_limit, watch;
    pthread_t       restarter;      /* while restart is not RESTART_NONE */
    _Atomic int     restart;
    int             signals;
};

/* ---- the process ---- */

/* No core, no ptrace by the same user: the database password is in this memory. */
static void process_harden(void)
{
    struct rlimit none = { 0, 0 };

    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

/* ---- the database ---- */

static bool migrate(struct running *run, struct err *e)
{
    struct service *s = &run->service;

    if (s->embedded || (s->conf.migrate && s->conf.owner_url))
        return apply_pending(&s->arena, &run->owner, s->conf.migrate_dir, e);
    if (s->conf.migrate)
        return fail(e, E_USAGE, "--migrate needs KEELSON_OWNER_URL: the service's own role may not change the schema");
    return apply_none_pending(&s->arena, &s->target, s->conf.migrate_dir, e);
}

static bool database_find(struct running *run, struct err *e)
{
    struct service *s = &run->service;

    s->embedded = s->conf.database_url == NULL;
    if (!s->embedded)
        return pg_url_parse(&s->arena, s->conf.database_url, &s->target, e) &&
               (!s->conf.owner_url || pg_url_parse(&s->arena, s->conf.owner_url, &run->owner, e));
    return cluster_open(&s->arena, s->conf.data_dir, s->conf.pg_bindir, false, &s->cluster, e) &&
           pg_url_parse(&s->arena, s->cluster.service_url, &s->target, e) && pg_url_parse(&s->arena, s->cluster.owner_url, &run->owner, e);
}

/* The organization that everybody on this machine acts for while there are no keys. */
static const struct uuid local_org = { { 0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1 } };

static bool local_org_make(struct running *run, struct err *e)
{
    struct pg_session session = { .role = PG_OWNER, .application_name = "keelson start" };
    struct stmt insert = STMT(NULL, "INSERT INTO keelson.organizations (id, slug, name) VALUES ($1, 'local', 'Local') ON CONFLICT DO NOTHING");
    struct pg_conn *c;
    struct rows r;
    bool ok;

    if (!run->service.embedded)
        return true;
    if (!pg_open(&run->owner, &session, clock_now() + CONNECT_LIMIT, &c, e))
        return false;
    stmt_uuid(&run->service.arena, &insert, &local_org);
    ok = pg_run(c, &insert, &r, e);
    rows_free(&r);
    pg_close(c);
    return ok;
}

static void note_pooler(struct service *s, const struct pg_conn *c)
{
    s->pooler = pg_pooler(c);
    if (s->pooler != POOLER_NONE)
        log_event(LOG_INFO, "pooler-found", "kind=%s sign=%s note=%s", pooler_name(s->pooler), pg_pooler_sign(c), pooler_note(s->pooler));
}

static bool model_read(struct running *run, struct err *e)
{
    struct service *s = &run->service;
    struct pg_session session = { .role = PG_SERVICE, .application_name = "keelson start" };
    struct pg_conn *c;
    bool ok;

    if (!pg_open(&s->target, &session, clock_now() + CONNECT_LIMIT, &c, e))
        return false;
    ok = check_database(c, &s->target, e);
    if (ok)
        note_pooler(s, c);
    ok = ok && migrate(run, e) && catalog_read(c, &s->arena, &s->catalog, e) &&
         model_build(&s->arena, &s->catalog, &s->model, e);
    pg_close(c);
    return ok;
}

/* An embedded server is migrated before its role is checked: a new one has no schema yet. */
static bool database_prepare(struct running *run, struct err *e)
{
    if (!database_find(run, e))
        return false;
    return (!run->service.embedded || migrate(run, e)) && local_org_make(run, e) && model_read(run, e);
}

/* ---- stopping ---- */

static void pool_drained(void *user)
{
    struct running *run = user;

    loop_stop(run->service.loop);
}

static void http_drained(void *user)
{
    struct running *run = user;

    pool_drain(run->service.pool, pool_drained, run);
}

static void drain_expired(struct timer *t)
{
    struct running *run = CONTAINER(t, struct running, drain_limit);

    log_event(LOG_WARN, "drain-expired", "open=%zu", http_counters(run->service.http)->connections);
    loop_stop(run->service.loop);
}

static void stop_asked(void *arg, int signo)
{
    struct running *run = arg;
    struct service *s = &run->service;

    if (run->signals++ > 0) {           /* the second one hastens */
        loop_stop(s->loop);
        return;
    }
    log_event(LOG_INFO, "draining", "signal=%d", signo);
    demo_stop(run->demo);
    s->draining = true;
    health_draining(s->health);
    loop_timer(s->loop, &run->drain_limit, clock_now() + s->conf.drain_timeout);
    http_drain(s->http, http_drained, run);
}

/* ---- the embedded server is watched, and started again off the loop: recovery may take a while ---- */

static void *restart_thread(void *arg)
{
    struct running *run = arg;
    struct err e = { 0 };

    if (cluster_restart(&run->service.cluster, &e))
        log_event(LOG_INFO, "postgres-restarted", "data_dir=%s", run->service.cluster.data_dir);
    else
        log_event(LOG_ERROR, "postgres-restart-failed", "reason=%s", e.message);
    atomic_store(&run->restart, RESTART_DONE);
    return NULL;
}

static void restart_begin(struct running *run)
{
    sigset_t all, old;

    log_event(LOG_ERROR, "postgres-died", "data_dir=%s", run->service.cluster.data_dir);
    atomic_store(&run->restart, RESTART_RUNNING);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&run->restarter, NULL, restart_thread, run) != 0)
        atomic_store(&run->restart, RESTART_NONE);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void restart_end(struct running *run)
{
    pthread_join(run->restarter, NULL);
    atomic_store(&run->restart, RESTART_NONE);
}

static void watch_cluster(struct timer *t)
{
    struct running *run = CONTAINER(t, struct running, watch);

    if (atomic_load(&run->restart) == RESTART_DONE)
        restart_end(run);
    else if (atomic_load(&run->restart) == RESTART_NONE && !cluster_alive(&run->service.cluster))
        restart_begin(run);
    loop_timer(run->service.loop, &run->watch, clock_now() + WATCH_EVERY);
}

/* ---- starting ---- */

static bool pool_start(struct service *s, struct err *e)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const struct conf *c = &s->conf;
    struct pool_config p = {
        .target = &s->target, .credentials = { c->database_url_file, c->database_url_command, c->database_url },
        .pooler = s->pooler, .size = (int)c->pool_size, .overflow = (int)c->pool_overflow, .queue = (int)c->pool_queue,
        .lanes = c->pool_lanes > 0 ? (int)c->pool_lanes : cores > 0 ? (int)cores : 1,
        .timeout = c->pool_timeout, .recycle = c->pool_recycle, .idle = c->pool_idle, .connect_timeout = c->connect_timeout,
        .query_timeout = c->query_timeout, .lock_timeout = c->lock_timeout, .lane_lock_timeout = c->lane_lock_timeout,
        .leak_after = c->pool_leak_after,
        .preping = c->pool_preping, .standing = c->pool_standing, .degrade_after = c->pool_degrade_after,
    };

    if (c->pool_lanes == 0 && p.lanes > (p.size + p.overflow) / 2)
        p.lanes = (p.size + p.overflow) / 2 > 0 ? (p.size + p.overflow) / 2 : 1;
    return pool_open(s->loop, &p, &s->pool, e);
}

static bool loopback(const char *listen)
{
    return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "localhost:", 10) == 0 || strncmp(listen, "[::1]:", 6) == 0 ||
           strncmp(listen, "unix:", 5) == 0;
}

bool start_local(const struct conf *conf)
{
    return conf->database_url == NULL && loopback(conf->listen);
}

static void access_start(struct service *s)
{
    s->keyring = keyring_open(s->conf.rate_key);
    s->key_use = key_use_open(s->pool);
    s->housekeeping = housekeeping_open(s->loop, s->pool, s->conf.streaming_timeout);
    s->local = start_local(&s->conf);
    s->local_who = (struct principal){ .org = local_org, .scopes = "*" };
}

static void metrics_start(struct service *s)
{
    const char **patterns = arena_array(&s->arena, const char *, nroutes), **methods = arena_array(&s->arena, const char *, nroutes);

    for (size_t i = 0; i < nroutes; i++) {
        char names[64];

        route_methods(routes[i].at.methods, names, sizeof names);
        patterns[i] = routes[i].at.pattern;
        methods[i] = routes[i].at.methods & HTTP_GET ? "GET" : arena_strdup(&s->arena, span_of(names));     /* HEAD counts as GET */
    }
    s->metrics = metrics_open(patterns, methods, nroutes);
}

static void metrics_say(void *user, struct buf *out)
{
    system_metrics(user, out);
}

/* What is alerted about is what the metrics say, so these are there before. */
static void health_start(struct running *run)
{
    struct service *s = &run->service;
    struct health_config c = { .version = run->version, .every = s->conf.health_every, .quota = s->conf.storage_quota };

    s->health = health_open(s->loop, s->pool, &c);
    s->alerts = alerts_open((int)s->conf.alerts_scale);
}

static bool http_start(struct service *s, struct err *e)
{
    const struct conf *c = &s->conf;
    struct http_config h = {
        .listen = c->listen, .connections = (size_t)c->http_connections, .header_timeout = c->http_header_timeout,
        .body_timeout = c->http_body_timeout, .idle_timeout = c->http_idle_timeout, .write_timeout = c->http_write_timeout,
        .output_max = (size_t)c->limit_file + OUTPUT_MARGIN, .user = s,
        .on_head = serve_head, .on_request = serve_request, .on_gone = serve_gone,
    };

    return http_open(s->loop, &h, &s->http, e);
}

static bool loop_start(struct running *run, struct err *e)
{
    struct service *s = &run->service;

    if (!loop_open(&s->loop, e) || !loop_signal(s->loop, SIGTERM, stop_asked, run, e) || !loop_signal(s->loop, SIGINT, stop_asked, run, e) ||
        !pool_start(s, e))
        return false;
    access_start(s);
    metrics_start(s);
    s->openapi = openapi_make(&s->arena, s->model, !s->local, run->version);
    health_start(run);
    run->drain_limit.fire = drain_expired;
    run->watch.fire = watch_cluster;
    if (s->embedded)
        loop_timer(s->loop, &run->watch, clock_now() + WATCH_EVERY);
    if (!http_start(s, e))
        return false;
    alerts_run(s->alerts, s->loop, metrics_say, s);
    return true;
}

static void announce(const struct running *run, usec began)
{
    const struct service *s = &run->service;

    log_event(LOG_INFO, "listening", "addr=%s database=%s version=%s ready_ms=%lld", http_address(s->http),
              s->embedded ? "embedded" : s->target.shown, run->version, (long long)((clock_now() - began) / USEC_MS));
    if (!s->target.verified)
        log_event(LOG_WARN, "server-not-verified", "database=%s note=%s", s->target.shown,
                  "this sslmode does not check who answers; sslmode=verify-full with sslrootcert does");
    if (s->local)
        log_event(LOG_INFO, "no-keys", "note=%s", "everybody on this machine acts for the local organization; other addresses or a DATABASE_URL require API keys");
}

static void stop(struct running *run)
{
    struct service *s = &run->service;

    demo_close(run->demo);
    if (atomic_load(&run->restart) != RESTART_NONE)
        restart_end(run);               /* it still uses the cluster */
    if (s->http)
        http_close(s->http);
    pool_close(s->pool);                /* what is under way is told, so whom it tells must still be there */
    alerts_close(s->alerts);
    if (s->health)
        health_close(s->health);
    if (s->metrics)
        metrics_close(s->metrics);
    key_use_close(s->key_use);
    housekeeping_close(s->housekeeping);
    if (s->keyring)
        keyring_close(s->keyring);
    if (s->loop)
        loop_close(s->loop);
    cluster_close(&s->cluster);
    arena_free(&s->arena);
}

/* Without it the service is as useful as ever. */
static void demo_begin(struct running *run)
{
    struct err e = { 0 };

    if (!demo_open(run->service.loop, &run->service.conf, http_address(run->service.http), &run->demo, &e))
        log_event(LOG_ERROR, "demo-failed", "reason=%s", e.message);
}

bool start_serve(const struct conf *conf, const char *version, bool demo, struct err *e)
{
    struct running *run = calloc(1, sizeof *run);
    usec began = clock_now();
    bool ok;

    if (!run)
        err_die("out of memory: no room for a service");
    run->service.conf = *conf;
    run->version = version;
    process_harden();
    ok = (!demo || demo_allowed(conf, start_local(conf), e)) && database_prepare(run, e) && loop_start(run, e);
    if (ok) {
        announce(run, began);
        if (demo)
            demo_begin(run);
        loop_run(run->service.loop);
        log_event(LOG_INFO, "stopped", "signals=%d", run->signals);
    }
    stop(run);
    free(run);
    return ok;
}

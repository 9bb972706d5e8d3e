/*
 * Plain arrays indexed by route; text is made only when asked for.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/histogram.h"
#include "base/log.h"

#define CODES   8

struct code_count {
    int      code;                      /* 0: free */
    uint64_t n;
};

struct route_metrics {
    struct histogram  request, query;
    struct code_count codes[CODES];     /* a route answers with a handful of codes; the last collects the rest as 0 */
    bool              writes;
};

struct state_count {
    char     sqlstate[6];
    uint64_t n;
};

#define STATES 32

struct metrics {
    const char *const    *patterns, *const *methods;
    size_t                n;
    struct route_metrics *routes;       /* n + 1: the last is "no route matched" */
    struct state_count    states[STATES];
    struct histogram      retry_after;
};

struct metrics *metrics_open(const char *const *patterns, const char *const *methods, size_t n)
{
    struct metrics *m = calloc(1, sizeof *m);

    if (!m || !(m->routes = calloc(n + 1, sizeof *m->routes)))
        err_die("out of memory: no room for metrics");
    m->patterns = patterns;
    m->methods = methods;
    m->n = n;
    return m;
}

void metrics_close(struct metrics *m)
{
    free(m->routes);
    free(m);
}

static struct route_metrics *route_of(struct metrics *m, int route)
{
    return &m->routes[route < 0 ? m->n : (size_t)route];
}

void metrics_request(struct metrics *m, int route, int status, usec took)
{
    struct route_metrics *r = route_of(m, route);
    size_t i = 0;

    while (i < CODES - 1 && r->codes[i].code != 0 && r->codes[i].code != status)
        i++;
    if (i < CODES - 1)
        r->codes[i].code = status;
    r->codes[i].n++;
    histogram_add(&r->request, took);
}

static void count_state(struct metrics *m, const char *sqlstate)
{
    size_t i = 0;

    while (i < STATES - 1 && m->states[i].n > 0 && strcmp(m->states[i].sqlstate, sqlstate) != 0)
        i++;
    snprintf(m->states[i].sqlstate, sizeof m->states[i].sqlstate, "%s", i < STATES - 1 ? sqlstate : "other");
    m->states[i].n++;
}

void metrics_query(struct metrics *m, int route, bool writes, usec took, const struct err *e)
{
    struct route_metrics *r = route_of(m, route);

    r->writes = writes;
    histogram_add(&r->query, took);
    if (e->sqlstate[0])
        count_state(m, e->sqlstate);
}

void metrics_retry_after(struct metrics *m, int64_t ms)
{
    histogram_add(&m->retry_after, ms * USEC_MS);
}

/* ---- text ---- */

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void histogram_write(struct buf *b, const char *name, const char *labels, const struct histogram *h)
{
    uint64_t n = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        n += h->bucket[i];
        buf_printf(b, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, *labels ? "," : "", (double)histogram_bounds[i] / 1e6, (unsigned long long)n);
    }
    n += h->bucket[HISTOGRAM_BUCKETS];
    buf_printf(b, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, *labels ? "," : "", (unsigned long long)n);
    buf_printf(b, "%s_sum%s%s%s %.6f\n", name, *labels ? "{" : "", labels, *labels ? "}" : "", (double)h->sum / 1e6);
    buf_printf(b, "%s_count%s%s%s %llu\n", name, *labels ? "{" : "", labels, *labels ? "}" : "", (unsigned long long)n);
}

static void route_labels(const struct metrics *m, size_t i, char *out, size_t n)
{
    if (i < m->n)
        snprintf(out, n, "route=\"%s\",method=\"%s\"", m->patterns[i], m->methods[i]);
    else
        snprintf(out, n, "route=\"none\",method=\"any\"");
}

static void requests_write(const struct metrics *m, struct buf *b)
{
    char labels[160];

    head(b, "keelson_http_requests_total", "counter", "Requests answered.");
    for (size_t i = 0; i <= m->n; i++) {
        route_labels(m, i, labels, sizeof labels);
        if (m->routes[i].codes[0].n == 0)
            buf_printf(b, "keelson_http_requests_total{%s,code=\"200\"} 0\n", labels);
        for (size_t k = 0; k < CODES && m->routes[i].codes[k].n > 0; k++)
            buf_printf(b, "keelson_http_requests_total{%s,code=\"%d\"} %llu\n", labels, m->routes[i].codes[k].code,
                       (unsigned long long)m->routes[i].codes[k].n);
    }
    head(b, "keelson_http_request_seconds", "histogram", "From the whole request to its answer.");
    for (size_t i = 0; i <= m->n; i++) {
        route_labels(m, i, labels, sizeof labels);
        histogram_write(b, "keelson_http_request_seconds", labels, &m->routes[i].request);
    }
}

static void queries_write(const struct metrics *m, struct buf *b)
{
    char labels[160];

    head(b, "keelson_db_query_seconds", "histogram", "From handing work to the pool to its result.");
    for (size_t i = 0; i < m->n; i++) {
        snprintf(labels, sizeof labels, "route=\"%s\",kind=\"%s\"", m->patterns[i], m->routes[i].writes ? "write" : "read");
        if (strcmp(m->methods[i], "GET") == 0 || m->routes[i].writes)
            histogram_write(b, "keelson_db_query_seconds", labels, &m->routes[i].query);
    }
    head(b, "keelson_db_errors_total", "counter", "Errors the server reported, by SQLSTATE.");
    buf_printf(b, "keelson_db_errors_total{sqlstate=\"none\"} 0\n");
    for (size_t i = 0; i < STATES && m->states[i].n > 0; i++)
        buf_printf(b, "keelson_db_errors_total{sqlstate=\"%s\"} %llu\n", m->states[i].sqlstate, (unsigned long long)m->states[i].n);
    head(b, "keelson_retry_after_seconds", "histogram", "Values of Retry-After that were sent.");
    histogram_write(b, "keelson_retry_after_seconds", "", &m->retry_after);
}

struct number { const char *name, *labels; double value; };

/* Neighbours of one name share one head. */
static void numbers_write(struct buf *b, const char *type, const char *help, const struct number *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(list[i - 1].name, list[i].name) != 0)
            head(b, list[i].name, type, help);
        buf_printf(b, "%s%s %.17g\n", list[i].name, list[i].labels, list[i].value);
    }
}

#define NUMBERS(b, type, help, ...) \
    numbers_write(b, type, help, (const struct number[]){ __VA_ARGS__ }, ARRAY_LEN(((const struct number[]){ __VA_ARGS__ })))

static const char *const classes[POOL_CLASSES] = { [POOL_LANE] = "lane", [POOL_EXCLUSIVE] = "exclusive", [POOL_CONTROL] = "control" };

static void pool_connections_write(const struct pool_counters *p, struct buf *b)
{
    NUMBERS(b, "gauge", "Connections by state; they sum to what counts in the cap.",
            { "keelson_pool_connections", "{pool=\"primary\",state=\"idle\"}", p->idle },
            { "keelson_pool_connections", "{pool=\"primary\",state=\"in_use\"}", p->in_use },
            { "keelson_pool_connections", "{pool=\"primary\",state=\"connecting\"}", p->connecting },
            { "keelson_pool_connections", "{pool=\"primary\",state=\"closing\"}", p->closing });
    NUMBERS(b, "gauge", "Most connections the pool may open.", { "keelson_pool_connections_max", "{pool=\"primary\"}", p->max });
    NUMBERS(b, "gauge", "Most connections the pool opens now: fewer while the server refuses more.", { "keelson_pool_effective_max", "{pool=\"primary\"}", p->effective_max });
    NUMBERS(b, "counter", "Times the server saw more connections of ours than the pool may open.",
            { "keelson_pool_cap_violations_total", "{pool=\"primary\"}", (double)p->cap_violations });
    NUMBERS(b, "gauge", "Grows whenever all connections are given up at once.", { "keelson_pool_epoch", "{pool=\"primary\"}", (double)p->epoch });
}

static void pool_use_write(const struct pool_counters *p, struct buf *b)
{
    NUMBERS(b, "gauge", "Requests waiting for a connection.",
            { "keelson_pool_waiters", "{pool=\"primary\",class=\"lane\"}", p->waiting_lane },
            { "keelson_pool_waiters", "{pool=\"primary\",class=\"exclusive\"}", p->waiting_exclusive });
    NUMBERS(b, "gauge", "How long the oldest has waited.", { "keelson_pool_oldest_waiter_seconds", "{pool=\"primary\"}", (double)p->oldest_waiter / 1e6 });
    NUMBERS(b, "counter", "Connection-seconds in use.",
            { "keelson_pool_busy_seconds_total", "{pool=\"primary\",class=\"lane\"}", (double)p->busy[POOL_LANE] / 1e6 },
            { "keelson_pool_busy_seconds_total", "{pool=\"primary\",class=\"exclusive\"}", (double)p->busy[POOL_EXCLUSIVE] / 1e6 },
            { "keelson_pool_busy_seconds_total", "{pool=\"primary\",class=\"control\"}", (double)p->busy[POOL_CONTROL] / 1e6 });
    NUMBERS(b, "gauge", "What the busy seconds are to be divided by.",
            { "keelson_pool_capacity", "{pool=\"primary\",class=\"lane\"}", p->lanes },
            { "keelson_pool_capacity", "{pool=\"primary\",class=\"exclusive\"}", p->max - p->lanes - p->control },
            { "keelson_pool_capacity", "{pool=\"primary\",class=\"control\"}", p->control });
    NUMBERS(b, "counter", "How work came to its connection, or did not.",
            { "keelson_pool_acquires_total", "{pool=\"primary\",outcome=\"immediate\"}", (double)p->acquires_immediate },
            { "keelson_pool_acquires_total", "{pool=\"primary\",outcome=\"waited\"}", (double)p->acquires_waited },
            { "keelson_pool_acquires_total", "{pool=\"primary\",outcome=\"timeout\"}", (double)p->acquires_timeout },
            { "keelson_pool_acquires_total", "{pool=\"primary\",outcome=\"rejected_queue_full\"}", (double)p->acquires_full },
            { "keelson_pool_acquires_total", "{pool=\"primary\",outcome=\"rejected_deadline\"}", (double)p->acquires_deadline },
            { "keelson_pool_acquires_total", "{pool=\"primary\",outcome=\"client_gone\"}", (double)p->acquires_gone },
            { "keelson_pool_acquires_total", "{pool=\"primary\",outcome=\"db_down\"}", (double)p->acquires_down });
}

static void pool_histograms_write(const struct pool_counters *p, struct buf *b)
{
    char labels[64];

    head(b, "keelson_pool_acquire_seconds", "histogram", "From handing work to the pool to its connection.");
    for (int c = 0; c < POOL_CLASSES; c++) {
        snprintf(labels, sizeof labels, "pool=\"primary\",class=\"%s\"", classes[c]);
        histogram_write(b, "keelson_pool_acquire_seconds", labels, &p->acquire[c]);
    }
    head(b, "keelson_pool_hold_seconds", "histogram", "How long work had its connection.");
    for (int c = 0; c < POOL_CLASSES; c++) {
        snprintf(labels, sizeof labels, "pool=\"primary\",class=\"%s\"", classes[c]);
        histogram_write(b, "keelson_pool_hold_seconds", labels, &p->hold[c]);
    }
}

static void pool_connect_write(const struct pool_counters *p, struct buf *b)
{
    static const char *const phases[POOL_PHASES] = {
        [POOL_DNS] = "dns", [POOL_TCP] = "tcp", [POOL_TLS] = "tls", [POOL_AUTH] = "auth", [POOL_SETUP] = "setup",
    };
    char labels[64];

    head(b, "keelson_pool_connect_seconds", "histogram", "The parts of connecting, of connections that came about.");
    for (int i = 0; i < POOL_PHASES; i++) {
        snprintf(labels, sizeof labels, "pool=\"primary\",phase=\"%s\"", phases[i]);
        histogram_write(b, "keelson_pool_connect_seconds", labels, &p->connect[i]);
    }
}

static void hosts_write(const struct pool_counters *p, struct buf *b)
{
    static const char *const roles[HOST_ROLES] = {
        [HOST_UNKNOWN] = "unknown", [HOST_PRIMARY] = "primary", [HOST_READ_ONLY] = "read_only", [HOST_STANDBY] = "standby", [HOST_REFUSED] = "refused",
    };

    head(b, "keelson_db_role", "gauge", "What each host of the URL was when it was last looked at.");
    for (int i = 0; i < p->nhosts; i++)
        for (int r = 0; r < HOST_ROLES; r++)
            buf_printf(b, "keelson_db_role{host=\"%s\",role=\"%s\"} %d\n", p->hosts[i].shown, roles[r], p->hosts[i].role == (enum host_role)r);
    head(b, "keelson_db_timeline", "gauge", "The timeline each was on while it took writes; 0: not known.");
    for (int i = 0; i < p->nhosts; i++)
        buf_printf(b, "keelson_db_timeline{host=\"%s\"} %d\n", p->hosts[i].shown, p->hosts[i].timeline);
    NUMBERS(b, "counter", "Times another server took over the writes.", { "keelson_db_failovers_total", "", (double)p->failovers });
    NUMBERS(b, "gauge", "1 while no host takes writes and one takes reads.", { "keelson_db_read_only", "", p->read_only });
}

static void counts_write(struct buf *b, const char *name, const char *label, const char *help, const char *const *values, const uint64_t *counts, int n)
{
    head(b, name, "counter", help);
    for (int i = 0; i < n; i++)
        buf_printf(b, "%s{pool=\"primary\",%s=\"%s\"} %llu\n", name, label, values[i], (unsigned long long)counts[i]);
}

static void pool_connects_write(const struct pool_counters *p, struct buf *b)
{
    static const char *const outcomes[CONNECT_OUTCOMES] = {
        [CONNECT_OK] = "ok", [CONNECT_REFUSED] = "refused", [CONNECT_TIMEOUT] = "timeout", [CONNECT_AUTH] = "auth", [CONNECT_TOO_MANY] = "too_many",
        [CONNECT_ROLE] = "role", [CONNECT_TLS] = "tls", [CONNECT_DNS] = "dns", [CONNECT_STARTING] = "starting", [CONNECT_PROTOCOL] = "protocol",
    };
    static const char *const reasons[CLOSE_REASONS] = {
        [CLOSE_OVERFLOW] = "overflow", [CLOSE_RECYCLE] = "recycle", [CLOSE_LOST] = "lost", [CLOSE_TIMEOUT] = "timeout", [CLOSE_STALE] = "stale",
        [CLOSE_CANCELLED] = "cancelled", [CLOSE_EPOCH] = "epoch", [CLOSE_ROLE] = "role_changed", [CLOSE_DRAIN] = "drain",
    };

    counts_write(b, "keelson_pool_connects_total", "outcome", "Attempts to connect.", outcomes, p->connects, CONNECT_OUTCOMES);
    counts_write(b, "keelson_pool_closes_total", "reason", "Connections closed.", reasons, p->closes, CLOSE_REASONS);
}

static void retries_write(const struct pool_counters *p, struct buf *b)
{
    head(b, "keelson_db_retries_total", "counter", "Work done again after a lost connection (none) or what that SQLSTATE means, by how it ended.");
    for (int i = 0; i < POOL_RETRY_STATES; i++) {
        buf_printf(b, "keelson_db_retries_total{sqlstate=\"%s\",outcome=\"succeeded\"} %llu\n", pool_retry_states[i], (unsigned long long)p->retries[i]);
        buf_printf(b, "keelson_db_retries_total{sqlstate=\"%s\",outcome=\"failed\"} %llu\n", pool_retry_states[i], (unsigned long long)p->retries_failed[i]);
    }
}

static void pool_write(const struct pool_counters *p, struct buf *b)
{
    pool_connections_write(p, b);
    pool_use_write(p, b);
    pool_histograms_write(p, b);
    pool_connect_write(p, b);
    pool_connects_write(p, b);
    hosts_write(p, b);
    NUMBERS(b, "counter", "Groups sent on lanes.", { "keelson_pool_groups_total", "", (double)p->groups });
    NUMBERS(b, "counter", "Requests in these groups.", { "keelson_pool_grouped_requests_total", "", (double)p->grouped_tasks });
    NUMBERS(b, "counter", "Groups halved to find what failed.", { "keelson_pool_bisections_total", "", (double)p->bisections });
    retries_write(p, b);
    NUMBERS(b, "counter", "Cancel requests sent.", { "keelson_cancels_total", "{outcome=\"sent\"}", (double)p->cancels });
    NUMBERS(b, "counter", "Writes whose answer was lost, by what became of them.",
            { "keelson_commit_unknown_total", "{resolution=\"committed\"}", (double)p->outcomes_committed },
            { "keelson_commit_unknown_total", "{resolution=\"aborted\"}", (double)p->outcomes_aborted },
            { "keelson_commit_unknown_total", "{resolution=\"unresolved\"}", (double)p->outcomes_unresolved });
}

static void http_write(const struct http_counters *h, struct buf *b)
{
    NUMBERS(b, "gauge", "Requests being answered.", { "keelson_http_inflight", "", (double)h->inflight });
    NUMBERS(b, "gauge", "Client connections.", { "keelson_http_connections", "", (double)h->connections });
    NUMBERS(b, "counter", "Requests turned away at the edge.",
            { "keelson_http_rejects_total", "{reason=\"headers_timeout\"}", (double)h->rejects_headers_timeout },
            { "keelson_http_rejects_total", "{reason=\"body_timeout\"}", (double)h->rejects_body_timeout },
            { "keelson_http_rejects_total", "{reason=\"too_large\"}", (double)h->rejects_too_large },
            { "keelson_http_rejects_total", "{reason=\"malformed\"}", (double)h->rejects_malformed },
            { "keelson_http_rejects_total", "{reason=\"overload\"}", (double)h->rejects_overload },
            { "keelson_http_rejects_total", "{reason=\"draining\"}", (double)h->rejects_draining });
    NUMBERS(b, "counter", "Bytes received.", { "keelson_http_received_bytes_total", "", (double)h->bytes_in });
    NUMBERS(b, "counter", "Bytes sent.", { "keelson_http_sent_bytes_total", "", (double)h->bytes_out });
}

static double resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long long total, resident = 0;

    if (f) {
        if (fscanf(f, "%llu %llu", &total, &resident) != 2)
            resident = 0;
        fclose(f);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void process_write(const struct metrics_view *v, struct buf *b)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    head(b, "keelson_build_info", "gauge", "What runs.");
    buf_printf(b, "keelson_build_info{version=\"%s\",pg_server_version=\"%d\"} 1\n", v->version, v->server_version);
    NUMBERS(b, "counter", "CPU time of the process.", { "process_cpu_seconds_total", "",
            (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6 });
    NUMBERS(b, "gauge", "Resident memory.", { "process_resident_memory_bytes", "", resident_bytes() });
    NUMBERS(b, "gauge", "Longest turn of the event loop since the last scrape.", { "keelson_eventloop_lag_seconds", "", (double)v->loop_lag / 1e6 });
    NUMBERS(b, "counter", "Log lines that could not be written.", { "keelson_log_dropped_total", "", (double)log_dropped() });
}

#define CHECKS 8

static void health_write(const struct health *h, struct buf *b)
{
    struct health_check checks[CHECKS];
    int n = health_checks(h, checks, CHECKS);

    head(b, "keelson_health_status", "gauge", "0 fail, 0.5 warn, 1 pass.");
    for (int i = 0; i < n; i++)
        buf_printf(b, "keelson_health_status{check=\"%s\"} %g\n", checks[i].name, (double)checks[i].status / 2);
    head(b, "keelson_health_probe_age_seconds", "gauge", "How long ago that was seen.");
    for (int i = 0; i < n; i++)
        buf_printf(b, "keelson_health_probe_age_seconds{check=\"%s\"} %.3f\n", checks[i].name, (double)checks[i].age / 1e6);
}

void metrics_render(const struct metrics *m, const struct metrics_view *v, struct buf *out)
{
    process_write(v, out);
    pool_write(&v->pool, out);
    http_write(v->http, out);
    health_write(v->health, out);
    requests_write(m, out);
    queries_write(m, out);
}

/*
 * Plain arrays indexed by route; text is made only when asked for.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/histogram.h"
#include "base/log.h"
#include "ops/exposition.h"
#include "ops/metrics_health.h"
#include "ops/metrics_pool.h"
#include "ops/retries.h"

#define CODES   8

struct code_count {
    int      code;                      /* 0: free */
    uint64_t n;
};

struct route_metrics {
    struct histogram  request, query, hold;
    struct code_count codes[CODES];     /* a route answers with a handful of codes; the last collects the rest as 0 */
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
    struct retries        retries;
    usec                  started;      /* wall clock */
};

struct metrics *metrics_open(const char *const *patterns, const char *const *methods, size_t n)
{
    struct metrics *m = calloc(1, sizeof *m);

    if (!m || !(m->routes = calloc(n + 1, sizeof *m->routes)))
        err_die("out of memory: no room for metrics");
    m->patterns = patterns;
    m->methods = methods;
    m->n = n;
    m->started = clock_wall();
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

void metrics_query(struct metrics *m, int route, usec took, usec held, const struct err *e)
{
    struct route_metrics *r = route_of(m, route);

    histogram_add(&r->query, took);
    if (held > 0)
        histogram_add(&r->hold, held);
    if (e->sqlstate[0])
        count_state(m, e->sqlstate);
}

void metrics_retry_after(struct metrics *m, uint64_t who, int64_t ms)
{
    if (ms > 0)
        histogram_add(&m->retry_after, ms * USEC_MS);
    retries_answered(&m->retries, who, clock_now(), ms > 0, ms * USEC_MS);
}

bool metrics_retries_live(const struct metrics *m)
{
    return retries_live(&m->retries, clock_now());
}

/* ---- text ---- */

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

    exposition_head(b, "keelson_http_requests_total", "counter", "Requests answered.");
    for (size_t i = 0; i <= m->n; i++) {
        route_labels(m, i, labels, sizeof labels);
        if (m->routes[i].codes[0].n == 0)
            buf_printf(b, "keelson_http_requests_total{%s,code=\"200\"} 0\n", labels);
        for (size_t k = 0; k < CODES && m->routes[i].codes[k].n > 0; k++)
            buf_printf(b, "keelson_http_requests_total{%s,code=\"%d\"} %llu\n", labels, m->routes[i].codes[k].code,
                       (unsigned long long)m->routes[i].codes[k].n);
    }
    exposition_head(b, "keelson_http_request_seconds", "histogram", "From the whole request to its answer.");
    for (size_t i = 0; i <= m->n; i++) {
        route_labels(m, i, labels, sizeof labels);
        exposition_histogram(b, "keelson_http_request_seconds", labels, &m->routes[i].request);
    }
}

/* ---- what the database did, by pattern: several rows of the table may share one ---- */

static bool reads(const struct metrics *m, size_t i)
{
    return strcmp(m->methods[i], "GET") == 0;
}

/* Of rows with one pattern (and, where it matters, one kind) the first speaks for all; pages ask no database. */
static bool speaks(const struct metrics *m, size_t i, bool by_kind)
{
    if (strncmp(m->patterns[i], "/v1/", 4) != 0)
        return false;
    for (size_t k = 0; k < i; k++)
        if (strcmp(m->patterns[k], m->patterns[i]) == 0 && (!by_kind || reads(m, k) == reads(m, i)))
            return false;
    return true;
}

enum of_route { OF_QUERY, OF_READS, OF_HOLD };

static struct histogram gather(const struct metrics *m, size_t i, enum of_route what)
{
    struct histogram all = { 0 };

    for (size_t k = i; k < m->n; k++)
        if (strcmp(m->patterns[k], m->patterns[i]) == 0 && (what != OF_READS || reads(m, k) == reads(m, i)))
            histogram_merge(&all, what == OF_HOLD ? &m->routes[k].hold : &m->routes[k].query);
    return all;
}

static void queries_write(const struct metrics *m, struct buf *b)
{
    char labels[160];

    exposition_head(b, "keelson_db_query_seconds", "histogram", "From handing work to the pool to its result.");
    for (size_t i = 0; i < m->n; i++) {
        struct histogram h = gather(m, i, OF_READS);

        if (!speaks(m, i, true))
            continue;
        snprintf(labels, sizeof labels, "route=\"%s\",kind=\"%s\"", m->patterns[i], reads(m, i) ? "read" : "write");
        exposition_histogram(b, "keelson_db_query_seconds", labels, &h);
    }
    exposition_head(b, "keelson_pool_hold_seconds", "histogram", "How long work had its connection.");
    for (size_t i = 0; i < m->n; i++) {
        struct histogram h = gather(m, i, OF_HOLD);

        if (!speaks(m, i, false))
            continue;
        snprintf(labels, sizeof labels, "pool=\"primary\",route=\"%s\"", m->patterns[i]);
        exposition_histogram(b, "keelson_pool_hold_seconds", labels, &h);
    }
    exposition_head(b, "keelson_slow_queries_total", "counter", "Those that took more than a second.");
    for (size_t i = 0; i < m->n; i++) {
        struct histogram h = gather(m, i, OF_QUERY);

        if (speaks(m, i, false))
            buf_printf(b, "keelson_slow_queries_total{route=\"%s\"} %llu\n", m->patterns[i], (unsigned long long)histogram_over(&h, USEC_S));
    }
}

static const char *const grades[] = { [RETRIES_SERVED] = "served", [RETRIES_REFUSED_AGAIN] = "refused_again", [RETRIES_EARLY] = "early" };

static void errors_write(const struct metrics *m, struct buf *b)
{
    exposition_head(b, "keelson_db_errors_total", "counter", "Errors the server reported, by SQLSTATE and its class.");
    buf_printf(b, "keelson_db_errors_total{sqlstate_class=\"none\",sqlstate=\"none\"} 0\n");
    for (size_t i = 0; i < STATES && m->states[i].n > 0; i++)
        buf_printf(b, "keelson_db_errors_total{sqlstate_class=\"%.2s\",sqlstate=\"%s\"} %llu\n", m->states[i].sqlstate, m->states[i].sqlstate,
                   (unsigned long long)m->states[i].n);
    exposition_head(b, "keelson_retry_after_seconds", "histogram", "Values of Retry-After that were sent.");
    exposition_histogram(b, "keelson_retry_after_seconds", "", &m->retry_after);
    exposition_head(b, "keelson_retry_after_graded_total", "counter", "Clients that came again after a Retry-After: served, refused again, or too early to tell.");
    for (int i = 0; i < RETRIES_GRADES; i++)
        buf_printf(b, "keelson_retry_after_graded_total{outcome=\"%s\"} %llu\n", grades[i], (unsigned long long)m->retries.graded[i]);
}

static void http_write(const struct http_counters *h, struct buf *b)
{
    EXPOSITION_NUMBERS(b, "gauge", "Requests being answered.", { "keelson_http_inflight", "", (double)h->inflight });
    EXPOSITION_NUMBERS(b, "gauge", "Client connections.", { "keelson_http_connections", "", (double)h->connections });
    EXPOSITION_NUMBERS(b, "counter", "Requests turned away at the edge.",
            { "keelson_http_rejects_total", "{reason=\"headers_timeout\"}", (double)h->rejects_headers_timeout },
            { "keelson_http_rejects_total", "{reason=\"body_timeout\"}", (double)h->rejects_body_timeout },
            { "keelson_http_rejects_total", "{reason=\"too_large\"}", (double)h->rejects_too_large },
            { "keelson_http_rejects_total", "{reason=\"malformed\"}", (double)h->rejects_malformed },
            { "keelson_http_rejects_total", "{reason=\"overload\"}", (double)h->rejects_overload },
            { "keelson_http_rejects_total", "{reason=\"draining\"}", (double)h->rejects_draining });
    EXPOSITION_NUMBERS(b, "counter", "Bytes received.", { "keelson_http_received_bytes_total", "", (double)h->bytes_in });
    EXPOSITION_NUMBERS(b, "counter", "Bytes sent.", { "keelson_http_sent_bytes_total", "", (double)h->bytes_out });
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

/* One of them is the directory that is read. */
static double open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n > 3 ? n - 3 : 0;           /* . and .. are entries too */
}

static double most_descriptors(void)
{
    struct rlimit most;

    return getrlimit(RLIMIT_NOFILE, &most) == 0 ? (double)most.rlim_cur : 0;
}

static void process_write(const struct metrics *m, const struct metrics_view *v, struct buf *b)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    exposition_head(b, "keelson_build_info", "gauge", "What runs.");
    buf_printf(b, "keelson_build_info{version=\"%s\",libpq=\"%d\",pg_server_version=\"%d\"} 1\n", v->version, v->pool.libpq, v->server_version);
    EXPOSITION_NUMBERS(b, "gauge", "When the process began.", { "process_start_time_seconds", "", (double)m->started / 1e6 });
    EXPOSITION_NUMBERS(b, "counter", "CPU time of the process.", { "process_cpu_seconds_total", "",
        (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6 });
    EXPOSITION_NUMBERS(b, "gauge", "Resident memory.", { "process_resident_memory_bytes", "", resident_bytes() });
    EXPOSITION_NUMBERS(b, "gauge", "Open descriptors.", { "process_open_fds", "", open_descriptors() });
    EXPOSITION_NUMBERS(b, "gauge", "Most it may open.", { "process_max_fds", "", most_descriptors() });
    exposition_head(b, "keelson_eventloop_lag_seconds", "histogram", "How long turns of the event loop took: how late others were served.");
    exposition_histogram(b, "keelson_eventloop_lag_seconds", "", v->loop_lag);
    EXPOSITION_NUMBERS(b, "gauge", "When the event loop last turned.",
        { "keelson_eventloop_heartbeat_timestamp_seconds", "", (double)(clock_wall() - (clock_now() - v->loop_now)) / 1e6 });
    EXPOSITION_NUMBERS(b, "counter", "Log lines that could not be written.", { "keelson_log_dropped_total", "", (double)log_dropped() });
}

void metrics_render(const struct metrics *m, const struct metrics_view *v, struct buf *out)
{
    process_write(m, v, out);
    metrics_pool_write(&v->pool, out);
    http_write(v->http, out);
    metrics_health_write(v->health, out);
    alerts_write(v->alerts, out);
    requests_write(m, out);
    queries_write(m, out);
    errors_write(m, out);
}

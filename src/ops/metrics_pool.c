/*
 * What the pool counts.  One pool, so one value of the label: dashboards for several nodes and pools look the same.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/metrics_pool.h"

#include <stdio.h>

#include "ops/exposition.h"

#define POOL_IS     "pool=\"primary\""
#define POOL        "{" POOL_IS "}"
#define WITH(pairs) "{" POOL_IS "," pairs "}"

static const char *const classes[POOL_CLASSES] = { [POOL_LANE] = "lane", [POOL_EXCLUSIVE] = "exclusive", [POOL_CONTROL] = "control" };

static void connections_write(const struct pool_counters *p, struct buf *b)
{
    EXPOSITION_NUMBERS(b, "gauge", "Connections by state; they sum to what counts in the cap.",
        { "keelson_pool_connections", WITH("state=\"idle\""), p->idle },
        { "keelson_pool_connections", WITH("state=\"in_use\""), p->in_use },
        { "keelson_pool_connections", WITH("state=\"connecting\""), p->connecting },
        { "keelson_pool_connections", WITH("state=\"closing\""), p->closing });
    EXPOSITION_NUMBERS(b, "gauge", "Most connections the pool may open.", { "keelson_pool_connections_max", POOL, p->max });
    EXPOSITION_NUMBERS(b, "gauge", "Connections kept when there is little to do (pool.size).", { "keelson_pool_connections_base", POOL, p->base });
    EXPOSITION_NUMBERS(b, "gauge", "Most connections the pool opens now: fewer while the server refuses more.",
        { "keelson_pool_effective_max", POOL, p->effective_max });
    EXPOSITION_NUMBERS(b, "counter", "Times the server saw more connections of ours than the pool may open.",
        { "keelson_pool_cap_violations_total", POOL, (double)p->cap_violations });
    EXPOSITION_NUMBERS(b, "gauge", "Grows whenever all connections are given up at once.", { "keelson_pool_epoch", POOL, (double)p->epoch });
    EXPOSITION_NUMBERS(b, "gauge", "1 for what is so: closed when the server can be reached, half_open while that is tried.",
        { "keelson_circuit_state", WITH("state=\"closed\""), p->up },
        { "keelson_circuit_state", WITH("state=\"open\""), !p->up && p->connecting == 0 },
        { "keelson_circuit_state", WITH("state=\"half_open\""), !p->up && p->connecting > 0 });
}

static void use_write(const struct pool_counters *p, struct buf *b)
{
    EXPOSITION_NUMBERS(b, "gauge", "Requests waiting for a connection.",
        { "keelson_pool_waiters", WITH("class=\"lane\""), p->waiting_lane },
        { "keelson_pool_waiters", WITH("class=\"exclusive\""), p->waiting_exclusive });
    EXPOSITION_NUMBERS(b, "gauge", "How long the oldest has waited.", { "keelson_pool_oldest_waiter_seconds", POOL, (double)p->oldest_waiter / 1e6 });
    EXPOSITION_NUMBERS(b, "counter", "Seconds that places for work were taken: connections, or a lane's places for tasks.",
        { "keelson_pool_busy_seconds_total", WITH("class=\"lane\""), (double)p->busy[POOL_LANE] / 1e6 },
        { "keelson_pool_busy_seconds_total", WITH("class=\"exclusive\""), (double)p->busy[POOL_EXCLUSIVE] / 1e6 },
        { "keelson_pool_busy_seconds_total", WITH("class=\"control\""), (double)p->busy[POOL_CONTROL] / 1e6 });
    EXPOSITION_NUMBERS(b, "gauge", "These places: what the growth of the busy seconds is to be divided by.",
        { "keelson_pool_capacity", WITH("class=\"lane\""), p->capacity[POOL_LANE] },
        { "keelson_pool_capacity", WITH("class=\"exclusive\""), p->capacity[POOL_EXCLUSIVE] },
        { "keelson_pool_capacity", WITH("class=\"control\""), p->capacity[POOL_CONTROL] });
    EXPOSITION_NUMBERS(b, "counter", "How work came to its connection, or did not.",
        { "keelson_pool_acquires_total", WITH("outcome=\"immediate\""), (double)p->acquires_immediate },
        { "keelson_pool_acquires_total", WITH("outcome=\"waited\""), (double)p->acquires_waited },
        { "keelson_pool_acquires_total", WITH("outcome=\"timeout\""), (double)p->acquires_timeout },
        { "keelson_pool_acquires_total", WITH("outcome=\"rejected_queue_full\""), (double)p->acquires_full },
        { "keelson_pool_acquires_total", WITH("outcome=\"rejected_deadline\""), (double)p->acquires_deadline },
        { "keelson_pool_acquires_total", WITH("outcome=\"shed_codel\""), (double)p->acquires_shed },
        { "keelson_pool_acquires_total", WITH("outcome=\"rejected_degraded\""), (double)p->acquires_degraded },
        { "keelson_pool_acquires_total", WITH("outcome=\"client_gone\""), (double)p->acquires_gone },
        { "keelson_pool_acquires_total", WITH("outcome=\"db_down\""), (double)p->acquires_down });
}

static void leaks_write(const struct pool_counters *p, struct buf *b)
{
    EXPOSITION_NUMBERS(b, "gauge", "Connections held for longer than pool.leak.after.", { "keelson_pool_leaks_suspected", POOL, p->leaks_suspected });
    EXPOSITION_NUMBERS(b, "counter", "How they came back.",
        { "keelson_pool_leaks_total", WITH("resolution=\"returned_late\""), (double)p->leaks_returned_late },
        { "keelson_pool_leaks_total", WITH("resolution=\"reclaimed\""), (double)p->leaks_reclaimed });
    EXPOSITION_NUMBERS(b, "counter", "Requests that held a connection and asked for another; always 0.",
        { "keelson_pool_self_deadlocks_total", "", (double)p->self_deadlocks });
}

static void histograms_write(const struct pool_counters *p, struct buf *b)
{
    char labels[64];

    exposition_head(b, "keelson_pool_acquire_seconds", "histogram", "From handing work to the pool to its connection.");
    for (int c = 0; c < POOL_CLASSES; c++) {
        snprintf(labels, sizeof labels, POOL_IS ",class=\"%s\"", classes[c]);
        exposition_histogram(b, "keelson_pool_acquire_seconds", labels, &p->acquire[c]);
    }
}

static void connect_write(const struct pool_counters *p, struct buf *b)
{
    static const char *const phases[POOL_PHASES] = {
        [POOL_DNS] = "dns", [POOL_TCP] = "tcp", [POOL_TLS] = "tls", [POOL_AUTH] = "auth", [POOL_SETUP] = "setup",
    };
    char labels[64];

    exposition_head(b, "keelson_pool_connect_seconds", "histogram", "The parts of connecting, of connections that came about.");
    for (int i = 0; i < POOL_PHASES; i++) {
        snprintf(labels, sizeof labels, POOL_IS ",phase=\"%s\"", phases[i]);
        exposition_histogram(b, "keelson_pool_connect_seconds", labels, &p->connect[i]);
    }
}

static void hosts_write(const struct pool_counters *p, struct buf *b)
{
    static const char *const roles[HOST_ROLES] = {
        [HOST_UNKNOWN] = "unknown", [HOST_PRIMARY] = "primary", [HOST_READ_ONLY] = "read_only", [HOST_STANDBY] = "standby", [HOST_REFUSED] = "refused",
    };

    exposition_head(b, "keelson_db_role", "gauge", "What each host of the URL was when it was last looked at.");
    for (int i = 0; i < p->nhosts; i++)
        for (int r = 0; r < HOST_ROLES; r++)
            buf_printf(b, "keelson_db_role{host=\"%s\",role=\"%s\"} %d\n", p->hosts[i].shown, roles[r], p->hosts[i].role == (enum host_role)r);
    exposition_head(b, "keelson_db_timeline", "gauge", "The timeline each was on while it took writes; 0: not known.");
    for (int i = 0; i < p->nhosts; i++)
        buf_printf(b, "keelson_db_timeline{host=\"%s\"} %d\n", p->hosts[i].shown, p->hosts[i].timeline);
    EXPOSITION_NUMBERS(b, "counter", "Times another server took over the writes.", { "keelson_db_failovers_total", "", (double)p->failovers });
    EXPOSITION_NUMBERS(b, "gauge", "1 while no host takes writes and one takes reads.", { "keelson_db_read_only", "", p->read_only });
}

static void counts_write(struct buf *b, const char *name, const char *label, const char *help, const char *const *values, const uint64_t *counts, int n)
{
    exposition_head(b, name, "counter", help);
    for (int i = 0; i < n; i++)
        buf_printf(b, "%s{" POOL_IS ",%s=\"%s\"} %llu\n", name, label, values[i], (unsigned long long)counts[i]);
}

static void connects_write(const struct pool_counters *p, struct buf *b)
{
    static const char *const outcomes[CONNECT_OUTCOMES] = {
        [CONNECT_OK] = "ok", [CONNECT_REFUSED] = "refused", [CONNECT_TIMEOUT] = "timeout", [CONNECT_AUTH] = "auth", [CONNECT_TOO_MANY] = "too_many",
        [CONNECT_ROLE] = "role", [CONNECT_TLS] = "tls", [CONNECT_DNS] = "dns", [CONNECT_STARTING] = "starting", [CONNECT_PROTOCOL] = "protocol",
        [CONNECT_POOLER] = "pooler",
    };
    static const char *const reasons[CLOSE_REASONS] = {
        [CLOSE_OVERFLOW] = "overflow", [CLOSE_RECYCLE] = "recycle", [CLOSE_LOST] = "lost", [CLOSE_TIMEOUT] = "timeout",
        [CLOSE_CANCELLED] = "cancelled", [CLOSE_EPOCH] = "epoch", [CLOSE_ROLE] = "role_changed", [CLOSE_DRAIN] = "drain", [CLOSE_LEAK] = "leak",
        [CLOSE_SHARE] = "share",
    };

    counts_write(b, "keelson_pool_connects_total", "outcome", "Attempts to connect.", outcomes, p->connects, CONNECT_OUTCOMES);
    counts_write(b, "keelson_pool_closes_total", "reason", "Connections closed.", reasons, p->closes, CLOSE_REASONS);
}

static void preping_write(const struct pool_counters *p, struct buf *b)
{
    EXPOSITION_NUMBERS(b, "counter", "What was known of a connection before its use: its socket was quiet and open, or had ended while idle; after long silence, a Sync was answered or not.",
        { "keelson_pool_preping_total", WITH("method=\"socket\",outcome=\"alive\""), (double)p->preping[PREPING_SOCKET_ALIVE] },
        { "keelson_pool_preping_total", WITH("method=\"socket\",outcome=\"dead\""), (double)p->preping[PREPING_SOCKET_DEAD] },
        { "keelson_pool_preping_total", WITH("method=\"sync\",outcome=\"alive\""), (double)p->preping[PREPING_SYNC_ALIVE] },
        { "keelson_pool_preping_total", WITH("method=\"sync\",outcome=\"dead\""), (double)p->preping[PREPING_SYNC_DEAD] });
    EXPOSITION_NUMBERS(b, "gauge", "1 while exclusive work that would have to wait is refused.", { "keelson_pool_degraded", POOL, p->degraded });
}

static void retries_write(const struct pool_counters *p, struct buf *b)
{
    exposition_head(b, "keelson_db_retries_total", "counter",
                    "Work done again after a lost connection (none) or what that SQLSTATE means, by how it ended.");
    for (int i = 0; i < POOL_RETRY_STATES; i++) {
        buf_printf(b, "keelson_db_retries_total{sqlstate=\"%s\",outcome=\"succeeded\"} %llu\n", pool_retry_states[i], (unsigned long long)p->retries[i]);
        buf_printf(b, "keelson_db_retries_total{sqlstate=\"%s\",outcome=\"failed\"} %llu\n", pool_retry_states[i],
                   (unsigned long long)p->retries_failed[i]);
    }
}

static void statements_write(const struct pool_counters *p, struct buf *b)
{
    EXPOSITION_NUMBERS(b, "gauge", "Prepared statements, on all connections.", { "keelson_prepared_statements", POOL, p->prepared });
    counts_write(b, "keelson_prepared_reprepares_total", "reason",
                 "Statements prepared again, because their plan or they themselves had gone, or the name was taken.",
                 pool_stale_states, p->reprepares, POOL_STALE_STATES);
}

void metrics_pool_write(const struct pool_counters *p, struct buf *b)
{
    connections_write(p, b);
    use_write(p, b);
    leaks_write(p, b);
    histograms_write(p, b);
    connect_write(p, b);
    connects_write(p, b);
    hosts_write(p, b);
    statements_write(p, b);
    EXPOSITION_NUMBERS(b, "gauge", "What lies between us and the server: the kind that is 1.",
        { "keelson_pool_pooler", WITH("kind=\"none\""), p->pooler == POOLER_NONE },
        { "keelson_pool_pooler", WITH("kind=\"session\""), p->pooler == POOLER_SESSION },
        { "keelson_pool_pooler", WITH("kind=\"transaction\""), p->pooler == POOLER_TRANSACTION });
    preping_write(p, b);
    EXPOSITION_NUMBERS(b, "counter", "Groups sent on lanes.", { "keelson_pool_groups_total", "", (double)p->groups });
    EXPOSITION_NUMBERS(b, "counter", "Requests in these groups.", { "keelson_pool_grouped_requests_total", "", (double)p->grouped_tasks });
    EXPOSITION_NUMBERS(b, "counter", "Groups halved to find what failed.", { "keelson_pool_bisections_total", "", (double)p->bisections });
    retries_write(p, b);
    EXPOSITION_NUMBERS(b, "counter", "Cancel requests sent.", { "keelson_cancels_total", "{outcome=\"sent\"}", (double)p->cancels });
    EXPOSITION_NUMBERS(b, "counter", "Writes whose answer was lost, by what became of them.",
        { "keelson_commit_unknown_total", "{resolution=\"committed\"}", (double)p->outcomes_committed },
        { "keelson_commit_unknown_total", "{resolution=\"aborted\"}", (double)p->outcomes_aborted },
        { "keelson_commit_unknown_total", "{resolution=\"unresolved\"}", (double)p->outcomes_unresolved });
}

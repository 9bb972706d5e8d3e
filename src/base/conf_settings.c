/*
 * Adding a setting is adding a member to struct conf and a row here.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/conf_settings.h"

#include <stddef.h>

#include "base/attr.h"
#include "base/conf.h"

static const char *const levels[] = { "debug", "info", "warn", "error", NULL };
static const char *const formats[] = { "logfmt", "json", NULL };

#define AT(member) offsetof(struct conf, member)

const struct setting conf_settings[] = {
    { "listen", CONF_ADDRESS, AT(listen), NULL, NULL, "127.0.0.1:8080", .doc = "Address and port to serve on." },
    { "data.dir", CONF_TEXT, AT(data_dir), .doc = "Data of the embedded PostgreSQL; not set: by who runs it." },
    { "pg.bindir", CONF_TEXT, AT(pg_bindir), .doc = "PostgreSQL server programs; not set: the newest installed." },
    { "database.url", CONF_SECRET, AT(database_url), .env = "DATABASE_URL",
      .doc = "Your PostgreSQL, as the service role; not set: the embedded one." },
    { "database.url.file", CONF_TEXT, AT(database_url_file),
      .doc = "File with that URL, or with the password for it; read again when it changes." },
    { "database.url.command", CONF_TEXT, AT(database_url_command),
      .doc = "Command that prints the same; run again when the server refuses the password." },
    { "owner.url", CONF_SECRET, AT(owner_url), .doc = "Your PostgreSQL, as the owner: for init, migrate and backup." },
    { "migrate.dir", CONF_TEXT, AT(migrate_dir), .def = "migrations", .doc = "The application's migrations." },
    { "migrate", CONF_BOOL, AT(migrate), .def = "false",
      .doc = "Let serve apply pending migrations to your PostgreSQL." },
    { "workers", CONF_COUNT, AT(workers), "1", "64", "1", .doc = "Event loops; this version runs one." },

    { "pool.size", CONF_COUNT, AT(pool_size), "1", "500", "10", .doc = "Connections kept." },
    { "pool.overflow", CONF_COUNT, AT(pool_overflow), "0", "500", "20",
      .doc = "Connections beyond pool.size under load." },
    { "pool.timeout", CONF_TIME, AT(pool_timeout), "1ms", "10m", "30s", .doc = "Longest wait for a connection." },
    { "pool.recycle", CONF_TIME, AT(pool_recycle), "1s", "7d", "1h", .doc = "Age at which a connection is replaced." },
    { "pool.idle", CONF_TIME, AT(pool_idle), "1s", "1d", "1m", .doc = "Overflow is closed after so long unused." },
    { "pool.lanes", CONF_COUNT, AT(pool_lanes), "0", "64", "0", .doc = "Lanes for grouped work; 0: one per core." },
    { "pool.queue", CONF_COUNT, AT(pool_queue), "1", "100000", "1000", .doc = "Longest queue, per class of work." },
    { "pool.leak.after", CONF_TIME, AT(pool_leak_after), "0", "1h", "0",
      .doc = "Work that holds a connection for longer is reported; 0: half of query.timeout." },
    { "pool.preping", CONF_TIME, AT(pool_preping), "0", "1d", "30s",
      .doc = "A connection unused for longer is asked before it is used; 0: never." },
    { "pool.standing", CONF_TIME, AT(pool_standing), "0", "1m", "100ms",
      .doc = "A queue in which nobody waits less than this stands, and long waits are refused; 0: never." },
    { "pool.degrade.after", CONF_TIME, AT(pool_degrade_after), "0", "1h", "1m",
      .doc = "Over 80 % of the connections needed for so long: what would wait is refused, lanes go on; 0: never." },
    { "connect.timeout", CONF_TIME, AT(connect_timeout), "100ms", "2m", "3s", .doc = "Longest connecting, per host." },
    { "query.timeout", CONF_TIME, AT(query_timeout), "1ms", "1h", "5s",
      .doc = "Longest statement of its own connection." },
    { "lock.timeout", CONF_TIME, AT(lock_timeout), "1ms", "1h", "2s", .doc = "Longest wait for a lock there." },
    { "lane.lock.timeout", CONF_TIME, AT(lane_lock_timeout), "1ms", "1m", "250ms",
      .doc = "Longest wait for a lock in grouped work." },

    { "limit.json", CONF_BYTES, AT(limit_json), "1KiB", "64MiB", "1MiB", .doc = "Largest JSON body." },
    { "limit.messages", CONF_BYTES, AT(limit_messages), "1KiB", "256MiB", "16MiB",
      .doc = "Largest body of messages, memory and checkpoints." },
    { "limit.file", CONF_BYTES, AT(limit_file), "1KiB", "1GiB", "25MiB", .doc = "Largest file." },
    { "http.connections", CONF_COUNT, AT(http_connections), "1", "1000000", "4096", .doc = "Clients at a time." },
    { "http.header.timeout", CONF_TIME, AT(http_header_timeout), "100ms", "10m", "10s",
      .doc = "Longest arrival of a request's head." },
    { "http.body.timeout", CONF_TIME, AT(http_body_timeout), "100ms", "1h", "30s", .doc = "Longest pause in a body." },
    { "http.idle.timeout", CONF_TIME, AT(http_idle_timeout), "1s", "1h", "75s",
      .doc = "Kept-alive connection without a request." },
    { "http.write.timeout", CONF_TIME, AT(http_write_timeout), "100ms", "1h", "30s",
      .doc = "Client that does not read its answer." },
    { "drain.timeout", CONF_TIME, AT(drain_timeout), "0", "1h", "30s", .doc = "From SIGTERM to exit, at most." },
    { "trash.keep", CONF_TIME, AT(trash_keep), "0", "3650d", "30d",
      .doc = "How long the trash is kept before it may be purged." },
    { "streaming.timeout", CONF_TIME, AT(streaming_timeout), "1s", "1d", "15m",
      .doc = "A message still streaming so long after it began is marked incomplete." },
    { "rate.key", CONF_COUNT, AT(rate_key), "0", "1000000", "0",
      .doc = "Requests per second and API key; 0: no limit." },

    { "health.every", CONF_TIME, AT(health_every), "100ms", "5m", "10s", .doc = "Time between two looks at the database." },
    { "storage.quota", CONF_BYTES, AT(storage_quota), "0", "1048576GiB", "0",
      .doc = "Size the database may have; 0: no limit. From 92 % on nothing new is written." },
    { "alerts.scale", CONF_COUNT, AT(alerts_scale), "1", "1000", "1",
      .doc = "Durations of alert rules are divided by it, for rehearsals." },

    { "log.level", CONF_CHOICE, AT(log_level), .def = "info", .choices = levels,
      .doc = "Least important line that is written." },
    { "log.format", CONF_CHOICE, AT(log_format), .def = "logfmt", .choices = formats, .doc = "Form of a line." },
    { "log.slow", CONF_TIME, AT(log_slow), "0", "1h", "1s", .doc = "Requests slower than this are logged." },
};

const size_t conf_nsettings = ARRAY_LEN(conf_settings);
_Static_assert(ARRAY_LEN(conf_settings) <= CONF_SETTINGS_MOST, "more settings than places to note them");

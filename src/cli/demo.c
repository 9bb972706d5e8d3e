/*
 * keelson demo: fills a running Keelson with a realistic data set, through the same interface as everybody else, and simulates
 * live interviews.  `keelson serve --demo` starts this command beside itself.
 */
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/demo_fill.h"
#include "cli/demo_live.h"
#include "cli/groups.h"
#include "cli/stop.h"

#define CANDIDATES      300
#define CANDIDATES_MOST 5000
#define INTERVIEWERS    5
#define SEED            1
#define CONNECTIONS     8
#define PATIENCE        (120 * USEC_S)

/* ---- options ---- */

struct wanted { uint64_t seed, candidates, interviewers; const char *url; bool again, live; };

static bool number(const struct command_call *c, const char *option, uint64_t least, uint64_t most, uint64_t *out, struct err *e)
{
    const char *text = command_option(c, option);

    if (!text || (span_u64(span_of(text), out) && *out >= least && *out <= most))
        return true;
    return fail(e, E_USAGE, "%s: must be a number from %llu to %llu", option, (unsigned long long)least, (unsigned long long)most);
}

/* Where `keelson serve` listens under the same settings. */
static const char *own_url(const struct command_call *c)
{
    const char *any[] = { "0.0.0.0:", "[::]:" };

    for (size_t i = 0; i < ARRAY_LEN(any); i++)
        if (strncmp(c->conf.listen, any[i], strlen(any[i])) == 0)
            return arena_printf(c->arena, "http://127.0.0.1:%s", c->conf.listen + strlen(any[i]));
    return arena_printf(c->arena, "http://%s", c->conf.listen);
}

static bool options(const struct command_call *c, struct wanted *w, struct err *e)
{
    *w = (struct wanted){ .seed = SEED, .candidates = CANDIDATES, .interviewers = INTERVIEWERS, .url = command_option(c, "--url"),
                          .again = command_option(c, "--again"), .live = command_option(c, "--live") };
    if (!w->url && c->conf.database_url)
        return fail(e, E_USAGE, "DATABASE_URL is set: invented people do not belong among real ones; name the service to fill with --url");
    if (!w->url)
        w->url = own_url(c);
    return number(c, "--seed", 0, INT64_MAX, &w->seed, e) && number(c, "--candidates", 1, CANDIDATES_MOST, &w->candidates, e) &&
           number(c, "--interviewers", 1, DEMO_LIVE_MOST, &w->interviewers, e);
}

/* ---- filling ---- */

static void report(const struct command_call *c, const struct wanted *w, const struct demo_counts *n, usec took)
{
    if (w->live) {
        log_event(LOG_INFO, "demo-loaded", "candidates=%d resumes=%d interviews=%d sessions=%d messages=%d assessments=%d ms=%lld", n->candidates, n->resumes,
                  n->interviews, n->sessions, n->messages, n->assessments, (long long)(took / USEC_MS));
        return;
    }
    if (c->format == COMMAND_JSON) {
        printf("{\"demo\":[{\"candidates\":%d,\"resumes\":%d,\"interviews\":%d,\"sessions\":%d,\"messages\":%d,\"assessments\":%d}],\"summary\":{\"ms\":%lld}}\n",
               n->candidates, n->resumes, n->interviews, n->sessions, n->messages, n->assessments, (long long)(took / USEC_MS));
        return;
    }
    printf("%d candidates with %d resumes, %d interviews in %d sessions, %d messages, %d assessments: %.1f s\n"
           "Look at them: curl '%s/v1/candidates?limit=3'\n", n->candidates, n->resumes, n->interviews, n->sessions, n->messages, n->assessments,
           (double)took / (double)USEC_S, w->url);
}

static bool fill(const struct command_call *c, const struct wanted *w, struct err *e)
{
    struct demo_fill f = { .seed = w->seed, .candidates = (int)w->candidates, .stop = &stop_asked, .quiet = w->live };
    struct demo_counts counts;
    usec began = clock_now();
    int there = 0;
    bool ok;

    if (!demo_http_open(w->url, getenv("KEELSON_API_KEY"), CONNECTIONS, PATIENCE, &f.http, e))
        return false;
    ok = demo_fill_there(&f, &there, e);
    if (ok && there > 0 && !w->again && !w->live)
        ok = fail(e, E_NO, "there are %d candidates already; --again adds the demonstration data nevertheless", there);
    else if (ok && (there == 0 || w->again)) {
        ok = demo_fill_run(&f, there, &counts, e);
        if (ok)
            report(c, w, &counts, clock_now() - began);
    }
    demo_http_close(f.http);
    return ok;
}

static bool live(const struct wanted *w, struct err *e)
{
    struct demo_live l = { .seed = w->seed, .interviewers = (int)w->interviewers, .stop = &stop_asked };
    bool ok = demo_http_open(w->url, getenv("KEELSON_API_KEY"), 1, 0, &l.http, e) && demo_live_run(&l, e);

    demo_http_close(l.http);
    return ok;
}

static bool run_demo(struct command_call *c, struct err *e)
{
    struct wanted w;

    if (!options(c, &w, e))
        return false;
    stop_on((const int[]){ SIGTERM, SIGINT, 0 });
    if (fill(c, &w, e) && (!w.live || live(&w, e)))
        return true;
    if (!w.live || !stop_asked)
        return false;
    err_clear(e);                       /* whoever started us has asked us to end */
    return true;
}

static const struct command_option demo_options[] = {
    { "--url",          "URL", "The service to fill (default: where serve listens, http://127.0.0.1:8080)." },
    { "--candidates",   "N",   "How many candidates (default 300, which makes about 425 interviews and 22,000 messages)." },
    { "--seed",         "S",   "Another number makes other people (default 1)." },
    { "--again",        NULL,  "Add to an organization that has candidates already." },
    { "--live",         NULL,  "Fill only what is empty, then hold interviews until stopped." },
    { "--interviewers", "N",   "How many interviews are held at a time with --live (default 5)." },
};

static const struct command commands[] = {
    { "demo", NULL, "Fill a running service with invented candidates and interviews.",
      "Everything goes through the HTTP interface; with KEELSON_API_KEY set, as its organization. The same seed makes the same people "
      "and conversations; only times and identifiers differ. `keelson serve --demo` runs this beside itself, with --live.",
      demo_options, ARRAY_LEN(demo_options), .run = run_demo },
};

const struct command_group demo_commands = { "Demonstration", commands, ARRAY_LEN(commands) };

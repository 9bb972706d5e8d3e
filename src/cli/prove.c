/*
 * keelson prove: loses every message between a service and its PostgreSQL in every way, and says whether the promises held.
 */
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/conf_value.h"
#include "base/log.h"
#include "cli/groups.h"
#include "cli/stop.h"
#include "prove/run.h"

#define SAMPLE      100
#define SAMPLE_MOST 1000000
#define LIMIT       (500 * USEC_MS)
#define RECOVERY    (1 * USEC_S)
#define PARALLEL    4

/* ---- options ---- */

static bool time_take(const struct command_call *c, const char *option, usec least, usec most, usec *out, struct err *e)
{
    const char *text = command_option(c, option), *wrong;

    if (!text)
        return true;
    wrong = conf_value_parse(CONF_TIME, span_of(text), NULL, out);
    return (!wrong && *out >= least && *out <= most) ||
           fail(e, E_USAGE, "%s: write a time from %lldms to %llds", option, (long long)(least / USEC_MS), (long long)(most / USEC_S));
}

static const char *names_of_requests(struct arena *a)
{
    const char *list = "";

    for (int i = 0; i < REQUESTS; i++)
        list = arena_printf(a, "%s%s%s", list, i ? ", " : "", requests[i].name);
    return list;
}

static const char *names_of_actions(struct arena *a)
{
    const char *list = "";

    for (int i = 0; i < ACTIONS; i++)
        list = arena_printf(a, "%s%s%s", list, i ? ", " : "", action_infos[i].name);
    return list;
}

static bool request_take(const struct command_call *c, struct span name, const char *option, int *out, struct err *e)
{
    *out = request_find(name);
    return *out >= 0 || fail(e, E_USAGE, "%s: there is no such request; there are %s", option, names_of_requests(c->arena));
}

static bool action_take(const struct command_call *c, const char *name, int *out, struct err *e)
{
    enum action action;

    if (!action_find(span_of(name), &action))
        return fail(e, E_USAGE, "--action: there is no such action; there are %s", names_of_actions(c->arena));
    *out = (int)action;
    return true;
}

static bool case_take(const struct command_call *c, const char *text, struct plan_wanted *w, struct err *e)
{
    struct span request;

    if (command_option(c, "--request") || command_option(c, "--action"))
        return fail(e, E_USAGE, "--case names request and action already");
    w->one = true;
    return action_case_parse(text, &request, &w->the, e) && request_take(c, request, "--case", &w->the.request, e);
}

static bool sample_take(const struct command_call *c, struct plan_wanted *w, struct err *e)
{
    const char *text = command_option(c, "--sample");
    bool all = command_option(c, "--all") != NULL;
    uint64_t n = SAMPLE;

    if (text && (all || !span_u64(span_of(text), &n) || n < 1 || n > SAMPLE_MOST))
        return fail(e, E_USAGE, all ? "--sample and --all exclude each other" : "--sample: must be a number from 1 to 1000000");
    w->sample = all ? 0 : (int)n;
    return true;
}

static bool parallel_take(const struct command_call *c, int *out, struct err *e)
{
    const char *text = command_option(c, "--parallel");
    uint64_t n = PARALLEL;

    if (text && (!span_u64(span_of(text), &n) || n < 1 || n > RUN_PARALLEL))
        return fail(e, E_USAGE, "--parallel: must be a number from 1 to %d", RUN_PARALLEL);
    *out = (int)n;
    return true;
}

static bool wanted_take(const struct command_call *c, struct plan_wanted *w, struct err *e)
{
    const char *request = command_option(c, "--request"), *action = command_option(c, "--action"), *one = command_option(c, "--case");

    *w = (struct plan_wanted){ .request = -1, .action = -1 };
    return sample_take(c, w, e) && (!request || request_take(c, span_of(request), "--request", &w->request, e)) &&
           (!action || action_take(c, action, &w->action, e)) && (!one || case_take(c, one, w, e));
}

/* The default is a server that nobody else has; anything else must be meant. */
static bool consented(const struct command_call *c, struct err *e)
{
    bool staging = command_option(c, "--this-is-staging") != NULL;
    struct pg_target t;

    if (!c->conf.database_url)
        return !staging || fail(e, E_USAGE, "--this-is-staging: no DATABASE_URL says which database is meant");
    if (staging)
        return true;
    if (!pg_url_parse(c->arena, c->conf.database_url, &t, e))
        return false;
    return fail(e, E_USAGE, "DATABASE_URL names %s: prove would make an organization keelson-prove-... there with its own key, write "
                            "candidates and messages into it, end backends of its own service, and remove it all afterwards; add "
                            "--this-is-staging if that is meant, or unset DATABASE_URL for a throwaway server", t.shown);
}

/* ---- progress ---- */

static void progress(void *arg, int n, int planned, int broken, const char *name)
{
    const usec *began = arg;
    long long s = (long long)((clock_now() - *began) / USEC_S);

    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%d of %d, %d broken, %lld:%02lld  %s", n, planned, broken, s / 60, s % 60, name);
    else if (n == 1 || n % 100 == 0)
        fprintf(stderr, "%d of %d, %d broken, %lld:%02lld\n", n, planned, broken, s / 60, s % 60);
}

static void progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

/* ---- the command ---- */

/* The options that make a case what it is, for repeating it. */
static const char *repeat_line(const struct command_call *c)
{
    static const char *const kept[] = { "--deadline", "--recovery" };
    const char *line = command_option(c, "--this-is-staging") ? "keelson prove --this-is-staging" : "keelson prove";

    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (command_option(c, kept[i]))
            line = arena_printf(c->arena, "%s %s %s", line, kept[i], command_option(c, kept[i]));
    return arena_printf(c->arena, "%s --case", line);
}

static void show(const struct command_call *c, const struct report *r)
{
    struct buf b = BUF((size_t)16 * 1024 * 1024);

    if (c->format == COMMAND_JSON)
        report_json(r, &b);
    else
        report_text(r, c->colour, &b);
    fwrite(b.p, 1, b.n, stdout);
    buf_free(&b);
}

static bool prove(struct command_call *c, struct run_options *o, struct report *r, struct err *e)
{
    struct err left = { 0 };
    struct place place;
    bool ok = place_open(c->arena, &c->conf, &place, e);

    r->database = c->conf.database_url ? place.service.shown : "a throwaway server";
    ok = ok && run_prove(&place, o, r, e);
    progress_end();
    if (!place_close(&place, &left) && ok) {
        *e = left;
        ok = false;
    } else if (left.kind != E_NONE) {
        fprintf(stderr, "keelson: %s\n", left.message);
    }
    return ok;
}

static bool run_prove_command(struct command_call *c, struct err *e)
{
    usec began = clock_now();
    struct run_options o = { .limit = LIMIT, .recovery = RECOVERY, .parallel = PARALLEL, .stop = &stop_asked, .progress = progress, .arg = &began };
    struct report r = { .arena = c->arena, .repeat = repeat_line(c) };
    bool ok;

    if (!wanted_take(c, &o.wanted, e) || !parallel_take(c, &o.parallel, e) ||
        !time_take(c, "--deadline", 50 * USEC_MS, 60 * USEC_S, &o.limit, e) ||
        !time_take(c, "--recovery", 10 * USEC_MS, 60 * USEC_S, &o.recovery, e) || !consented(c, e))
        return false;
    stop_on((const int[]){ SIGTERM, SIGINT, SIGHUP, 0 });     /* what was made is to be removed before we end */
    log_setup(LOG_WARN, (enum log_format)c->conf.log_format);
    ok = prove(c, &o, &r, e);
    if (r.cases > 0 || r.violations > 0)
        show(c, &r);
    return ok && (r.violations == 0 || fail(e, E_NO, "%d of %d cases broke a promise", r.violations, r.cases));
}

static const struct command_option options[] = {
    { "--all",             NULL,     "Every case: close to three thousand, in minutes (docs/prove.md has a run)." },
    { "--sample",          "N",      "So many, evenly spread over all (default 100)." },
    { "--request",         "NAME",   "Only read, tail, append, create, keyed, change, transition or delete." },
    { "--action",          "NAME",   "Only close, reset, stall, delay, truncate, garble or terminate." },
    { "--case",            "NAME",   "This one, as a report names it: append/response:3/reset." },
    { "--parallel",        "N",      "So many services at a time, each behind a proxy of its own (default 4)." },
    { "--deadline",        "TIME",   "The service's query.timeout (default 500ms); what stalls takes longer than that." },
    { "--recovery",        "TIME",   "A read must succeed so soon after the fault (default 1s)." },
    { "--this-is-staging", NULL,     "DATABASE_URL may be written to: an organization of its own is made and removed." },
};

static const struct command commands[] = {
    { "prove", NULL, "Break a service's connections in every way and report what held.",
      "Starts a service of its own behind a proxy that knows PostgreSQL's protocol. Eight kinds of requests are made; at each message between the "
      "service and its database, in both directions, the connection is closed, reset, stalled, delayed, cut, garbled, or its backend ended. "
      "Each time exactly one true answer must come: a reported success is there, a reported failure is not, and the service serves on.\n\n"
      "Without DATABASE_URL it happens on a throwaway server. With it (and KEELSON_OWNER_URL), on that database, if --this-is-staging says so. "
      "Exit status: 0 all held, 1 a promise was broken, 3 it could not be run.",
      options, ARRAY_LEN(options), .run = run_prove_command },
};

const struct command_group prove_commands = { "Proof", commands, ARRAY_LEN(commands) };

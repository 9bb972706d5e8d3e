/*
 * Text for 80 columns, or one JSON object.  Rows without cases are left out.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/report.h"

#include "base/json.h"

static void violation_add(struct report *r, const char *name, const char *what, const char *heard)
{
    struct report_violation *v = arena_new(r->arena, struct report_violation);

    *v = (struct report_violation){ .name = name, .what = what, .heard = heard ? heard : "" };
    *(r->last ? &r->last->next : &r->first) = v;
    r->last = v;
    r->violations++;
}

void report_add(struct report *r, const struct report_case *c)
{
    struct report_row *row = &r->rows[c->what.request][c->what.action];
    char name[ACTION_CASE_TEXT];

    r->cases++;
    row->cases++;
    row->outcomes[c->outcome]++;
    row->slowest = c->recovery > row->slowest ? c->recovery : row->slowest;
    r->most = c->most > r->most ? c->most : r->most;
    if (!c->violation)
        return;
    row->violations++;
    action_case_format(&c->what, requests[c->what.request].name, name);
    violation_add(r, arena_strdup(r->arena, span_of(name)), c->violation, c->heard);
}

void report_broken(struct report *r, const char *what, const char *heard)
{
    violation_add(r, "", what, heard);
}

/* ---- text ---- */

static void row_text(const struct report_row *row, const char *request, const char *action, struct buf *out)
{
    buf_printf(out, "%-10s  %-9s  %5d", request, action, row->cases);
    for (int o = 0; o < JUDGE_OUTCOMES; o++)
        buf_printf(out, "  %9d", row->outcomes[o]);
    buf_printf(out, "  %5lld\n", (long long)(row->slowest / USEC_MS));
}

static void rows_text(const struct report *r, struct buf *out)
{
    buf_str(out, "request     action     cases");
    for (int o = 0; o < JUDGE_OUTCOMES; o++)
        buf_printf(out, "  %9s", judge_name((enum judge_outcome)o));
    buf_str(out, "     ms\n");
    for (int i = 0; i < REQUESTS; i++)
        for (int k = 0; k < ACTIONS; k++)
            if (r->rows[i][k].cases > 0)
                row_text(&r->rows[i][k], requests[i].name, action_infos[k].name, out);
}

static void violations_text(const struct report *r, bool colour, struct buf *out)
{
    for (const struct report_violation *v = r->first; v; v = v->next) {
        buf_printf(out, "\n%sBROKEN%s  %s\n", colour ? "\033[31m" : "", colour ? "\033[0m" : "", v->what);
        if (*v->heard)
            buf_printf(out, "        heard: %s\n", v->heard);
        if (*v->name)
            buf_printf(out, "        again: %s %s\n", r->repeat, v->name);
    }
}

void report_text(const struct report *r, bool colour, struct buf *out)
{
    bool good = r->violations == 0;

    rows_text(r, out);
    violations_text(r, colour, out);
    buf_printf(out, "\n%s%d of %d cases, %d %s broken%s on %s in %lld:%02lld\n", colour ? good ? "\033[32m" : "\033[31m" : "", r->cases, r->planned,
               r->violations, r->violations == 1 ? "promise" : "promises", colour ? "\033[0m" : "", r->database, (long long)(r->took / USEC_S / 60),
               (long long)(r->took / USEC_S % 60));
    buf_printf(out, "connections: at most %d of %d, looked at %ld times\n", r->most, r->cap, r->samples);
}

/* ---- JSON ---- */

static void number(struct json_out *o, const char *key, int64_t v)
{
    json_key(o, key);
    json_int(o, v);
}

static void text(struct json_out *o, const char *key, const char *v)
{
    json_key(o, key);
    json_cstring(o, v);
}

static void row_json(struct json_out *o, const struct report *r, int request, int action)
{
    const struct report_row *row = &r->rows[request][action];

    json_open(o, '{');
    text(o, "request", requests[request].name);
    text(o, "action", action_infos[action].name);
    number(o, "cases", row->cases);
    for (int i = 0; i < JUDGE_OUTCOMES; i++)
        number(o, judge_name((enum judge_outcome)i), row->outcomes[i]);
    number(o, "violations", row->violations);
    number(o, "slowest_recovery_us", row->slowest);
    json_close(o, '}');
}

static void violation_json(struct json_out *o, const struct report *r, const struct report_violation *v)
{
    json_open(o, '{');
    text(o, "case", *v->name ? v->name : NULL);
    text(o, "what", v->what);
    text(o, "heard", v->heard);
    text(o, "again", *v->name ? arena_printf(r->arena, "%s %s", r->repeat, v->name) : NULL);
    json_close(o, '}');
}

static void summary_json(struct json_out *o, const struct report *r)
{
    json_open(o, '{');
    text(o, "database", r->database);
    number(o, "cases", r->cases);
    number(o, "planned", r->planned);
    number(o, "violations", r->violations);
    number(o, "connections_most", r->most);
    number(o, "connections_cap", r->cap);
    number(o, "connection_samples", r->samples);
    number(o, "ms", r->took / USEC_MS);
    json_close(o, '}');
}

static void messages_json(struct json_out *o, const struct report *r)
{
    json_open(o, '{');
    for (int i = 0; i < REQUESTS; i++) {
        if (r->messages[i][WIRE_CLIENT] == 0)
            continue;
        json_key(o, requests[i].name);
        json_open(o, '{');
        number(o, "request", r->messages[i][WIRE_CLIENT]);
        number(o, "response", r->messages[i][WIRE_SERVER]);
        json_close(o, '}');
    }
    json_close(o, '}');
}

void report_json(const struct report *r, struct buf *out)
{
    struct json_out o = JSON_OUT(out);

    json_open(&o, '{');
    json_key(&o, "prove");
    json_open(&o, '[');
    for (int i = 0; i < REQUESTS; i++)
        for (int k = 0; k < ACTIONS; k++)
            if (r->rows[i][k].cases > 0)
                row_json(&o, r, i, k);
    json_close(&o, ']');
    json_key(&o, "messages");
    messages_json(&o, r);
    json_key(&o, "violations");
    json_open(&o, '[');
    for (const struct report_violation *v = r->first; v; v = v->next)
        violation_json(&o, r, v);
    json_close(&o, ']');
    json_key(&o, "summary");
    summary_json(&o, r);
    json_close(&o, '}');
    buf_char(out, '\n');
}

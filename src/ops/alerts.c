/*
 * Each rule has its series, by labels, and its instances: label sets for which it is true, pending until they were so for long enough,
 * then firing.  Memory is bounded by the number of series a rule may have.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/alerts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "ops/alert_rules.h"
#include "ops/alert_series.h"
#include "ops/exposition.h"

#define SERIES     160          /* of one condition; what is beyond is not looked at */
#define LABELS     160
#define TEXT_MOST  ((size_t)4 << 20)

struct series {
    char                labels[LABELS];     /* without le */
    struct alert_series s;
    double              value, other;       /* of this sample */
    bool                seen;
};

struct cond {
    struct series *series;
    int            n;
};

struct instance {
    char   labels[LABELS];
    double since, false_since;          /* false_since NAN: it is true */
    bool   firing, now;
};

struct rule {
    struct cond     conds[ALERT_CONDS];
    struct instance *instances;
    int             n;
};

struct alerts {
    int            scale;
    struct rule   *rules;
    double         at;
    struct loop   *loop;
    struct timer   timer;
    void         (*render)(void *user, struct buf *out);
    void          *user;
};

struct alerts *alerts_open(int scale)
{
    struct alerts *a = calloc(1, sizeof *a);

    if (!a || !(a->rules = calloc((size_t)alert_nrules, sizeof *a->rules)))
        err_die("out of memory: no room for alerts");
    a->scale = scale;
    return a;
}

void alerts_close(struct alerts *a)
{
    if (!a)
        return;
    loop_untimer(&a->timer);
    for (int r = 0; r < alert_nrules; r++) {
        for (int c = 0; c < ALERT_CONDS; c++) {
            struct cond *cond = &a->rules[r].conds[c];

            for (int i = 0; i < cond->n; i++)
                alert_series_clear(&cond->series[i].s);
            free(cond->series);
        }
        free(a->rules[r].instances);
    }
    free(a->rules);
    free(a);
}

static double scaled(const struct alerts *a, double seconds)
{
    return seconds / a->scale;
}

/* ---- samples ---- */

struct line { struct span name, labels; double value; };

static bool line_read(struct span text, struct line *out)
{
    const char *space = memrchr(text.p, ' ', text.n), *brace;
    char number[32];
    size_t n;

    if (text.n == 0 || text.p[0] == '#' || !space)
        return false;
    n = text.n - (size_t)(space + 1 - text.p);
    if (n >= sizeof number)
        return false;
    memcpy(number, space + 1, n);
    number[n] = '\0';
    out->value = strtod(number, NULL);
    out->name = (struct span){ text.p, (size_t)(space - text.p) };
    out->labels = SPAN_NONE;
    brace = memchr(text.p, '{', out->name.n);
    if (brace) {
        out->name.n = (size_t)(brace - text.p);
        out->labels = (struct span){ brace + 1, (size_t)(space - brace) - 2 };
    }
    return true;
}

/* Is it this metric, with that ending? */
static bool is_metric(struct span name, const char *metric, const char *ending)
{
    size_t n = strlen(metric), m = strlen(ending);

    return name.n == n + m && memcmp(name.p, metric, n) == 0 && memcmp(name.p + n, ending, m) == 0;
}

static struct series *series_of(struct cond *c, const struct alert_cond *what, struct span labels)
{
    struct series *s;

    for (int i = 0; i < c->n; i++)
        if (span_is(labels, c->series[i].labels))
            return &c->series[i];
    if (c->n == SERIES || labels.n >= LABELS)
        return NULL;
    if (!c->series && !(c->series = calloc(SERIES, sizeof *c->series)))
        err_die("out of memory: no room for alerts");
    s = &c->series[c->n++];
    memcpy(s->labels, labels.p ? labels.p : "", labels.n);
    s->labels[labels.n] = '\0';
    alert_series_init(&s->s, what->window / ALERT_EVERY + 2);
    return s;
}

static void note(struct cond *c, const struct alert_cond *what, struct span labels, double value, double other)
{
    struct series *s = series_of(c, what, labels);

    if (!s)
        return;
    if (!s->seen)
        s->value = s->other = 0;
    s->seen = true;
    s->value += value;
    s->other += other;
}

static bool filtered(const struct alert_cond *what, struct span labels)
{
    return !what->filter || (labels.n > 0 && memmem(labels.p, labels.n, what->filter, strlen(what->filter)));
}

/* A histogram's count and its bucket of one second are one series: their difference. */
static void take_beyond(struct cond *c, const struct alert_cond *what, const struct line *l)
{
    static const char second[] = ",le=\"1\"";
    size_t n = sizeof second - 1;

    if (is_metric(l->name, what->metric, "_count"))
        note(c, what, l->labels, l->value, 0);
    else if (is_metric(l->name, what->metric, "_bucket") && l->labels.n > n && memcmp(l->labels.p + l->labels.n - n, second, n) == 0)
        note(c, what, (struct span){ l->labels.p, l->labels.n - n }, -l->value, 0);
}

static void take(struct alerts *a, const struct line *l)
{
    for (int r = 0; r < alert_nrules; r++) {
        for (int k = 0; k < ALERT_CONDS && alert_rules[r].conds[k].kind != ALERT_NONE; k++) {
            const struct alert_cond *what = &alert_rules[r].conds[k];
            struct cond *c = &a->rules[r].conds[k];

            if (what->kind == ALERT_BEYOND)
                take_beyond(c, what, l);
            else if (is_metric(l->name, what->metric, "") && filtered(what, l->labels))
                note(c, what, l->labels, l->value, 0);
            else if (what->other && is_metric(l->name, what->other, ""))
                note(c, what, l->labels, 0, l->value);
        }
    }
}

/* ---- conditions ---- */

static bool compare(const struct alert_cond *what, double value)
{
    return what->op == '=' ? value == what->value : value > what->value;
}

static bool holds(const struct alerts *a, const struct alert_cond *what, const struct series *s)
{
    double window = scaled(a, what->window);

    switch (what->kind) {
    case ALERT_VALUE:       return compare(what, alert_series_last(&s->s));
    case ALERT_MIN:         return compare(what, alert_series_min(&s->s, a->at, window));
    case ALERT_INCREASE:
    case ALERT_BEYOND:      return compare(what, alert_series_increase(&s->s, a->at, window));
    case ALERT_UTILISATION: return compare(what, alert_series_increase(&s->s, a->at, window) / window / s->other);
    case ALERT_SHARE:       return compare(what, alert_series_last(&s->s) / s->other);
    case ALERT_WILL_PASS:   return alert_series_predict(&s->s, a->at, window, scaled(a, what->value)) > s->other;
    default:                return false;
    }
}

static struct instance *instance_of(struct rule *r, const char *labels, double at)
{
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->instances[i].labels, labels) == 0)
            return &r->instances[i];
    if (r->n == SERIES)
        return NULL;
    if (!r->instances && !(r->instances = calloc(SERIES, sizeof *r->instances)))
        err_die("out of memory: no room for alerts");
    r->instances[r->n] = (struct instance){ .since = at, .false_since = NAN };
    snprintf(r->instances[r->n].labels, LABELS, "%s", labels);
    return &r->instances[r->n++];
}

static void is_true(struct rule *r, const char *labels, double at)
{
    struct instance *i = instance_of(r, labels, at);

    if (i)
        i->now = true;
}

static void cond_evaluate(struct alerts *a, int rule, int k)
{
    const struct alert_cond *what = &alert_rules[rule].conds[k];
    struct cond *c = &a->rules[rule].conds[k];
    bool any = false;

    for (int i = 0; i < c->n; i++) {
        struct series *s = &c->series[i];

        if (!s->seen)
            continue;
        any = true;
        s->seen = false;
        alert_series_add(&s->s, a->at, s->value);
        if (holds(a, what, s))
            is_true(&a->rules[rule], s->labels, a->at);
    }
    if (what->kind == ALERT_ABSENT && !any)
        is_true(&a->rules[rule], "", a->at);
}

/* ---- pending, firing, over: as Prometheus does it ---- */

static bool goes_on(struct alerts *a, const struct alert_rule *rule, struct instance *i)
{
    if (i->now) {
        i->false_since = NAN;
        if (!i->firing && a->at - i->since >= scaled(a, rule->hold) - 1e-6) {
            i->firing = true;
            log_event(LOG_WARN, "alert-firing", "alert=%s severity=%s labels=%s summary=%s", rule->name, rule->severity, i->labels, rule->summary);
        }
        return true;
    }
    if (!i->firing)
        return false;
    if (isnan(i->false_since))
        i->false_since = a->at;
    if (a->at - i->false_since < scaled(a, rule->keep) - 1e-6)
        return true;
    log_event(LOG_INFO, "alert-cleared", "alert=%s severity=%s labels=%s", rule->name, rule->severity, i->labels);
    return false;
}

static void rule_evaluate(struct alerts *a, int n)
{
    struct rule *r = &a->rules[n];
    int kept = 0;

    for (int k = 0; k < ALERT_CONDS && alert_rules[n].conds[k].kind != ALERT_NONE; k++)
        cond_evaluate(a, n, k);
    for (int i = 0; i < r->n; i++) {
        if (goes_on(a, &alert_rules[n], &r->instances[i]))
            r->instances[kept++] = r->instances[i];
    }
    r->n = kept;
    for (int i = 0; i < r->n; i++)
        r->instances[i].now = false;
}

void alerts_sample(struct alerts *a, double at, struct span metrics)
{
    struct line l;

    a->at = at;
    while (metrics.n > 0)
        if (line_read(span_cut(&metrics, '\n'), &l))
            take(a, &l);
    for (int r = 0; r < alert_nrules; r++)
        rule_evaluate(a, r);
}

static bool firing(const struct alerts *a, int rule)
{
    for (int i = 0; i < a->rules[rule].n; i++)
        if (a->rules[rule].instances[i].firing)
            return true;
    return false;
}

/* ---- in the service ---- */

static void tick(struct timer *t)
{
    struct alerts *a = CONTAINER(t, struct alerts, timer);
    struct buf text = BUF(TEXT_MOST);

    a->render(a->user, &text);
    alerts_sample(a, (double)loop_now(a->loop) / 1e6, buf_span(&text));
    buf_free(&text);
    loop_timer(a->loop, t, t->at + ALERT_EVERY * USEC_S / a->scale);
}

void alerts_run(struct alerts *a, struct loop *l, void (*render)(void *user, struct buf *out), void *user)
{
    a->loop = l;
    a->render = render;
    a->user = user;
    a->timer.fire = tick;
    loop_timer(l, &a->timer, clock_now());
}

void alerts_write(const struct alerts *a, struct buf *out)
{
    exposition_head(out, "keelson_alert_active", "gauge", "1: fires, as evaluated in the process.");
    for (int r = 0; r < alert_nrules; r++)
        buf_printf(out, "keelson_alert_active{alert=\"%s\",severity=\"%s\"} %d\n", alert_rules[r].name, alert_rules[r].severity, firing(a, r));
}

static void instance_json(const struct alerts *a, const struct alert_rule *rule, const struct instance *i, struct json_out *o)
{
    const struct { const char *key, *value; } members[] = {
        { "alert", rule->name }, { "severity", rule->severity }, { "labels", i->labels }, { "summary", rule->summary },
    };

    json_open(o, '{');
    for (size_t k = 0; k < ARRAY_LEN(members); k++) {
        json_key(o, members[k].key);
        json_cstring(o, members[k].value);
    }
    json_key(o, "since_s");
    json_int(o, (int64_t)(a->at - i->since));
    json_close(o, '}');
}

void alerts_json(const struct alerts *a, struct json_out *o)
{
    json_open(o, '[');
    for (int r = 0; r < alert_nrules; r++)
        for (int i = 0; i < a->rules[r].n; i++)
            if (a->rules[r].instances[i].firing)
                instance_json(a, &alert_rules[r], &a->rules[r].instances[i], o);
    json_close(o, ']');
}

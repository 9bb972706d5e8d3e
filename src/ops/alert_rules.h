/*
 * The alert rules, once: the evaluator in this program walks the table, and the file for Prometheus is printed from it.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_ALERT_RULES_H
#define KEELSON_OPS_ALERT_RULES_H

#include "base/buf.h"

#define ALERT_EVERY 15              /* seconds between samples, as Prometheus usually has them */
#define ALERT_CONDS 2

enum alert_kind {
    ALERT_NONE,
    ALERT_VALUE,                    /* metric OP value */
    ALERT_MIN,                      /* min_over_time(metric[window]) > value */
    ALERT_INCREASE,                 /* increase(metric[window]) > value */
    ALERT_BEYOND,                   /* a histogram: what took longer than a second grew within the window */
    ALERT_UTILISATION,              /* rate(metric[window]) / other > value */
    ALERT_SHARE,                    /* metric / other > value */
    ALERT_WILL_PASS,                /* predict_linear(metric[window], value) > other */
    ALERT_ABSENT,                   /* metric is not there */
};

struct alert_cond {
    enum alert_kind kind;
    const char     *metric, *filter;    /* filter: one pair as it is written, "check=\"db_write\""; NULL: all series */
    const char     *other;              /* metric with the same labels */
    int             window;             /* seconds */
    char            op;                 /* '>' or '=' */
    double          value;
};

struct alert_rule {
    const char       *name, *severity;
    struct alert_cond conds[ALERT_CONDS];   /* any of them */
    int               hold, keep;           /* seconds: true for so long before it fires; fires on for so long after */
    const char       *summary;
};

extern const struct alert_rule alert_rules[];
extern const int alert_nrules;

/* The file packaging/prometheus/keelson.rules.yml. */
void alert_rules_prometheus(struct buf *out);

#endif

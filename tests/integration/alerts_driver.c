/*
 * The evaluator of alert rules and nothing else: metrics on stdin, each sample begun by "@ SECONDS"; for each a line of what fires.
 */
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "ops/alerts.h"

static void evaluate(struct alerts *a, double at, struct buf *text)
{
    struct buf line = BUF((size_t)1 << 20);
    struct json_out o = JSON_OUT(&line);

    alerts_sample(a, at, buf_span(text));
    alerts_json(a, &o);
    printf("%.*s\n", (int)line.n, line.p);
    buf_free(&line);
    buf_clear(text);
}

int main(int argc, char **argv)
{
    struct alerts *a = alerts_open(argc > 1 ? atoi(argv[1]) : 1);
    struct buf text = BUF((size_t)1 << 20);
    char line[4096];
    double at = -1;

    while (fgets(line, sizeof line, stdin)) {
        if (line[0] != '@') {
            buf_str(&text, line);
            continue;
        }
        if (at >= 0)
            evaluate(a, at, &text);
        at = atof(line + 1);
    }
    evaluate(a, at, &text);
    buf_free(&text);
    alerts_close(a);
    return 0;
}

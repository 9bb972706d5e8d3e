/*
 * The text format 0.0.4, which every version of Prometheus reads.
 */
// SPDX-License-Identifier: Apache-2.0
#include "ops/exposition.h"

#include <string.h>

void exposition_head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void exposition_histogram(struct buf *b, const char *name, const char *labels, const struct histogram *h)
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

void exposition_numbers(struct buf *b, const char *type, const char *help, const struct exposition_number *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(list[i - 1].name, list[i].name) != 0)
            exposition_head(b, list[i].name, type, help);
        if (isinf(list[i].value))
            buf_printf(b, "%s%s +Inf\n", list[i].name, list[i].labels);
        else
            buf_printf(b, "%s%s %.17g\n", list[i].name, list[i].labels, list[i].value);
    }
}

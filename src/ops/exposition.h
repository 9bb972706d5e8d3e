/*
 * Prometheus text: a head for each name, then its samples.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_EXPOSITION_H
#define KEELSON_OPS_EXPOSITION_H

#include <math.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/histogram.h"

void exposition_head(struct buf *b, const char *name, const char *type, const char *help);
/* `labels` without braces, "" for none. */
void exposition_histogram(struct buf *b, const char *name, const char *labels, const struct histogram *h);

struct exposition_number { const char *name, *labels; double value; };     /* labels with braces, "" for none */

/* Neighbours of one name share one head. */
void exposition_numbers(struct buf *b, const char *type, const char *help, const struct exposition_number *list, size_t n);

#define EXPOSITION_INFINITY ((double)INFINITY)

#define EXPOSITION_NUMBERS(b, type, help, ...)                                                    \
    exposition_numbers(b, type, help, (const struct exposition_number[]){ __VA_ARGS__ },          \
                       ARRAY_LEN(((const struct exposition_number[]){ __VA_ARGS__ })))

#endif

/*
 * Any bytes as a file of SQL: statements lie in it in order without a gap, each has its line, and each alone is one statement again.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/split.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static int line_of(struct span text, const char *at)
{
    int line = 1;

    for (const char *p = text.p; p < at; p++)
        line += *p == '\n';
    return line;
}

static void alone(struct arena *a, const struct split_statement *s)
{
    struct split_statement *again;
    struct err e = { 0 };
    int n;

    require(split_statements(a, s->text, &again, &n, NULL, &e));
    require(n == 1 && span_eq(again[0].text, s->text) && again[0].flags == s->flags);
}

static void check(struct arena *a, struct span text, const struct split_statement *s, int n, struct span tail)
{
    const char *at = text.p;

    for (int i = 0; i < n; i++) {
        require(s[i].before.p >= at && s[i].before.p + s[i].before.n == s[i].text.p && s[i].text.n > 0);
        require(s[i].line == line_of(text, s[i].text.p));
        at = s[i].text.p + s[i].text.n;
        alone(a, &s[i]);
    }
    require(tail.p >= at && tail.p + tail.n == text.p + text.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);          /* of exactly that size, so that a byte too far is found */
    struct arena a = ARENA;
    struct split_statement *s;
    struct span tail;
    struct err e = { 0 };
    int n;

    if (size)
        memcpy(copy, data, size);
    if (split_statements(&a, (struct span){ copy, size }, &s, &n, &tail, &e))
        check(&a, (struct span){ copy, size }, s, n, tail);
    else
        require(e.kind == E_USAGE);
    arena_free(&a);
    free(copy);
    return 0;
}

/*
 * The rows of work that has been answered, as their readers see them: no index column, and only their own.
 */
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "pg/link.h"

struct rows link_group_rows(const struct pg_link *k, int run, int task, int *cursor)
{
    const struct link_run *r = &k->runs[run];
    struct rows all = { .result = r->answer, .n = r->answer ? PQntuples(r->answer) : 0 };
    struct rows own = { .result = r->answer, .from = *cursor, .skip = 1 };

    while (*cursor < all.n && rows_i64(&all, *cursor, 0) == task - r->first) {
        ++*cursor;
        own.n++;
    }
    return own;
}

static int rows_of(PGresult *const *results, int n, struct rows *rows)
{
    for (int i = 0; i < n; i++)
        rows[i] = (struct rows){ .result = results[i], .n = PQntuples(results[i]), .affected = atoll(PQcmdTuples(results[i])) };
    return n;
}

int link_task_rows(const struct pg_link *k, struct rows *rows)
{
    return rows_of(k->results, k->nresults, rows);
}

int link_kept_rows(const struct link_kept *kept, struct rows *rows)
{
    return rows_of(kept->results, kept->n, rows);
}

void link_kept_free(struct link_kept *kept)
{
    for (int i = 0; kept && i < kept->n; i++)
        PQclear(kept->results[i]);
    free(kept);
}

/*
 * What is asked of the database once a minute: how large it is, and whether migrations have failed.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_OPS_SURVEY_H
#define KEELSON_OPS_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "ops/storage.h"
#include "pg/pool.h"

#define SURVEY_MIGRATIONS 128

struct survey_migration {
    char    project[32];
    int64_t version;
    bool    ok;                         /* its last attempt did not fail */
    bool    in_force;
};

struct survey_migrations {
    struct survey_migration list[SURVEY_MIGRATIONS];    /* the newest, when there are more */
    int     n;
    int64_t failed;                     /* attempts, since the ledger began */
    bool    known;                      /* the ledger could be read */
};

struct survey;

struct survey *survey_open(struct loop *l, struct pool *p, usec every, int64_t quota);
void survey_close(struct survey *s);

const struct storage *survey_storage(const struct survey *s);
const struct survey_migrations *survey_migrations(const struct survey *s);
usec survey_age(const struct survey *s);        /* of the size; 0: not known yet */

#endif

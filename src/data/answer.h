/*
 * Answers that every handler gives: one object with its ETag, and the errors about objects.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_ANSWER_H
#define KEELSON_DATA_ANSWER_H

#include "data/call.h"
#include "data/projection.h"
#include "data/resource.h"

/* The row whose fields begin in column `first`, as the whole answer, with ETag. */
bool answer_object(struct call *c, int status, const struct rows *r, int row, int first, const struct projection *p);

/* 204, whatever the rows. */
call_render answer_nothing;

/* Version and ETag of such a row; version 0 where the resource has none, and then no tag (SPAN_NONE). */
int64_t     answer_version(const struct resource *res, const struct rows *r, int row, int first);
struct span answer_etag(struct call *c, const struct rows *r, int row, int first);

/* "there is no such candidate": not there and not yours alike. */
bool answer_missing(const struct call *c, struct err *e);

#endif

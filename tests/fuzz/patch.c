/*
 * Two documents, a zero byte between them: the second as both kinds of patch on the first.  What comes out can be read
 * again and means the same, the inputs are as they were, and a merge done twice is a merge done once.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/patch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void check_result(struct arena *a, const struct json *result)
{
    struct buf b = BUF(64 << 20);
    struct err e = { 0 };
    struct json *again = NULL;

    patch_write(&b, result);
    require(!b.full && json_parse(a, buf_span(&b), &again, &e));
    require(json_equal(a, result, again));
    require(result->count == again->count && result->type == again->type);
    require((result->flags & (JSON_HUGE | JSON_UNSTORABLE)) == (again->flags & (JSON_HUGE | JSON_UNSTORABLE)));
    buf_free(&b);
}

static void check_error(const struct err *e)
{
    require(e->kind == E_INPUT || e->kind == E_CONFLICT);
    require(e->faults && (*e->faults->pointer == '/' || *e->faults->pointer == '\0'));
}

static void unchanged(struct arena *a, const struct json *v)
{
    struct json *again = NULL;
    struct err e = { 0 };

    require(json_parse(a, v->raw, &again, &e));
    require(json_equal(a, v, again) && v->flags == again->flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA;
    struct span patch_text = { (const char *)data, size };
    struct span target_text = span_cut(&patch_text, '\0');
    struct json *target, *patch, *result = NULL, *twice = NULL;
    struct err e = { 0 }, f = { 0 }, g = { 0 };

    if (!json_parse(&a, target_text, &target, &e) || !json_parse(&a, patch_text, &patch, &e))
        goto out;
    if (patch_merge(&a, target, patch, &result, &f)) {
        check_result(&a, result);
        require(patch_merge(&a, result, patch, &twice, &f) && json_equal(&a, result, twice));
    } else {
        check_error(&f);
    }
    if (patch_json(&a, target, patch, &result, &g))
        check_result(&a, result);
    else
        check_error(&g);
    unchanged(&a, target);
    unchanged(&a, patch);
out:
    arena_free(&a);
    return 0;
}

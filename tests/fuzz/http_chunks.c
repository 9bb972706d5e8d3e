/*
 * Any bytes as a chunked body: however they are split, the same bytes come out, with the same verdict at the same place.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/parse.h"

#include <stdlib.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

struct outcome {
    enum http_result result;
    size_t           eaten;
    struct buf       body;
    struct err       e;
};

/* In steps of at most `step` bytes, each from memory of its own. */
static void run(struct span in, size_t step, struct outcome *o)
{
    struct http_chunks c = { 0 };

    *o = (struct outcome){ .result = HTTP_MORE, .body = BUF(in.n) };
    while (o->result == HTTP_MORE && o->eaten < in.n) {
        size_t n = in.n - o->eaten < step ? in.n - o->eaten : step, used;
        char *copy = malloc(n);
        struct span piece;

        memcpy(copy, in.p + o->eaten, n);
        o->result = http_parse_chunks(&c, (struct span){ copy, n }, &piece, &used, &o->e);
        require(used <= n && used > 0);
        if (o->result != HTTP_BAD)
            require(buf_add(&o->body, piece));
        o->eaten += used;
        free(copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = { (const char *)data, size };
    static const size_t steps[] = { 1, 2, 3, 7, 64 };
    struct outcome whole, split;

    if (size == 0)
        return 0;
    run(in, size, &whole);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        run(in, steps[i], &split);
        require(split.result == whole.result && split.eaten == whole.eaten && split.e.kind == whole.e.kind);
        require(strcmp(split.e.message, whole.e.message) == 0 && span_eq(buf_span(&split.body), buf_span(&whole.body)));
        buf_free(&split.body);
    }
    buf_free(&whole.body);
    return 0;
}

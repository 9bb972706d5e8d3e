/*
 * Any document as a message of every dialect.  What is refused has a fault with a pointer and nothing else; what is read can be written in every
 * dialect, as JSON that can be read again.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/dialect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void check_written(struct arena *a, const struct json *message)
{
    for (int d = 0; d < DIALECTS; d++) {
        struct buf b = BUF(64 << 20);
        struct json_out out = JSON_OUT(&b);
        const struct json *both[] = { message, message };
        struct json *again = NULL;
        struct err e = { 0 };

        json_open(&out, '[');
        dialect_write(a, (enum dialect)d, both, ARRAY_LEN(both), &out);
        json_close(&out, ']');
        require(!b.full && json_parse(a, buf_span(&b), &again, &e));
        buf_free(&b);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA;
    struct err e = { 0 };
    struct json *doc;

    if (json_parse(&a, (struct span){ (const char *)data, size }, &doc, &e)) {
        for (int d = 1; d < DIALECTS; d++) {
            const struct json *message;
            struct err why = { 0 };

            if (dialect_read(&a, (enum dialect)d, doc, "/0", &message, &why))
                check_written(&a, message);
            else
                require(why.kind == E_JSON || (why.kind == E_INPUT && why.faults && why.faults->pointer[0] == '/'));
        }
        if (doc->type == JSON_OBJECT)
            check_written(&a, doc);
    }
    arena_free(&a);
    return 0;
}

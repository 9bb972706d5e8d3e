/*
 * Any bytes as a stream of PostgreSQL's protocol, from either side and in any pieces: messages lie in it in order without a gap, and
 * what has been read so far decides nothing about where the next one ends.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* One byte less of it is never a message. */
static void whole(struct wire before, const struct wire_message *m)
{
    struct wire_message ignored;

    require(wire_next(&before, (struct span){ m->bytes.p, m->bytes.n - 1 }, &ignored) == WIRE_MORE);
}

static void inside(const struct wire_message *m)
{
    struct span value = wire_startup_value(m, "application_name");

    require(m->body.p >= m->bytes.p && m->body.p + m->body.n == m->bytes.p + m->bytes.n);
    require(!value.p || (value.p >= m->body.p && value.p + value.n < m->body.p + m->body.n));
    wire_backend_pid(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum wire_side side = size > 0 && data[0] & 1 ? WIRE_CLIENT : WIRE_SERVER;
    size_t n = size > 0 ? size - 1 : 0;
    char *copy = malloc(n ? n : 1);                /* of exactly that size, so that a byte too far is found */
    struct wire w = { .side = side }, before = w;
    struct span rest = { copy, n };
    struct wire_message m;

    if (n)
        memcpy(copy, data + 1, n);
    while (wire_next(&w, rest, &m) == WIRE_MESSAGE) {
        require(m.bytes.p == rest.p && m.bytes.n > 0 && m.bytes.n <= rest.n);
        whole(before, &m);
        inside(&m);
        rest = span_drop(rest, m.bytes.n);
        before = w;
    }
    free(copy);
    return 0;
}

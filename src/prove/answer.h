/*
 * What a client heard until its connection ended: exactly one complete HTTP answer, or what else.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_PROVE_ANSWER_H
#define KEELSON_PROVE_ANSWER_H

#include "base/arena.h"
#include "base/span.h"

enum answer_shape {
    ANSWER_WHOLE,
    ANSWER_NONE,                /* closed without a byte */
    ANSWER_SILENT,              /* not even closed, for longer than a client waits */
    ANSWER_CUT,                 /* less than one answer, */
    ANSWER_MORE,                /* more than one, */
    ANSWER_STRANGE,             /* or none of this service's */
};

struct answer {
    enum answer_shape shape;
    int               status;
    struct span       body;             /* views of the bytes */
    struct span       etag;
    bool              problem;          /* a problem document that says the same status and whether to try again */
    const char       *code;             /* its code; "" for others */
};

/* All bytes of a connection that was asked to close after the answer. */
void answer_parse(struct arena *a, struct span bytes, struct answer *out);

#endif

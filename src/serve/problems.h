/*
 * What each kind of error means and what to do about it: the page at /problems/{slug}, for people and for programs.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_PROBLEMS_H
#define KEELSON_SERVE_PROBLEMS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct problem_text {
    enum err_kind kind;
    const char   *meaning;          /* what happened, in a sentence or two */
    const char   *way_out;          /* what whoever meets it should do */
};

/* NULL: E_NONE, or a kind nobody has written about, which a test refuses. */
const struct problem_text *problems_text(enum err_kind kind);

/* The kind of a slug, E_NONE when there is none. */
enum err_kind problems_find(struct span slug);

/* Does this Accept field prefer HTML?  Without one, or with anything allowed alike, the answer is JSON. */
bool problems_prefer_html(struct span accept);

void problems_json(struct buf *out, enum err_kind kind);
void problems_html(struct buf *out, enum err_kind kind);

#endif

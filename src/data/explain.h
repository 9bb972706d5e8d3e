/*
 * What the database refused, in the words of the client's own body.  Pure.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_DATA_EXPLAIN_H
#define KEELSON_DATA_EXPLAIN_H

#include "data/call.h"

/* Turn an error of the pool that names a constraint or column into a fault with a pointer; leave all others alone. */
void explain_error(struct call *c, struct err *e);

#endif

/*
 * `keelson demo --live` beside the running service: fills an empty organization, then simulates interviews through the ordinary
 * interface.  It ends with the program, whatever way that ends.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_DEMO_H
#define KEELSON_SERVE_DEMO_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/loop.h"

struct demo;

/* May this service have one?  E_USAGE says why not: only the embedded database is filled, and only where no key is needed or one is
   in KEELSON_API_KEY. */
MUST_CHECK bool demo_allowed(const struct conf *conf, bool local, struct err *e);

/* `address` as http_address() gives it. */
MUST_CHECK bool demo_open(struct loop *l, const struct conf *conf, const char *address, struct demo **out, struct err *e);
void demo_stop(struct demo *d);         /* ask it to end; NULL is fine */
void demo_close(struct demo *d);        /* it is gone afterwards; NULL is fine */

#endif

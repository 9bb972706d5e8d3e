/*
 * Writing down when a key was last used, beside the requests and never in their way: what cannot be written now is left out.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_SERVE_KEY_USE_H
#define KEELSON_SERVE_KEY_USE_H

#include "access/keyring.h"
#include "pg/pool.h"

struct key_use;

struct key_use *key_use_open(struct pool *pool);
/* When who->use_due says so. */
void key_use_note(struct key_use *u, const struct principal *who);
/* Once the pool is closed. */
void key_use_close(struct key_use *u);

#endif

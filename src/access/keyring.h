/*
 * Keys the service has seen lately.  An entry is trusted for under a second, so a revoked key stops working within one.
 * Unknown ids are remembered the same way.  Bounded: hostile ids evict, they never grow it.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_ACCESS_KEYRING_H
#define KEELSON_ACCESS_KEYRING_H

#include <stdbool.h>

#include "access/key.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/uuid.h"
#include "pg/pool.h"

#define KEYRING_SCOPES 512

struct principal {                       /* who asks */
    struct uuid org, key;                /* key all zero: the local organization without a key */
    char        scopes[KEYRING_SCOPES];  /* blank-separated */
    bool        use_due;                 /* once a minute: write down that the key was used */
};

struct keyring;

struct keyring *keyring_open(int64_t requests_per_second);      /* 0: no limit */
void keyring_close(struct keyring *r);

enum keyring_answer { KEYRING_YES, KEYRING_NO, KEYRING_ASK };

/*
 * YES: *out is who.  NO: *e is E_UNAUTHENTICATED (the same words for unknown, wrong, expired, revoked), E_FORBIDDEN (organization
 * suspended) or E_RATE.  ASK: look the id up with keyring_kind and give the answer to keyring_learn(), then call again.
 */
enum keyring_answer keyring_check(struct keyring *r, struct span token, usec now, struct principal *out, struct err *e);

/* Grouped look-up: task.item is a struct keyring_ask; no organization. */
struct keyring_ask { struct span id; };
extern const struct batch_kind keyring_kind;
void keyring_learn(struct keyring *r, struct span id, const struct rows *rows, usec now);

#endif

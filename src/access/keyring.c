/*
 * A small table of keys by id, each trusted for FRESH.  The database is the only truth; this only saves asking it 40,000 times a second.
 */
// SPDX-License-Identifier: Apache-2.0
#include "access/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/limit.h"
#include "base/arena.h"
#include "embedded.h"

#define SLOTS 4096                          /* a power of two */
#define PROBE 4                             /* places an id may be in; the oldest is evicted */
#define FRESH (800 * USEC_MS)
#define NOTED (60 * USEC_S)                 /* how exactly last_used_at is known */

struct entry {
    char             id[KEY_ID];
    usec             learned;               /* 0: empty */
    bool             known, usable, org_active;
    uint8_t          hash[DIGEST_SHA256];
    struct principal who;
    struct limit     limit;
    usec             noted;                 /* when use_due was said last; 0: never */
};

struct keyring {
    int64_t      per_second;
    struct entry entries[SLOTS];
};

struct keyring *keyring_open(int64_t requests_per_second)
{
    struct keyring *r = calloc(1, sizeof *r);

    if (!r)
        err_die("out of memory: no room for the keys");
    r->per_second = requests_per_second;
    return r;
}

void keyring_close(struct keyring *r)
{
    free(r);
}

static struct entry *entry_find(struct keyring *r, struct span id)
{
    size_t home = digest_hash64(id);

    for (size_t i = 0; i < PROBE; i++) {
        struct entry *e = &r->entries[(home + i) & (SLOTS - 1)];

        if (e->learned && memcmp(e->id, id.p, KEY_ID) == 0)
            return e;
    }
    return NULL;
}

static struct entry *entry_place(struct keyring *r, struct span id)
{
    size_t home = digest_hash64(id);
    struct entry *oldest = entry_find(r, id);

    for (size_t i = 0; i < PROBE && (!oldest || memcmp(oldest->id, id.p, KEY_ID) != 0); i++) {
        struct entry *e = &r->entries[(home + i) & (SLOTS - 1)];

        if (!oldest || e->learned < oldest->learned)
            oldest = e;
    }
    return oldest;
}

/* The same words whatever is wrong: no oracle. */
static enum keyring_answer no(struct err *e)
{
    fail(e, E_UNAUTHENTICATED, "the API key is not valid; send Authorization: Bearer kls_live_...");
    return KEYRING_NO;
}

enum keyring_answer keyring_check(struct keyring *r, struct span token, usec now, struct principal *out, struct err *e)
{
    uint8_t hash[DIGEST_SHA256];
    struct entry *entry;
    struct span id;

    if (!key_parse(token, &id))
        return no(e);
    entry = entry_find(r, id);
    if (!entry || now - entry->learned > FRESH)
        return KEYRING_ASK;
    digest_sha256(token, hash);
    /* Compared also for an unknown id, so that both take the same time. */
    if (!digest_equal(hash, entry->hash, sizeof hash) || !entry->known || !entry->usable)
        return no(e);
    if (!entry->org_active) {
        fail(e, E_FORBIDDEN, "the organization is suspended");
        return KEYRING_NO;
    }
    if (r->per_second > 0 && !limit_take(&entry->limit, r->per_second, now, e))
        return KEYRING_NO;
    *out = entry->who;
    out->use_due = entry->noted == 0 || now - entry->noted > NOTED;
    if (out->use_due)
        entry->noted = now;
    return KEYRING_YES;
}

static int keyring_merge(struct task *const *tasks, int n, struct arena *a, struct stmt *out, int max)
{
    int32_t *places = arena_array(a, int32_t, n);
    struct span *ids = arena_array(a, struct span, n);

    (void)max;
    for (int i = 0; i < n; i++) {
        places[i] = i;
        ids[i] = ((const struct keyring_ask *)tasks[i]->item)->id;
    }
    *out = STMT("key_find", sql_key_find);
    stmt_int4_array(a, out, places, (size_t)n);
    stmt_span_array(a, out, ids, (size_t)n, STMT_OID_TEXT);
    return 1;
}

const struct batch_kind keyring_kind = { .name = "key", .merge = keyring_merge };

enum { COL_ORG, COL_ID, COL_HASH, COL_SCOPES, COL_USABLE, COL_ORG_ACTIVE };

/* Cut between two scopes: the first half of "*:read" would be "*". */
static void scopes_keep(struct principal *who, struct span scopes)
{
    if (scopes.n >= sizeof who->scopes)
        for (scopes.n = sizeof who->scopes - 1; scopes.n > 0 && scopes.p[scopes.n] != ' ';)
            scopes.n--;
    snprintf(who->scopes, sizeof who->scopes, "%.*s", SPAN_ARG(scopes));
}

void keyring_learn(struct keyring *r, struct span id, const struct rows *rows, usec now)
{
    struct entry *e = entry_place(r, id);
    bool same = e->learned && memcmp(e->id, id.p, KEY_ID) == 0;
    struct span hash;

    *e = (struct entry){ .learned = now, .limit = same ? e->limit : (struct limit){ 0 }, .noted = same ? e->noted : 0 };
    memcpy(e->id, id.p, KEY_ID);
    if (rows->n == 0)
        return;
    hash = rows_get(rows, 0, COL_HASH);
    if (hash.n != sizeof e->hash)
        return;
    memcpy(e->hash, hash.p, sizeof e->hash);
    e->known = rows_uuid(rows, 0, COL_ORG, &e->who.org) && rows_uuid(rows, 0, COL_ID, &e->who.key);
    e->usable = rows_bool(rows, 0, COL_USABLE);
    e->org_active = rows_bool(rows, 0, COL_ORG_ACTIVE);
    scopes_keep(&e->who, rows_get(rows, 0, COL_SCOPES));
}

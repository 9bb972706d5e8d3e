/*
 * UUIDs.  Version 7 puts the time first, so that rows made together lie together.
 *
 * The 12 bits after the milliseconds start at the fraction of the millisecond and count on when that
 * is not enough; overflow borrows from the next millisecond.  Safe in any thread and after fork().
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/uuid.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/digest.h"

static _Atomic uint64_t last_stamp;         /* milliseconds << 12 | counter, of the newest id */

/* Random bytes are fetched for 128 ids at once: the system call costs more than all the rest. */
static _Thread_local struct {
    uint8_t  bytes[1024];
    unsigned left;
} pool;

static void forget_pool(void)
{
    pool.left = 0;
}

static void register_fork(void)
{
    pthread_atfork(NULL, NULL, forget_pool);
}

static uint64_t random_tail(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    uint64_t v;

    if (pool.left == 0) {
        pthread_once(&once, register_fork);
        digest_random(pool.bytes, sizeof(pool.bytes));
        pool.left = sizeof(pool.bytes);
    }
    pool.left -= (unsigned)sizeof(v);
    memcpy(&v, pool.bytes + pool.left, sizeof(v));
    return v;
}

static uint64_t next_stamp(void)
{
    uint64_t us = (uint64_t)clock_wall();
    uint64_t now = (us / 1000) << 12 | (us % 1000) * 4096 / 1000;
    uint64_t last = atomic_load(&last_stamp);
    uint64_t next;

    do
        next = now > last ? now : last + 1;
    while (!atomic_compare_exchange_weak(&last_stamp, &last, next));
    return next;
}

static void put_big_endian(uint8_t *out, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(out, &v, sizeof(v));
}

struct uuid uuid_v7(void)
{
    uint64_t stamp = next_stamp();
    struct uuid u;

    put_big_endian(u.b, (stamp >> 12) << 16 | 0x7000 | (stamp & 0xFFF));
    put_big_endian(u.b + 8, (random_tail() & (UINT64_MAX >> 2)) | (uint64_t)1 << 63);
    return u;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Where a dash comes before byte i. */
static bool dash_before(size_t i)
{
    return i == 4 || i == 6 || i == 8 || i == 10;
}

bool uuid_parse(struct span s, struct uuid *out)
{
    const char *p = s.p;
    struct uuid u;

    if (s.n != UUID_TEXT)
        return false;
    for (size_t i = 0; i < sizeof(u.b); i++, p += 2) {
        int high, low;

        if (dash_before(i) && *p++ != '-')
            return false;
        high = nibble(p[0]);
        low = nibble(p[1]);
        if (high < 0 || low < 0)
            return false;
        u.b[i] = (uint8_t)(high << 4 | low);
    }
    *out = u;
    return true;
}

void uuid_format(const struct uuid *u, char out[UUID_TEXT])
{
    static const uint8_t groups[] = { 4, 2, 2, 2, 6 };
    const uint8_t *from = u->b;

    for (size_t i = 0; i < sizeof(groups); i++) {
        if (i > 0)
            *out++ = '-';
        digest_hex(from, groups[i], out);
        from += groups[i];
        out += 2 * groups[i];
    }
}

bool uuid_eq(const struct uuid *a, const struct uuid *b)
{
    return uuid_cmp(a, b) == 0;
}

int uuid_cmp(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->b, b->b, sizeof(a->b));
}

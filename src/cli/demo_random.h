/*
 * Chance that can be repeated: the same seed, stream and number give the same draws on every machine.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_CLI_DEMO_RANDOM_H
#define KEELSON_CLI_DEMO_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct demo_random { uint64_t state; };

/* splitmix64 */
static inline uint64_t demo_random_next(struct demo_random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Neighbouring numbers are unrelated. */
static inline struct demo_random demo_random_of(uint64_t seed, uint64_t stream, uint64_t number)
{
    struct demo_random r = { seed };

    r.state = demo_random_next(&r) + stream;
    r.state = demo_random_next(&r) + number;
    return r;
}

static inline int demo_random_below(struct demo_random *r, int n)
{
    return (int)(demo_random_next(r) % (uint64_t)n);
}

static inline int demo_random_between(struct demo_random *r, int least, int most)
{
    return least + demo_random_below(r, most - least + 1);
}

static inline bool demo_random_chance(struct demo_random *r, int percent)
{
    return demo_random_below(r, 100) < percent;
}

#endif

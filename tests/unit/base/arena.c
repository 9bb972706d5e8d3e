/*
 * Arenas: zeroed, aligned, apart from each other; what a reset keeps and gives back.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    static const size_t sizes[] = { 0, 1, 15, 16, 17, 100, 4096, 5000, 16384, 100000, 3, 300000, 1 };
    struct arena a = ARENA;
    char *pieces[ARRAY_LEN(sizes)];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            pieces[i] = arena_alloc(&a, sizes[i]);
            assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(pieces[i][k], 0);
            memset(pieces[i], (int)i + 1, sizes[i]);
        }
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(pieces[i][k], i + 1);
        assert_ptr_not_equal(arena_alloc(&a, 0), arena_alloc(&a, 0));
        arena_reset(&a);
    }
    arena_free(&a);
}

static void reset_keeps_one_ordinary_block(void **state)
{
    struct arena a = ARENA;
    size_t first;

    (void)state;
    arena_alloc(&a, 10);
    first = a.total;
    for (int i = 0; i < 1000; i++)
        arena_alloc(&a, 1000);
    assert_true(a.total > 1000 * 1000);
    arena_reset(&a);
    assert_int_equal(a.total, first);
    arena_alloc(&a, 10);
    assert_int_equal(a.total, first);
    arena_free(&a);
    assert_int_equal(a.total, 0);
    arena_alloc(&a, 1 << 20);                       /* only a large block: nothing ordinary to keep */
    arena_reset(&a);
    assert_int_equal(a.total, 0);
    arena_free(&a);
}

static void large_pieces_leave_the_room_of_the_newest(void **state)
{
    struct arena a = ARENA;
    char *before = arena_alloc(&a, 16);

    (void)state;
    arena_alloc(&a, 100000);
    assert_ptr_equal(arena_alloc(&a, 16), before + 16);
    arena_free(&a);
}

static void texts(void **state)
{
    struct arena a = ARENA;
    char *wide = arena_alloc(&a, 1001);
    struct span copy;

    (void)state;
    memset(wide, 'x', 1000);
    assert_string_equal(arena_printf(&a, "%d-%s", 7, "a"), "7-a");
    assert_string_equal(arena_printf(&a, "%s", wide), wide);        /* longer than the first try */
    assert_string_equal(arena_printf(&a, "%255s", ""), arena_printf(&a, "%*s", 255, ""));
    assert_int_equal(strlen(arena_printf(&a, "%256s", "")), 256);
    assert_string_equal(arena_strdup(&a, SPAN_NONE), "");
    copy = arena_span(&a, SPAN("a\0b"));
    assert_true(span_eq(copy, SPAN("a\0b")));
    assert_int_equal(copy.p[3], 0);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(reset_keeps_one_ordinary_block),
        cmocka_unit_test(large_pieces_leave_the_room_of_the_newest),
        cmocka_unit_test(texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

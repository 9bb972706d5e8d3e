/*
 * Which messages of a connection belong to a request.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"

static bool hears(struct tap *t, char type, const char *body)
{
    struct wire_message m = { .kind = WIRE_TYPED, .type = type, .body = span_of(body) };

    return tap_answer(t, &m);
}

static bool says(struct tap *t, const char *batch, int syncs)
{
    return tap_batch(t, span_of(batch), syncs, SPAN("0198-org"));
}

static void test_one_round(void **state)
{
    struct tap t = { 0 };

    (void)state;
    assert_false(hears(&t, 'D', "x"));
    assert_false(says(&t, "B health E S", 1));
    assert_false(hears(&t, 'Z', "I"));
    assert_true(says(&t, "B 0198-org E S", 1));
    assert_true(hears(&t, 'D', "x"));
    assert_true(hears(&t, 'Z', "I"));
    assert_false(t.ours);
    assert_false(hears(&t, 'D', "x"));
}

/* An open transaction, or a Sync without an answer, keeps the conversation open, whatever is said in it. */
static void test_a_transaction(void **state)
{
    struct tap t = { 0 };

    (void)state;
    assert_true(says(&t, "BEGIN 0198-org", 1));
    assert_true(hears(&t, 'Z', "T"));
    assert_true(t.ours);
    assert_true(says(&t, "UPDATE", 1));
    assert_true(says(&t, "COMMIT", 1));
    assert_true(hears(&t, 'Z', "E"));
    assert_true(t.ours);
    assert_true(hears(&t, 'Z', "I"));
    assert_false(t.ours);
}

static void test_aside(void **state)
{
    struct tap t = { 0 };

    (void)state;
    assert_false(tap_batch(&t, (struct span)SPAN("0198-org\0key_use\0"), 1, SPAN("0198-org")));
    assert_false(says(&t, "0198-or", 1));
    assert_false(says(&t, "", 0));
}

static void test_what_is_told_at_any_time_is_not_counted(void **state)
{
    struct tap t = { 0 };

    (void)state;
    assert_true(says(&t, "0198-org", 1));
    assert_false(hears(&t, 'N', "notice"));
    assert_false(hears(&t, 'S', "parameter"));
    assert_false(hears(&t, 'A', "notification"));
    assert_true(hears(&t, 'E', "error"));
}

static void test_where_a_batch_ends(void **state)
{
    static const struct { enum wire_kind kind; char type; bool ends; } cases[] = {
        { WIRE_TYPED, 'P', false }, { WIRE_TYPED, 'B', false }, { WIRE_TYPED, 'D', false }, { WIRE_TYPED, 'E', false }, { WIRE_TYPED, 'C', false },
        { WIRE_TYPED, 'S', true },  { WIRE_TYPED, 'H', true },  { WIRE_TYPED, 'Q', true },  { WIRE_TYPED, 'X', true },  { WIRE_TYPED, 'p', true },
        { WIRE_TYPED, '\0', true }, { WIRE_STARTUP, 0, true },  { WIRE_CANCEL, 0, true },   { WIRE_ENCRYPTION, 0, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct wire_message m = { .kind = cases[i].kind, .type = cases[i].type };

        assert_int_equal(tap_batch_ends(&m), cases[i].ends);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_round),
        cmocka_unit_test(test_a_transaction),
        cmocka_unit_test(test_aside),
        cmocka_unit_test(test_what_is_told_at_any_time_is_not_counted),
        cmocka_unit_test(test_where_a_batch_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

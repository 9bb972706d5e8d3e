/*
 * Interviews as they are composed: the same for the same number, whole, and quoted as they were said.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

#define PEOPLE 400

static void each(void (*check)(const struct demo_talk *))
{
    for (int i = 1; i <= PEOPLE; i++) {
        struct arena a = ARENA;
        struct demo_person p;

        demo_person_make(&a, 3, i, &p);
        check(demo_talk_make(&a, &p, 1 + i % 3, 1));
        arena_free(&a);
    }
}

static bool contains(struct span text, struct span part)
{
    return text.n > 0 && part.n > 0 && memmem(text.p, text.n, part.p, part.n) != NULL;
}

static void check_evidence(const struct demo_talk *t)
{
    assert_true(t->nevidence > 2);
    for (int i = 0; i < t->nevidence; i++) {
        const struct demo_turn *said = &t->turns[t->evidence[i].seq - 1];

        assert_in_range(t->evidence[i].seq, 1, t->n);
        assert_string_equal(said->role, "user");
        assert_true(contains(said->content, t->evidence[i].quote));
    }
}

static void evidence_is_what_was_said(void **state)
{
    (void)state;
    each(check_evidence);
}

static void check_filled(const struct demo_talk *t)
{
    static const char *const names[] = { "{name}", "{company}", "{previous}", "{product}", "{years}", "{city}", "{skill}", "{role}", "{study}", "{ask}" };

    for (int i = 0; i < t->n; i++) {
        assert_true(span_utf8(t->turns[i].content));
        assert_true(t->turns[i].content.n > 0 || t->turns[i].tool_calls);
        for (size_t k = 0; k < ARRAY_LEN(names); k++)
            assert_false(contains(t->turns[i].content, span_of(names[k])));
    }
}

static void nothing_is_left_to_fill_in(void **state)
{
    (void)state;
    each(check_filled);
}

static void check_tools(const struct demo_talk *t)
{
    for (int i = 0; i < t->n; i++) {
        const struct demo_turn *u = &t->turns[i];

        if (u->tool_calls) {
            assert_in_range(i + 1, 1, t->n - 1);
            assert_string_equal(t->turns[i + 1].role, "tool");
            assert_true(contains(span_of(u->tool_calls), span_of(t->turns[i + 1].tool_call_id)));
        }
        assert_int_equal(strcmp(u->role, "tool") == 0, u->tool_call_id != NULL);
        assert_true(t->kind != DEMO_HUMAN || (!u->generated && !u->tool_calls));
    }
}

static void calls_are_answered(void **state)
{
    (void)state;
    each(check_tools);
}

static void written(const struct demo_talk *t, struct buf *b)
{
    struct json_out o = JSON_OUT(b);

    json_open(&o, '[');
    for (int seq = 1; seq <= t->n; seq++)
        demo_talk_message(&o, t, seq, 0);
    json_close(&o, ']');
}

static void a_number_is_one_interview(void **state)
{
    struct buf first = BUF(1 << 20), again = BUF(1 << 20), other = BUF(1 << 20);
    struct arena a = ARENA;
    struct demo_person p;

    (void)state;
    demo_person_make(&a, 1, 17, &p);
    written(demo_talk_make(&a, &p, 1, 1), &first);
    demo_person_make(&a, 1, 17, &p);
    written(demo_talk_make(&a, &p, 1, 1), &again);
    written(demo_talk_make(&a, &p, 1, 2), &other);
    assert_true(span_eq(buf_span(&first), buf_span(&again)));
    assert_false(span_eq(buf_span(&first), buf_span(&other)));
    assert_true(json_check(buf_span(&first), &(struct err){ 0 }));
    buf_free(&first);
    buf_free(&again);
    buf_free(&other);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_is_what_was_said),
        cmocka_unit_test(nothing_is_left_to_fill_in),
        cmocka_unit_test(calls_are_answered),
        cmocka_unit_test(a_number_is_one_interview),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

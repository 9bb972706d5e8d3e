/*
 * Errors: the table of kinds, and messages that stay whole when they are long.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail                 /* a macro there */

#include "base/arena.h"
#include "base/span.h"

static void kinds_are_a_sound_table(void **state)
{
    (void)state;
    for (int k = 0; k < ERR_KIND_COUNT; k++) {
        const struct err_info *info = err_info((enum err_kind)k);

        print_message("%s\n", info->name);
        assert_true(info->http == 200 || (info->http >= 400 && info->http <= 599));
        assert_in_range(info->exit, 0, 3);
        assert_true((info->exit == 0) == (k == E_NONE));
        assert_int_equal(strspn(info->slug, "abcdefghijklmnopqrstuvwxyz-"), strlen(info->slug));
        for (int other = 0; other < k; other++)
            assert_string_not_equal(info->slug, err_info((enum err_kind)other)->slug);
    }
    assert_string_equal(err_info(E_INPUT)->name, "E_INPUT");
    assert_string_equal(err_info(ERR_KIND_COUNT)->name, "E_INTERNAL");
}

static void fail_fills_and_keeps(void **state)
{
    struct err e = { .sqlstate = "23505", .extra = "\"a\":1" };

    (void)state;
    errno = ENOENT;
    assert_false(fail(&e, E_IO, "open %s: %m", "x"));
    assert_int_equal(e.kind, E_IO);
    assert_string_equal(e.message, "open x: No such file or directory");
    assert_string_equal(e.sqlstate, "23505");
    assert_string_equal(e.extra, "\"a\":1");
    assert_false(fail(&e, E_BUSY, "again: %s", e.message));         /* its own message as argument */
    assert_string_equal(e.message, "again: open x: No such file or directory");
    assert_false(err_context(&e, "line %d", 7));
    assert_string_equal(e.message, "line 7: again: open x: No such file or directory");
    assert_int_equal(e.kind, E_BUSY);
    err_clear(&e);
    assert_int_equal(e.kind, E_NONE);
}

static void long_messages_are_cut_between_characters(void **state)
{
    static const char *const characters[] = { "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80" };
    char text[1200];
    struct err e = { 0 };

    (void)state;
    for (size_t c = 0; c < ARRAY_LEN(characters); c++)
        for (size_t lead = 0; lead < 4; lead++) {
            size_t n = strlen(characters[c]);

            memset(text, '.', lead);
            text[lead] = '\0';
            while (strlen(text) + n < sizeof(text))
                strcat(text, characters[c]);
            fail(&e, E_INPUT, "%s", text);
            assert_true(span_utf8(span_of(e.message)));
            assert_in_range(strlen(e.message), sizeof(e.message) - 4, sizeof(e.message) - 1);
            err_context(&e, "\xE2\x82\xAC");
            assert_true(span_utf8(span_of(e.message)));
            assert_true(span_starts(span_of(e.message), SPAN("\xE2\x82\xAC: ")));
        }
}

static void faults_keep_their_order(void **state)
{
    struct arena a = ARENA;
    struct err e = { 0 };
    const struct fault *f;
    int n = 0;

    (void)state;
    for (int i = 0; i < 20000; i++)             /* quickly: the list has an end to append to */
        assert_false(fault_add(&e, &a, i ? "/x" : "", "type", "number %d", i));
    assert_int_equal(e.kind, E_INPUT);
    assert_string_equal(e.message, "the body number 0");
    for (f = e.faults; f; f = f->next, n++)
        if (n == 19999)
            assert_string_equal(f->message, "number 19999");
    assert_int_equal(n, 20000);
    e = (struct err){ .kind = E_JSON, .faults = e.faults };         /* a list made by somebody else */
    fault_add(&e, &a, "/y", "type", "last");
    assert_int_equal(e.kind, E_JSON);
    assert_string_equal(e.last->message, "last");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_a_sound_table),
        cmocka_unit_test(fail_fills_and_keeps),
        cmocka_unit_test(long_messages_are_cut_between_characters),
        cmocka_unit_test(faults_keep_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

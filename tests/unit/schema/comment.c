/*
 * Tags in comments: where they may stand, what they take, and that text which is none stays text.
 */
// SPDX-License-Identifier: Apache-2.0
#include "schema/comment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct column column(struct arena *a, const char *text)
{
    struct column c = { 0 };

    comment_column(a, span_of(text), &c);
    return c;
}

static const struct { const char *why, *text, *doc; } docs[] = {
    { "no comment",              NULL,                                    NULL },
    { "only text",               "Name of it.",                           "Name of it." },
    { "tags before",             "@filter @pii Name of it.",              "Name of it." },
    { "tag behind",              "Name of it. @pii",                      "Name of it." },
    { "only tags",               "@filter @pii",                          NULL },
    { "unknown tag stays",       "Write to @somebody.",                   "Write to @somebody." },
    { "an address is no tag",    "Such as ada@filter.org.",               "Such as ada@filter.org." },
    { "argument missing",        "@number Counted.",                      "@number Counted." },
    { "argument not wanted",     "@pii(x) Text.",                         "@pii(x) Text." },
    { "parenthesis not closed",  "@number(x Text.",                       "@number(x Text." },
    { "tag of a table",          "@resource(x) Text.",                    "@resource(x) Text." },
};

static void descriptions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
        struct arena a = ARENA;
        struct column c = column(&a, docs[i].text);

        if ((c.doc == NULL) != (docs[i].doc == NULL) || (c.doc && strcmp(c.doc, docs[i].doc) != 0))
            fail_msg("%s: \"%s\"", docs[i].why, c.doc ? c.doc : "(none)");
        arena_free(&a);
    }
}

static void flags(void **state)
{
    struct arena a = ARENA;
    struct column c = column(&a, "@readonly @filter @pii @hidden @lazy @create @reason x");
    struct column none = column(&a, "readonly filter");

    (void)state;
    assert_true(c.readonly && c.filter && c.pii && c.hidden && c.lazy && c.create && c.reason);
    assert_false(none.readonly || none.filter || none.pii || none.hidden || none.lazy || none.create || none.reason);
    arena_free(&a);
}

static void arguments(void **state)
{
    struct arena a = ARENA;
    struct column c = column(&a, "@number(candidate_id) @normalized(email) @current( candidate_id ) @on(a, b,c)");

    (void)state;
    assert_string_equal(c.number_within, "candidate_id");
    assert_string_equal(c.normalized_from, "email");
    assert_string_equal(c.current_within, "candidate_id");
    assert_int_equal(c.non_states, 3);
    assert_string_equal(c.on_states[1], "b");
    assert_string_equal(c.on_states[2], "c");
    arena_free(&a);
}

static void tables(void **state)
{
    struct arena a = ARENA;
    struct table t = { 0 }, p = { 0 };

    (void)state;
    comment_table(&a, SPAN("@resource(notes) Notes of a person."), &t);
    comment_table(&a, SPAN("@part(assessments, scores) Scores."), &p);
    assert_string_equal(t.resource, "notes");
    assert_string_equal(t.doc, "Notes of a person.");
    assert_string_equal(p.part_of, "assessments");
    assert_string_equal(p.part_field, "scores");
    assert_null(p.resource);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptions),
        cmocka_unit_test(flags),
        cmocka_unit_test(arguments),
        cmocka_unit_test(tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The tables of the demonstration data: whole, and what refers to something finds it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/span.h"

static const struct demo_topic *const topics[] = {
    &demo_texts_sql, &demo_texts_data, &demo_texts_c, &demo_texts_python, &demo_texts_frontend, &demo_texts_sre, &demo_texts_product,
    &demo_texts_behaviour, &demo_texts_design,
};

static bool is_topic(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(topics); i++)
        if (strcmp(topics[i]->key, key) == 0)
            return true;
    return false;
}

static void assert_sentence(const char *text)
{
    assert_non_null(text);
    assert_true(strlen(text) > 3);
    assert_true(span_utf8(span_of(text)));
    assert_true(strchr(".?!\"", text[strlen(text) - 1]) != NULL);
}

static void question_check(const struct demo_topic *t, const struct demo_question *q)
{
    assert_memory_equal(q->key, t->key, strlen(t->key));
    for (int i = 0; i < 2; i++) {
        assert_sentence(q->ask[i]);
        assert_sentence(q->vague[i]);
    }
    for (int i = 0; i < 4; i++)             /* a strong answer takes up to four */
        assert_sentence(q->points[i]);
    for (int i = 0; i < DEMO_MORE; i++) {
        assert_sentence(q->more[i].ask);
        assert_sentence(q->more[i].good[0]);
        assert_sentence(q->more[i].good[1]);
        assert_sentence(q->more[i].poor);
    }
}

static void questions_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        assert_true(topics[i]->n >= 3);     /* up to three are asked */
        for (int k = 0; k < topics[i]->n; k++) {
            question_check(topics[i], &topics[i]->questions[k]);
            for (int m = 0; m < k; m++)
                assert_string_not_equal(topics[i]->questions[k].key, topics[i]->questions[m].key);
        }
    }
}

static void roles_ask_what_there_is(void **state)
{
    (void)state;
    for (int i = 0; i < demo_texts_nroles; i++)
        for (size_t k = 0; k < ARRAY_LEN(demo_texts_roles[i].topics); k++)
            if (demo_texts_roles[i].topics[k])
                assert_true(is_topic(demo_texts_roles[i].topics[k]));
    for (int i = 0; i < demo_texts_nexercises; i++)
        assert_true(is_topic(demo_texts_exercises[i].topic));
}

static void roles_are_whole(void **state)
{
    (void)state;
    for (int i = 0; i < demo_texts_nroles; i++) {
        for (size_t k = 0; k < ARRAY_LEN(demo_texts_roles[i].skills); k++)
            assert_non_null(demo_texts_roles[i].skills[k]);
        for (size_t k = 0; k < ARRAY_LEN(demo_texts_roles[i].work); k++)
            assert_sentence(demo_texts_roles[i].work[k]);
    }
}

/* An address is made of the Latin spelling, which therefore has to be there wherever the other is not plain. */
static void names_have_a_latin_spelling(void **state)
{
    (void)state;
    for (int i = 0; i < demo_texts_npeople; i++) {
        const struct demo_people *p = &demo_texts_people[i];

        for (int k = 0; k < p->ngiven + p->nfamily; k++) {
            const struct demo_name *n = k < p->ngiven ? &p->given[k] : &p->family[k - p->ngiven];

            for (const char *c = n->latin ? n->latin : n->native; *c; c++)
                assert_true((*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == ' ');
            assert_true(span_utf8(span_of(n->native)));
        }
    }
}

static void pairs_are_pairs(void **state)
{
    const struct demo_scenes *s = &demo_texts_scenes;

    (void)state;
    assert_int_equal(s->aside.n, s->aside_answer.n);
    assert_int_equal(s->wants_to_know.n, s->told.n);
    for (int i = 0; i < demo_texts_nscripts; i++)
        for (int k = 0; k < demo_texts_scripts[i].n; k++) {
            assert_true(span_utf8(span_of(demo_texts_scripts[i].exchanges[k].ask)));
            assert_non_null(demo_texts_scripts[i].exchanges[k].answer[0]);
            assert_non_null(demo_texts_scripts[i].exchanges[k].answer[1]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_whole),
        cmocka_unit_test(roles_ask_what_there_is),
        cmocka_unit_test(roles_are_whole),
        cmocka_unit_test(names_have_a_latin_spelling),
        cmocka_unit_test(pairs_are_pairs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

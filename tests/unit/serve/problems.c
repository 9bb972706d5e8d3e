/*
 * Every kind of error has its words, once; and who gets HTML.
 */
// SPDX-License-Identifier: Apache-2.0
#include "serve/problems.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/json.h"

/* Ends like one, and what is code is closed. */
static bool sentence(const char *text)
{
    size_t n = strlen(text), ticks = 0;

    for (const char *p = text; *p; p++)
        ticks += *p == '`';
    return n > 15 && ticks % 2 == 0 && text[n - 1] == '.';
}

static void every_kind_has_words(void **state)
{
    (void)state;
    for (int k = E_NONE + 1; k < ERR_KIND_COUNT; k++) {
        const struct problem_text *t = problems_text((enum err_kind)k);

        if (!t)
            fail_msg("%s: say in problems.c what it means and what to do", err_info((enum err_kind)k)->slug);
        else if (!sentence(t->meaning) || !sentence(t->way_out))
            fail_msg("%s: its words are no sentences", err_info((enum err_kind)k)->slug);
        assert_int_equal(problems_find(span_of(err_info((enum err_kind)k)->slug)), k);
    }
    assert_null(problems_text(E_NONE));
    assert_int_equal(problems_find(SPAN("none")), E_NONE);
    assert_int_equal(problems_find(SPAN("nothing")), E_NONE);
}

static void who_prefers_html(void **state)
{
    static const struct { const char *why, *accept; bool want; } cases[] = {
        { "none",                         NULL,                                                               false },
        { "empty",                        "",                                                                 false },
        { "anything",                     "*/*",                                                              false },
        { "a browser",                    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",  true  },
        { "HTML alone",                   "text/html",                                                        true  },
        { "letter case",                  "Text/HTML",                                                        true  },
        { "JSON alone",                   "application/json",                                                 false },
        { "HTML and anything alike",      "text/html, */*",                                                   true  },
        { "both alike: JSON is the form", "text/html, application/json",                                      false },
        { "JSON preferred",               "text/html;q=0.5, application/json",                                false },
        { "HTML preferred",               "text/html, application/json;q=0.9",                                true  },
        { "HTML refused",                 "text/html;q=0, */*",                                               false },
        { "a parameter before q",         "text/html;charset=utf-8;q=0.4, application/json;q=0.5",            false },
        { "three digits",                 "text/html;q=0.501, application/json;q=0.500",                      true  },
        { "nonsense",                     ";;,,q=,text/html;q=x",                                             true  },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (problems_prefer_html(span_of(cases[i].accept)) != cases[i].want)
            fail_msg("%s", cases[i].why);
}

static void both_forms_say_the_same(void **state)
{
    struct arena a = ARENA;

    (void)state;
    for (int k = E_NONE + 1; k < ERR_KIND_COUNT; k++) {
        struct buf json = BUF(100000), html = BUF(100000);
        struct json *doc;
        struct err e = { 0 };

        problems_json(&json, (enum err_kind)k);
        problems_html(&html, (enum err_kind)k);
        assert_true(json_parse(&a, buf_span(&json), &doc, &e));
        assert_non_null(strstr(buf_cstr(&html), err_info((enum err_kind)k)->title));
        assert_non_null(strstr(buf_cstr(&html), err_info((enum err_kind)k)->slug));
        assert_null(strstr(buf_cstr(&html), "{{"));
        assert_null(strchr(buf_cstr(&html), '`'));
        buf_free(&json);
        buf_free(&html);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_words), cmocka_unit_test(who_prefers_html), cmocka_unit_test(both_forms_say_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Refusals of the database, by SQLSTATE and name of a constraint, as faults of the client's body.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/explain.h"

#include <stdio.h>

#include "example.h"

static const struct { const char *why, *resource, *method, *sqlstate, *name; enum err_kind given, kind; const char *faults, *says; } cases[] = {
    { "unique, of a normalized copy", "candidates", "POST", "23505", "candidates_email_key", E_DUPLICATE, E_DUPLICATE, "/email taken", "email is already taken" },
    { "unique within a parent", "resumes", "POST", "23505", "resumes_number_key", E_DUPLICATE, E_DUPLICATE, "/version_no taken", "version_no" },
    { "unique in a part", "assessments", "POST", "23505", "scores_pkey", E_DUPLICATE, E_DUPLICATE, "/scores taken", "same criterion twice" },
    { "unique below the resource", "candidates", "POST", "23505", "resumes_number_key", E_DUPLICATE, E_DUPLICATE, "", "version_no of a resume" },
    { "unknown constraint", "candidates", "POST", "23505", "x", E_DUPLICATE, E_DUPLICATE, "", "must be unique" },
    { "check with a description", "candidates", "POST", "23514", "candidates_full_name_check", E_INPUT, E_INPUT, "/full_name check", "" },
    { "check in a part", "assessments", "POST", "23514", "scores_score_check", E_INPUT, E_INPUT, "/scores check", "" },
    { "unknown check", "candidates", "POST", "23514", "x", E_INPUT, E_INPUT, " check", "" },
    { "not null", "candidates", "PATCH", "23502", "full_name", E_INPUT, E_INPUT, "/full_name null", "" },
    { "reference to nothing", "resumes", "POST", "23503", "resumes_candidate_fkey", E_REFERENCED, E_INPUT, "/candidate_id reference", "" },
    { "referenced from elsewhere", "candidates", "POST", "23503", "resumes_candidate_fkey", E_REFERENCED, E_REFERENCED, "", "" },
    { "value of another type", "candidates", "POST", "22P02", "Input is not valid", E_INPUT, E_INPUT, " type", "" },
    { "filter of another type", "candidates", "GET", "22P02", "Input is not valid", E_INPUT, E_PARAMETER, "", "filter" },
    { "anything else is left alone", "candidates", "POST", "40P01", "Busy", E_BUSY_ROW, E_BUSY_ROW, "", "Busy" },
};

static void errors(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct call c = example_call(&a, m, cases[i].resource, NULL);
        struct err e = { 0 };

        c.method = cases[i].method;
        snprintf(e.sqlstate, sizeof e.sqlstate, "%s", cases[i].sqlstate);
        (fail)(&e, cases[i].given, "%s", cases[i].name);
        explain_error(&c, &e);
        if (e.kind != cases[i].kind || strcmp(example_faults(&a, &e), cases[i].faults) != 0 || !strstr(e.message, cases[i].says))
            fail_msg("%s: %s, \"%s\"", cases[i].why, e.message, example_faults(&a, &e));
        if (strstr(e.message, "_key") || strstr(e.message, "_check"))
            fail_msg("%s: names a constraint: %s", cases[i].why, e.message);
    }
    arena_free(&a);
}

static void without_a_resource(void **state)
{
    struct call c = { .method = "GET" };
    struct err e = { .sqlstate = "23505" };

    (void)state;
    c.arena = &(struct arena){ 0 };
    (fail)(&e, E_DUPLICATE, "x");
    explain_error(&c, &e);
    assert_null(e.faults);
    arena_free(c.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors),
        cmocka_unit_test(without_a_resource),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

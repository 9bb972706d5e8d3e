/*
 * The model that follows from a catalog, and tables that cannot be served as their comment asks.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/resource.h"

#include "example.h"

static void what_follows(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);
    struct resource *c = model_find(m, SPAN("candidates")), *r = model_find(m, SPAN("resumes")), *x = model_find(m, SPAN("messages"));

    (void)state;
    assert_int_equal(m->nresources, 4);
    assert_null(model_find(m, SPAN("assessment_scores")));
    assert_string_equal(c->singular, "candidate");
    assert_true(c->has_version && c->has_trash && c->has_status && c->has_updated && !c->created_elsewhere);
    assert_int_equal(c->ninitial, 2);
    assert_int_equal(c->nchildren, 2);
    assert_int_equal(c->neager + 1, c->nfields);
    assert_string_equal(c->fields[c->neager].name, "essay");
    assert_null(resource_field(c, SPAN("email_norm")));
    assert_null(resource_field(c, SPAN("org_id")));
    assert_false(r->has_status);
    assert_string_equal(resource_link(r, c)->name, "candidate_id");
    assert_null(resource_link(c, r));
    assert_true(x->created_elsewhere && !x->has_trash && !x->has_version);
    assert_ptr_equal(model_of_table(m, &example_tables[EXAMPLE_RESUMES]), r);
    arena_free(&a);
}

static const struct { const char *field; bool create, patch, required, filter; } rights[] = {
    { "id",            false, false, false, true  },
    { "full_name",     true,  true,  true,  true  },
    { "email",         true,  true,  false, true  },
    { "tags",          true,  true,  false, true  },
    { "status",        true,  false, false, true  },
    { "status_reason", false, false, false, false },
    { "hired_at",      false, false, false, true  },
    { "height",        true,  true,  false, false },
    { "version",       false, false, false, false },
    { "created_at",    false, false, false, true  },
    { "essay",         true,  true,  false, false },
};

static void who_may_give_what(void **state)
{
    struct arena a = ARENA;
    struct resource *r = model_find(example_model(&a), SPAN("candidates"));

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
        const struct field *f = resource_field(r, span_of(rights[i].field));

        if (f->at_create != rights[i].create || f->at_patch != rights[i].patch || f->required != rights[i].required ||
            f->filter != rights[i].filter)
            fail_msg("%s: create %d, patch %d, required %d, filter %d", f->name, f->at_create, f->at_patch, f->required, f->filter);
    }
    arena_free(&a);
}

static const struct { const char *name, *singular; } nouns[] = {
    { "candidates", "candidate" }, { "assessments", "assessment" }, { "companies", "company" }, { "classes", "class" },
    { "addresses", "address" }, { "glass", "glass" }, { "sheep", "sheep" },
};

static void singulars(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(nouns); i++) {
        struct arena a = ARENA;
        struct table t = example_tables[EXAMPLE_MESSAGES];
        struct catalog c = { .tables = &t, .ntables = 1 };
        struct model *m;
        struct err e = { 0 };

        t.resource = nouns[i].name;
        assert_true(model_build(&a, &c, &m, &e));
        if (strcmp(m->resources[0].singular, nouns[i].singular) != 0)
            fail_msg("%s: %s", nouns[i].name, m->resources[0].singular);
        arena_free(&a);
    }
}

static bool built(struct table t, const char *says)
{
    struct arena a = ARENA;
    struct table both[2] = { t, t };
    struct catalog c = { .tables = both, .ntables = strcmp(says, "two tables") == 0 ? 2 : 1 };
    struct model *m;
    struct err e = { 0 };
    bool ok = model_build(&a, &c, &m, &e);

    if (!ok && (e.kind != E_DATABASE || !strstr(e.message, says)))
        fail_msg("%s", e.message);
    arena_free(&a);
    return ok;
}

static void what_is_refused(void **state)
{
    struct table t = example_tables[EXAMPLE_MESSAGES];

    (void)state;
    assert_false(built(t, "two tables"));
    t.force_row_security = false;
    assert_false(built(t, "row level security"));
    t.force_row_security = true;
    t.has_org = false;
    assert_false(built(t, "no column org_id"));
    t.has_org = true;
    t.ncolumns = 1;
    assert_false(built(t, "no column id"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_follows),
        cmocka_unit_test(who_may_give_what),
        cmocka_unit_test(singulars),
        cmocka_unit_test(what_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Schemas are valid JSON and say of each field what validation will say.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/describe.h"

#include "example.h"

static struct json *described(struct arena *a, const struct resource *r, void (*describe)(struct json_out *o, const struct resource *r))
{
    struct buf b = BUF(1 << 20);
    struct json_out o = JSON_OUT(&b);
    struct json *root;
    struct err e = { 0 };
    struct span text;

    describe(&o, r);
    text = arena_span(a, buf_span(&b));
    buf_free(&b);
    if (!json_parse(a, text, &root, &e))
        fail_msg("%s: %.*s", e.message, SPAN_ARG(text));
    return root;
}

static const struct { const char *why, *pointer, *want; } reads[] = {
    { "identifier",         "/properties/id/format",               "\"uuid\"" },
    { "read only",          "/properties/id/readOnly",             "true" },
    { "nullable",           "/properties/email/type",              "[\"string\",\"null\"]" },
    { "personal data",      "/properties/email/x-pii",             "true" },
    { "class in a pattern", "/properties/email/pattern",           "\"^[^@\\\\s]+@[^@\\\\s]+$\"" },
    { "length",             "/properties/full_name/maxLength",     "10" },
    { "description",        "/properties/full_name/description",   "\"Name.\"" },
    { "values",             "/properties/status/enum",             "[\"new\",\"screening\",\"hired\"]" },
    { "elements",           "/properties/tags/items",              "{\"type\":\"string\"}" },
    { "time",               "/properties/created_at/format",       "\"date-time\"" },
    { "bytes",              "/properties/photo/contentEncoding",   "\"base64\"" },
    { "any JSON object",    "/properties/metadata/type",           "\"object\"" },
    { "version",            "/properties/version/format",          "\"int64\"" },
    { "of the table",       "/description",                        "\"People.\"" },
    { "lazy is there too",  "/properties/essay/type",              "[\"string\",\"null\"]" },
    { "hidden is not",      "/properties/email_norm",              NULL },
    { "nothing is promised", "/required",                          NULL },
};

static const struct { const char *why, *pointer, *want; } creates[] = {
    { "required",           "/required",                           "[\"full_name\"]" },
    { "nothing else",       "/additionalProperties",               "false" },
    { "states to start in", "/properties/status/enum",             "[\"new\",\"screening\"]" },
    { "default text",       "/properties/status/default",          "\"new\"" },
    { "default array",      "/properties/tags/default",            "[]" },
    { "default object",     "/properties/metadata/default",        "{}" },
    { "no identifier",      "/properties/id",                      NULL },
};

static void check(struct arena *a, const struct json *root, const char *why, const char *pointer, const char *want)
{
    const struct json *v = json_resolve(a, root, span_of(pointer));

    if ((v == NULL) != (want == NULL) || (v && !span_is(v->raw, want)))
        fail_msg("%s: %.*s", why, v ? (int)v->raw.n : 7, v ? v->raw.p : "nothing");
}

static void candidates(void **state)
{
    struct arena a = ARENA;
    const struct resource *r = model_find(example_model(&a), SPAN("candidates"));
    struct json *read = described(&a, r, describe_read), *create = described(&a, r, describe_create);
    struct json *patch = described(&a, r, describe_patch);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(reads); i++)
        check(&a, read, reads[i].why, reads[i].pointer, reads[i].want);
    for (size_t i = 0; i < ARRAY_LEN(creates); i++)
        check(&a, create, creates[i].why, creates[i].pointer, creates[i].want);
    check(&a, patch, "status is moved, not patched", "/properties/status", NULL);
    check(&a, patch, "nothing is required of a patch", "/required", NULL);
    check(&a, patch, "null removes", "/properties/email/type", "[\"string\",\"null\"]");
    arena_free(&a);
}

static void parts(void **state)
{
    struct arena a = ARENA;
    const struct resource *r = model_find(example_model(&a), SPAN("assessments"));
    struct json *read = described(&a, r, describe_read), *create = described(&a, r, describe_create);

    (void)state;
    check(&a, read, "rows", "/properties/scores/items/properties/score/type", "\"number\"");
    check(&a, create, "what a row needs", "/properties/scores/items/required", "[\"criterion\",\"score\"]");
    check(&a, create, "and nothing else", "/properties/scores/items/additionalProperties", "false");
    arena_free(&a);
}

static void filters(void **state)
{
    struct arena a = ARENA;
    const struct resource *r = model_find(example_model(&a), SPAN("candidates"));
    const char *operators;

    (void)state;
    assert_true(describe_filter(resource_field(r, SPAN("full_name")), &operators));
    assert_non_null(strstr(operators, "like"));
    assert_true(describe_filter(resource_field(r, SPAN("born")), &operators));
    assert_null(strstr(operators, "like"));
    assert_true(describe_filter(resource_field(r, SPAN("metadata")), &operators));
    assert_string_equal(operators, "cs is");
    assert_false(describe_filter(resource_field(r, SPAN("height")), &operators));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(candidates),
        cmocka_unit_test(parts),
        cmocka_unit_test(filters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

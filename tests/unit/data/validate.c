/*
 * Bodies for creation and for change, and every fault they have: all of them at once, each at its place.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/validate.h"

#include "example.h"

static const struct { const char *why, *resource, *body, *faults; } created[] = {
    { "the least",                 "candidates", "{\"full_name\":\"A\"}", "" },
    { "everything",                "candidates", "{\"full_name\":\"A\",\"email\":\"a@b\",\"tags\":[\"x\"],\"status\":\"screening\",\"height\":170.5,"
                                                 "\"born\":\"2000-01-31\",\"photo\":\"aGk=\",\"metadata\":{\"a\":null},\"essay\":\"x\"}", "" },
    { "null where it may be",      "candidates", "{\"full_name\":\"A\",\"email\":null,\"height\":null,\"born\":null,\"photo\":null}", "" },
    { "nothing",                   "candidates", "{}", "/full_name required" },
    { "not an object",             "candidates", "3", " type" },
    { "several at once",           "candidates", "{\"email\":\"nope\",\"tags\":\"x\",\"born\":\"2001-02-29\",\"foo\":1}",
      "/email format.email, /tags type, /born format.date, /foo unknown, /full_name required" },
    { "null where it may not be",  "candidates", "{\"full_name\":null,\"tags\":null}", "/full_name null, /tags null" },
    { "empty text",                "candidates", "{\"full_name\":\"\"}", "/full_name min-length" },
    { "too long, by characters",   "candidates", "{\"full_name\":\"12345678901\"}", "/full_name max-length" },
    { "ten characters of 4 bytes", "candidates", "{\"full_name\":\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"
                                                 "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\"}", "" },
    { "U+0000",                    "candidates", "{\"full_name\":\"a\\u0000\"}", "/full_name unstorable" },
    { "lone surrogate far below",  "candidates", "{\"full_name\":\"A\",\"metadata\":{\"a\":[{\"b\":\"\\ud800\"}]}}", "/metadata/a/0/b unstorable" },
    { "U+0000 in a key",           "candidates", "{\"full_name\":\"A\",\"metadata\":{\"a\\u0000\":1}}", "/metadata/a\xEF\xBF\xBD unstorable" },
    { "huge number far below",     "candidates", "{\"full_name\":\"A\",\"metadata\":{\"a\":1e131071}}", "/metadata/a number-size" },
    { "wrong kind of JSON",        "candidates", "{\"full_name\":\"A\",\"metadata\":[]}", "/metadata type" },
    { "element of an array",       "candidates", "{\"full_name\":\"A\",\"tags\":[\"x\",3]}", "/tags/1 type" },
    { "null element",              "candidates", "{\"full_name\":\"A\",\"tags\":[null]}", "/tags/0 type" },
    { "too many elements",         "candidates", "{\"full_name\":\"A\",\"tags\":[\"a\",\"b\",\"c\",\"d\"]}", "/tags max-length" },
    { "bounds of a number",        "candidates", "{\"full_name\":\"A\",\"height\":301}", "/height maximum" },
    { "below zero",                "candidates", "{\"full_name\":\"A\",\"height\":-1}", "/height minimum" },
    { "digits it cannot keep",     "candidates", "{\"full_name\":\"A\",\"height\":1.25}", "/height scale" },
    { "a number as text",          "candidates", "{\"full_name\":\"A\",\"height\":\"1\"}", "/height type" },
    { "not base64",                "candidates", "{\"full_name\":\"A\",\"photo\":\"a\"}", "/photo format.base64" },
    { "unknown state",             "candidates", "{\"full_name\":\"A\",\"status\":\"x\"}", "/status enum" },
    { "state not for a start",     "candidates", "{\"full_name\":\"A\",\"status\":\"hired\"}", "/status state" },
    { "set by the service",        "candidates", "{\"full_name\":\"A\",\"id\":\"x\",\"version\":1,\"created_at\":\"x\",\"status_reason\":\"x\",\"hired_at\":null}",
      "/id read-only, /version read-only, /created_at read-only, /status_reason read-only, /hired_at read-only" },
    { "hidden is unknown",         "candidates", "{\"full_name\":\"A\",\"email_norm\":\"x\",\"org_id\":\"x\"}", "/email_norm unknown, /org_id unknown" },
    { "reference",                 "resumes",    "{\"candidate_id\":\"x\"}", "/candidate_id format.uuid" },
    { "number is optional",        "resumes",    "{\"candidate_id\":\"019a0bff-0000-7000-8000-0000000000ab\",\"version_no\":null}", "" },
    { "whole number",              "resumes",    "{\"candidate_id\":\"019a0bff-0000-7000-8000-0000000000ab\",\"version_no\":1.5}", "/version_no type" },
    { "1e2 is whole",              "resumes",    "{\"candidate_id\":\"019a0bff-0000-7000-8000-0000000000ab\",\"version_no\":1e2}", "" },
    { "too large for its type",    "resumes",    "{\"candidate_id\":\"019a0bff-0000-7000-8000-0000000000ab\",\"version_no\":2147483648}", "/version_no maximum" },
    { "not a boolean",             "resumes",    "{\"candidate_id\":\"019a0bff-0000-7000-8000-0000000000ab\",\"is_current\":1}", "/is_current type" },
    { "rows of a part",            "assessments", "{\"candidate_id\":\"019a0bff-0000-7000-8000-0000000000ab\",\"scores\":[{\"criterion\":\"c\",\"score\":1}]}", "" },
    { "faults in a part",          "assessments", "{\"candidate_id\":\"019a0bff-0000-7000-8000-0000000000ab\",\"scores\":[3,{\"score\":-1,\"x\":1}]}",
      "/scores/0 type, /scores/1/score minimum, /scores/1/x unknown, /scores/1/criterion required" },
    { "a part is an array",        "assessments", "{\"candidate_id\":\"019a0bff-0000-7000-8000-0000000000ab\",\"scores\":{}}", "/scores type" },
};

static void creation(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(created); i++) {
        struct call c = example_call(&a, m, created[i].resource, created[i].body);
        struct err e = { 0 };
        struct validator v = { .arena = &a, .resource = c.resource, .e = &e };

        validate_create(&v, c.doc, "");
        if (strcmp(example_faults(&a, &e), created[i].faults) != 0)
            fail_msg("%s: \"%s\"", created[i].why, example_faults(&a, &e));
        if (validate_done(&v) != (created[i].faults[0] == '\0') || (e.kind == E_INPUT) != (created[i].faults[0] != '\0'))
            fail_msg("%s: %s", created[i].why, e.message);
    }
    arena_free(&a);
}

static void a_slip_is_suggested(void **state)
{
    struct arena a = ARENA;
    struct call c = example_call(&a, example_model(&a), "candidates", "{\"full_nam\":\"A\",\"zzzzzzzz\":1}");
    struct err e = { 0 };
    struct validator v = { .arena = &a, .resource = c.resource, .e = &e };

    (void)state;
    validate_create(&v, c.doc, "");
    assert_string_equal(e.faults->message, "is not a known field; did you mean full_name?");
    assert_string_equal(e.faults->next->message, "is not a known field");
    arena_free(&a);
}

#define BEFORE "{\"id\":\"019a0bff-0000-7000-8000-0000000000ab\",\"full_name\":\"A\",\"email\":\"a@b\",\"tags\":[\"x\"],\"status\":\"new\",\"born\":null," \
               "\"metadata\":{\"a\": 1, \"b\": [1.10]},\"hired_at\":\"2024-01-01T00:00:00.000000Z\",\"version\":1}"

static const struct { const char *why, *after, *changed, *faults; } changes[] = {
    { "nothing",                   BEFORE, "", "" },
    { "a field",                   "{\"full_name\":\"B\"}", "full_name", "" },
    { "only spelled differently",  "{\"full_name\":\"\\u0041\",\"metadata\":{\"b\":[1.10],\"a\":1},\"hired_at\":\"2024-01-01T01:00:00+01:00\","
                                   "\"id\":\"019A0BFF-0000-7000-8000-0000000000AB\"}", "", "" },
    { "the scale is a change",     "{\"metadata\":{\"a\":1,\"b\":[1.1]}}", "metadata", "" },
    { "to null",                   "{\"email\":null}", "email", "" },
    { "null of a NOT NULL",        "{\"full_name\":null}", "full_name", "/full_name null" },
    { "status",                    "{\"status\":\"hired\"}", "status", "/status read-only" },
    { "read only",                 "{\"version\":2}", "version", "/version read-only" },
    { "unknown",                   "{\"foo\":1}", "", "/foo unknown" },
    { "wrong type",                "{\"tags\":\"x\"}", "tags", "/tags type" },
};

/* The members of `after` over those of BEFORE. */
static struct json *over(struct arena *a, const char *after)
{
    struct err e = { 0 };
    struct json *before, *given;

    assert_true(json_parse(a, span_of(BEFORE), &before, &e));
    assert_true(json_parse(a, span_of(after), &given, &e));
    for (struct json *m = given->first; m; m = m->next) {
        struct json *old = (struct json *)json_find(before, arena_strdup(a, m->key)), *next = old ? old->next : NULL;

        if (old) {
            *old = *m;
            old->next = next;
            continue;
        }
        old = arena_new(a, struct json);
        *old = *m;
        old->next = before->first;
        before->first = old;
        before->count++;
    }
    return before;
}

static void change(void **state)
{
    struct arena a = ARENA;
    struct model *m = example_model(&a);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        struct call c = example_call(&a, m, "candidates", BEFORE);
        struct err e = { 0 };
        struct validator v = { .arena = &a, .resource = c.resource, .e = &e };
        bool *changed = arena_array(&a, bool, c.resource->nfields);
        const char *names = "";

        validate_change(&v, c.doc, over(&a, changes[i].after), changed);
        for (int k = 0; k < c.resource->nfields; k++)
            names = changed[k] ? arena_printf(&a, "%s%s", names, c.resource->fields[k].name) : names;
        if (strcmp(names, changes[i].changed) != 0 || strcmp(example_faults(&a, &e), changes[i].faults) != 0)
            fail_msg("%s: changed \"%s\", \"%s\"", changes[i].why, names, example_faults(&a, &e));
    }
    arena_free(&a);
}

static void faults_are_limited(void **state)
{
    struct arena a = ARENA;
    struct buf b = BUF(1 << 20);
    struct call c;
    struct err e = { 0 };
    struct validator v = { .arena = &a, .e = &e };
    int listed = 0;

    (void)state;
    buf_str(&b, "{\"full_name\":\"A\"");
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, ",\"unknown%d\":1", i);
    buf_str(&b, "}");
    c = example_call(&a, example_model(&a), "candidates", buf_cstr(&b));
    v.resource = c.resource;
    validate_create(&v, c.doc, "");
    for (const struct fault *f = e.faults; f; f = f->next)
        listed++;
    assert_int_equal(listed, VALIDATE_FAULTS);
    assert_false(validate_done(&v));
    assert_non_null(strstr(e.message, "1000"));
    buf_free(&b);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creation),
        cmocka_unit_test(a_slip_is_suggested),
        cmocka_unit_test(change),
        cmocka_unit_test(faults_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

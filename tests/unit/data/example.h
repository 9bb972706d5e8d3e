/*
 * A small catalog made by hand: candidates with resumes (numbered, one current), assessments with scores, messages that are
 * created elsewhere.  What is tested with it needs no server.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_TESTS_DATA_EXAMPLE_H
#define KEELSON_TESTS_DATA_EXAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "data/call.h"
#include "data/resource.h"

#define EXAMPLE_COLUMN(n, t, spelled, ...) { .name = n, .type = t, .type_name = spelled, .writable = true, __VA_ARGS__ }
#define EXAMPLE_ID(n)       EXAMPLE_COLUMN(n, OID_UUID, "uuid", .not_null = true)
#define EXAMPLE_ORG         EXAMPLE_COLUMN("org_id", OID_UUID, "uuid", .not_null = true, .hidden = true)
#define EXAMPLE_TIME(n)     EXAMPLE_COLUMN(n, OID_TIMESTAMPTZ, "timestamp with time zone", .not_null = true, .readonly = true)
#define EXAMPLE_VERSION     EXAMPLE_COLUMN("version", OID_INT8, "bigint", .not_null = true, .readonly = true, .has_default = true, \
                                           .default_sql = "1")
#define EXAMPLE_TRASH       EXAMPLE_COLUMN("deleted_at", OID_TIMESTAMPTZ, "timestamp with time zone", .readonly = true), \
                            EXAMPLE_COLUMN("purge_after", OID_TIMESTAMPTZ, "timestamp with time zone", .readonly = true), \
                            EXAMPLE_COLUMN("trash_op", OID_UUID, "uuid", .hidden = true)

static const char *const example_states[] = { "new", "screening", "hired" };
static const char *const example_hired[] = { "hired" };
static const char *const example_key_id[] = { "org_id", "id" };
static const char *const example_key_email[] = { "org_id", "email_norm" };
static const char *const example_key_number[] = { "org_id", "candidate_id", "version_no" };
static const char *const example_key_message[] = { "org_id", "session_id", "seq" };
static const char *const example_key_score[] = { "org_id", "assessment_id", "criterion" };
static const char *const example_check_name[] = { "full_name" };
static const char *const example_check_score[] = { "score" };

enum { EXAMPLE_CANDIDATES, EXAMPLE_RESUMES, EXAMPLE_ASSESSMENTS, EXAMPLE_SCORES, EXAMPLE_MESSAGES, EXAMPLE_TABLES };

static struct column example_candidates[] = {
    EXAMPLE_ORG, EXAMPLE_ID("id"),
    EXAMPLE_COLUMN("full_name", OID_TEXT, "text", .not_null = true, .filter = true, .min = 1, .max = 10, .doc = "Name."),
    EXAMPLE_COLUMN("email", OID_TEXT, "text", .filter = true, .pattern = "^[^@[:space:]]+@[^@[:space:]]+$", .pii = true),
    EXAMPLE_COLUMN("email_norm", OID_TEXT, "text", .hidden = true, .normalized_from = "email"),
    EXAMPLE_COLUMN("tags", OID_TEXT_ARRAY, "text[]", .not_null = true, .has_default = true, .default_sql = "'{}'::text[]", .filter = true,
                   .max = 3),
    EXAMPLE_COLUMN("status", OID_TEXT, "text", .not_null = true, .has_default = true, .default_sql = "'new'::text", .filter = true,
                   .create = true, .allowed = example_states, .nallowed = 3),
    EXAMPLE_COLUMN("status_reason", OID_TEXT, "text", .readonly = true, .reason = true, .max = 20),
    EXAMPLE_COLUMN("hired_at", OID_TIMESTAMPTZ, "timestamp with time zone", .readonly = true, .on_states = example_hired, .non_states = 1),
    EXAMPLE_COLUMN("height", OID_NUMERIC, "numeric(4,1)", .min = 1, .max = 300),
    EXAMPLE_COLUMN("born", OID_DATE, "date", .filter = true),
    EXAMPLE_COLUMN("photo", OID_BYTEA, "bytea", .pii = true),
    EXAMPLE_COLUMN("metadata", OID_JSONB, "jsonb", .not_null = true, .has_default = true, .default_sql = "'{}'::jsonb", .filter = true,
                   .json_kind = "object"),
    EXAMPLE_COLUMN("essay", OID_TEXT, "text", .lazy = true),
    EXAMPLE_VERSION, EXAMPLE_TIME("created_at"), EXAMPLE_TIME("updated_at"), EXAMPLE_TRASH,
};

static struct column example_resumes[] = {
    EXAMPLE_ORG, EXAMPLE_ID("id"),
    EXAMPLE_COLUMN("candidate_id", OID_UUID, "uuid", .not_null = true, .create = true),
    EXAMPLE_COLUMN("version_no", OID_INT4, "integer", .not_null = true, .create = true, .number_within = "candidate_id", .min = 1),
    EXAMPLE_COLUMN("is_current", OID_BOOL, "boolean", .not_null = true, .has_default = true, .default_sql = "true",
                   .current_within = "candidate_id"),
    EXAMPLE_VERSION, EXAMPLE_TIME("created_at"), EXAMPLE_TIME("updated_at"), EXAMPLE_TRASH,
};

static struct column example_assessments[] = {
    EXAMPLE_ORG, EXAMPLE_ID("id"),
    EXAMPLE_COLUMN("candidate_id", OID_UUID, "uuid", .not_null = true),
    EXAMPLE_VERSION, EXAMPLE_TIME("created_at"), EXAMPLE_TIME("updated_at"), EXAMPLE_TRASH,
};

static struct column example_scores[] = {
    EXAMPLE_ORG, EXAMPLE_ID("assessment_id"),
    EXAMPLE_COLUMN("criterion", OID_TEXT, "text", .not_null = true),
    EXAMPLE_COLUMN("score", OID_NUMERIC, "numeric", .not_null = true, .min = 1),
};

static struct column example_messages[] = {
    EXAMPLE_ORG, EXAMPLE_ID("id"),
    EXAMPLE_COLUMN("session_id", OID_UUID, "uuid", .not_null = true, .readonly = true, .filter = true),
    EXAMPLE_COLUMN("seq", OID_INT8, "bigint", .not_null = true, .readonly = true, .filter = true),
    EXAMPLE_COLUMN("content", OID_TEXT, "text", .pii = true),
    EXAMPLE_TIME("created_at"),
};

static struct table example_tables[EXAMPLE_TABLES];

static struct foreign_key example_resume_fks[] = { { "resumes_candidate_fkey", &example_tables[EXAMPLE_CANDIDATES], "candidate_id", true } };
static struct foreign_key example_assessment_fks[] = { { "assessments_candidate_fkey", &example_tables[EXAMPLE_CANDIDATES], "candidate_id", true } };
static struct foreign_key example_score_fks[] = { { "scores_fkey", &example_tables[EXAMPLE_ASSESSMENTS], "assessment_id", true } };

static struct key example_candidate_keys[] = { { "candidates_pkey", example_key_id, 2, true }, { "candidates_email_key", example_key_email, 2, false } };
static struct key example_resume_keys[] = { { "resumes_pkey", example_key_id, 2, true }, { "resumes_number_key", example_key_number, 3, false } };
static struct key example_assessment_keys[] = { { "assessments_pkey", example_key_id, 2, true } };
static struct key example_score_keys[] = { { "scores_pkey", example_key_score, 3, true } };
static struct key example_message_keys[] = { { "messages_id_key", example_key_id, 2, false }, { "messages_pkey", example_key_message, 3, true } };

static struct check example_candidate_checks[] = { { "candidates_full_name_check", example_check_name, 1 } };
static struct check example_score_checks[] = { { "scores_score_check", example_check_score, 1 } };

#define EXAMPLE_TABLE(t, what, ...) { .schema = "keelson", .name = t, .qualified = "keelson." t, .row_security = true, \
                                      .force_row_security = true, .has_org = true, .columns = what, .ncolumns = ARRAY_LEN(what), __VA_ARGS__ }

static struct table example_tables[EXAMPLE_TABLES] = {
    [EXAMPLE_CANDIDATES]  = EXAMPLE_TABLE("candidates", example_candidates, .resource = "candidates", .doc = "People.",
                                          .keys = example_candidate_keys, .nkeys = 2, .checks = example_candidate_checks, .nchecks = 1),
    [EXAMPLE_RESUMES]     = EXAMPLE_TABLE("resumes", example_resumes, .resource = "resumes", .keys = example_resume_keys, .nkeys = 2,
                                          .fks = example_resume_fks, .nfks = 1),
    [EXAMPLE_ASSESSMENTS] = EXAMPLE_TABLE("assessments", example_assessments, .resource = "assessments", .keys = example_assessment_keys,
                                          .nkeys = 1, .fks = example_assessment_fks, .nfks = 1),
    [EXAMPLE_SCORES]      = EXAMPLE_TABLE("assessment_scores", example_scores, .part_of = "assessments", .part_field = "scores",
                                          .keys = example_score_keys, .nkeys = 1, .fks = example_score_fks, .nfks = 1,
                                          .checks = example_score_checks, .nchecks = 1),
    [EXAMPLE_MESSAGES]    = EXAMPLE_TABLE("messages", example_messages, .resource = "messages", .keys = example_message_keys, .nkeys = 2),
};

static struct transition example_transitions[] = {
    { "candidates", "", "new", false }, { "candidates", "", "screening", false }, { "candidates", "new", "screening", false },
    { "candidates", "screening", "hired", true }, { "candidates", "new", "hired", true },
};

static struct finder example_finders[] = { { "candidates", "metadata", "keelson.find_candidates_metadata" } };

static const struct catalog example_catalog = {
    .tables = example_tables, .ntables = EXAMPLE_TABLES, .transitions = example_transitions, .ntransitions = 5,
    .finders = example_finders, .nfinders = 1, .server_version = 150000,
};

/* Bounds that the tables above leave at zero are none. */
static inline void example_bounds(struct table *t)
{
    for (int i = 0; i < t->ncolumns; i++) {
        t->columns[i].min = t->columns[i].min ? t->columns[i].min : INT64_MIN;
        t->columns[i].max = t->columns[i].max ? t->columns[i].max : INT64_MAX;
    }
}

static inline struct model *example_model(struct arena *a)
{
    struct model *m;
    struct err e = { 0 };

    for (int i = 0; i < EXAMPLE_TABLES; i++)
        example_bounds(&example_tables[i]);
    if (!model_build(a, &example_catalog, &m, &e))
        fail_msg("%s", e.message);
    return m;
}

/* A call for a resource, with a body (NULL: none). */
static inline struct call example_call(struct arena *a, struct model *m, const char *resource, const char *body)
{
    struct call c = { .arena = a, .model = m, .resource = model_find(m, span_of(resource)), .method = body ? "POST" : "GET" };
    struct err e = { 0 };

    c.org.b[0] = 1;
    c.path = span_of(arena_printf(a, "/v1/%s", resource));
    c.body = span_of(body);
    if (body && !json_parse(a, c.body, &c.doc, &e))
        fail_msg("%s: %s", body, e.message);
    return c;
}

static inline void example_param(struct call *c, const char *name, const char *value)
{
    if (!c->params)
        c->params = arena_array(c->arena, struct call_param, 16);
    c->params[c->nparams++] = (struct call_param){ .name = span_of(name), .value = span_of(value) };
}

/* "/a required, /b type" of the faults. */
static inline const char *example_faults(struct arena *a, const struct err *e)
{
    const char *out = "";

    for (const struct fault *f = e->faults; f; f = f->next)
        out = arena_printf(a, "%s%s%s %s", out, out[0] ? ", " : "", f->pointer, f->code);
    return out;
}

#endif

/*
 * One statement moves the row if it stands where the move may begin; the one after it reads the row, moved or not.  If it was
 * not, that row says why: it is not there, at another version, or in a state that does not allow it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/transition.h"

#include <string.h>

#include "data/answer.h"
#include "data/precondition.h"
#include "data/read.h"
#include "data/value.h"

struct transition_state {
    struct uuid         id;
    struct precondition match;
    struct span         to, reason;      /* reason SPAN_NONE: not given */
};

/* ---- the body ---- */

static bool of_this(const struct call *c, const struct transition *t)
{
    return strcmp(t->entity, c->resource->name) == 0 && t->from[0] != '\0';
}

/* The states this entity can be moved to, each once. */
static const char *targets(struct call *c, struct span wanted, bool *known)
{
    const struct catalog *cat = c->model->catalog;
    const char **list = arena_array(c->arena, const char *, cat->ntransitions);
    int n = 0;

    *known = false;
    for (int i = 0; i < cat->ntransitions; i++) {
        bool twice = false;

        if (!of_this(c, &cat->transitions[i]))
            continue;
        *known |= span_is(wanted, cat->transitions[i].to);
        for (int k = 0; k < n; k++)
            twice |= strcmp(list[k], cat->transitions[i].to) == 0;
        if (!twice)
            list[n++] = cat->transitions[i].to;
    }
    return value_list(c->arena, list, n);
}

/* Checked like the column that keeps it. */
static void read_reason(struct call *c, struct transition_state *s, const struct json *v, struct err *e)
{
    struct value_fault bad;

    for (int i = 0; i < c->resource->nfields && v->type != JSON_NULL; i++) {
        const struct field *f = &c->resource->fields[i];

        if (f->column && f->column->reason && !value_check(c->arena, f, v, "/reason", &bad)) {
            fault_add(e, c->arena, bad.pointer, bad.code, "%s", bad.message);
            return;
        }
    }
    s->reason = v->type == JSON_STRING ? span_trim(json_text(c->arena, v)) : SPAN_NONE;
    if (s->reason.n == 0)
        s->reason = SPAN_NONE;
}

static void read_to(struct call *c, struct transition_state *s, const struct json *v, struct err *e)
{
    const char *list;
    bool known;

    if (v->type != JSON_STRING) {
        fault_add(e, c->arena, "/to", "type", "must be a string, not %s", json_type_name(v->type));
        return;
    }
    s->to = json_text(c->arena, v);
    list = targets(c, s->to, &known);
    if (!known)
        fault_add(e, c->arena, "/to", "enum", "must be %s", list);
}

static bool read_body(struct call *c, struct transition_state *s, struct err *e)
{
    bool has_to = false;

    if (c->doc->type != JSON_OBJECT) {
        fault_add(e, c->arena, "", "type", "must be an object");
        return fail(e, E_INPUT, "expected {\"to\":...,\"reason\":...}");
    }
    for (const struct json *m = c->doc->first; m; m = m->next) {
        has_to |= span_is(m->key, "to");
        if (span_is(m->key, "to"))
            read_to(c, s, m, e);
        else if (span_is(m->key, "reason"))
            read_reason(c, s, m, e);
        else
            fault_add(e, c->arena, json_pointer(c->arena, "", m->key), "unknown", "is not known; there are to and reason");
    }
    if (!has_to)
        fault_add(e, c->arena, "/to", "required", "is required");
    return !e->faults || fail(e, E_INPUT, "the transition is not valid");
}

/* ---- the statement ---- */

/* Where the move may begin, as far as the reason that was given allows. */
static const char *const *origins(struct call *c, const struct transition_state *s, int *n)
{
    const struct catalog *cat = c->model->catalog;
    const char **list = arena_array(c->arena, const char *, cat->ntransitions);

    *n = 0;
    for (int i = 0; i < cat->ntransitions; i++) {
        const struct transition *t = &cat->transitions[i];

        if (of_this(c, t) && span_is(s->to, t->to) && (s->reason.p || !t->needs_reason))
            list[(*n)++] = t->from;
    }
    return list;
}

static void move(struct call *c, struct plan *p, const struct transition_state *s)
{
    struct uuid feed = uuid_v7();
    int n;
    const char *const *from = origins(c, s, &n);
    struct span *list = arena_array(c->arena, struct span, n);
    struct stmt *st = plan_stmt(c, p, c->resource->name_move, c->resource->sql_move);

    for (int i = 0; i < n; i++)
        list[i] = span_of(from[i]);
    stmt_uuid(c->arena, st, &s->id);
    stmt_text(c->arena, st, s->to);
    stmt_span_array(c->arena, st, list, (size_t)n, STMT_OID_TEXT);
    stmt_text(c->arena, st, s->reason);
    if (s->match.given && !s->match.any)
        stmt_int8_array(c->arena, st, s->match.version, (size_t)s->match.n);
    else
        stmt_null(st);
    stmt_uuid_array(c->arena, st, &feed, 1);
}

bool transition_plan(struct call *c, struct plan *p, struct err *e)
{
    struct transition_state *s = arena_new(c->arena, struct transition_state);

    if (!c->resource->has_status)
        return fail(e, E_METHOD, "%s have no lifecycle", c->resource->name);
    if (!call_uuid(c, 0, &s->id, e) || !call_params_done(c, e) || !precondition_parse(c->if_match, &s->match, e) || !read_body(c, s, e))
        return false;
    move(c, p, s);
    read_stmt(c, p, &s->id, false, false);
    c->state = s;
    return true;
}

/* ---- the answer ---- */

static void list_allowed(struct call *c, struct span from, struct err *e)
{
    const struct catalog *cat = c->model->catalog;
    struct buf b = BUF(16 * 1024);
    struct json_out out = JSON_OUT(&b);

    json_key(&out, "current_status");
    json_string(&out, from);
    json_key(&out, "allowed");
    json_open(&out, '[');
    for (int i = 0; i < cat->ntransitions; i++) {
        if (of_this(c, &cat->transitions[i]) && span_is(from, cat->transitions[i].from))
            json_cstring(&out, cat->transitions[i].to);
    }
    json_close(&out, ']');
    e->extra = arena_strdup(c->arena, buf_span(&b));
    buf_free(&b);
}

static const struct transition *find(const struct call *c, struct span from, struct span to)
{
    const struct catalog *cat = c->model->catalog;

    for (int i = 0; i < cat->ntransitions; i++) {
        if (of_this(c, &cat->transitions[i]) && span_is(from, cat->transitions[i].from) && span_is(to, cat->transitions[i].to))
            return &cat->transitions[i];
    }
    return NULL;
}

static bool not_moved(struct call *c, const struct transition_state *s, const struct rows *row, struct err *e)
{
    struct span from;
    const struct transition *t;

    if (row->n == 0)
        return answer_missing(c, e);
    if (!precondition_check(c, &s->match, answer_version(c->resource, row, 0, 1), e))
        return false;
    from = arena_span(c->arena, rows_get(row, 0, 1 + c->resource->at_status));
    t = find(c, from, s->to);
    if (!t) {
        list_allowed(c, from, e);
        return fail(e, E_TRANSITION, "%s cannot go from %.*s to %.*s", call_noun(c), SPAN_ARG(from), SPAN_ARG(s->to));
    }
    if (!t->needs_reason || s->reason.p)
        return fail(e, E_BUSY_ROW, "the %s was changed by another request meanwhile", call_noun(c));
    fault_add(e, c->arena, "/reason", "required", "is required to go from %.*s to %.*s", SPAN_ARG(from), SPAN_ARG(s->to));
    return fail(e, E_INPUT, "this transition needs a reason");
}

bool transition_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct transition_state *s = c->state;
    struct projection eager = { .n = c->resource->neager };

    (void)n;
    if (rows[0].n == 0)
        return not_moved(c, s, &rows[1], e);
    return answer_object(c, 200, &rows[1], 0, 1, &eager);
}

/*
 * A streaming message grows by PATCH.  `content_append` says with `content_at` where its text begins, so that a piece that is sent again after a
 * lost answer is recognised and never said twice.  What is complete is history: it is replaced or redacted, not edited.
 *
 * Each change is an event of its session.  A message whose exact bytes are kept beside the text is not extended.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/message.h"

#include <string.h>

#include "data/answer.h"
#include "data/conversation.h"
#include "data/patch.h"
#include "data/render.h"
#include "data/revision.h"
#include "data/sql.h"

#define REASON_MAX 2000

struct message_change {
    struct message_place at;
    bool                 json_patch, written;
    const struct json   *patch;             /* without the two members of a piece */
    struct span          piece;             /* SPAN_NONE: none */
    int64_t              piece_at;          /* characters before it; -1: not given */
    struct span          reason;
};

/* ---- which message ---- */

bool message_place(struct call *c, struct message_place *out, struct err *e)
{
    if (!call_uuid(c, 0, &out->session, e) || !call_params_done(c, e))
        return false;
    if (!span_i64(c->capture[1], &out->seq) || out->seq < 1)
        return fail(e, E_NOT_FOUND, "there is no such message");
    return true;
}

void message_lock(struct call *c, struct plan *p, const struct message_place *at, struct span client_id)
{
    const struct conversation *v = c->model->conversation;
    struct stmt *s;

    stmt_uuid_array(c->arena, plan_stmt(c, p, "message_session_lock", v->sql_lock), &at->session, 1);
    s = plan_stmt(c, p, "message_state", v->sql_state);
    stmt_uuid(c->arena, s, &at->session);
    stmt_int8(c->arena, s, at->seq);
    stmt_text(c->arena, s, client_id);
}

int message_column(const struct call *c, const char *field)
{
    const struct resource *m = c->model->conversation->messages;

    for (int i = 0; i < m->neager; i++)
        if (strcmp(m->fields[i].name, field) == 0)
            return MESSAGE_FIELDS + i;
    return -1;
}

bool message_there(struct call *c, const struct rows *r, struct err *e)
{
    if (r->n > 0 && !rows_null(r, 0, message_column(c, "id")))
        return true;
    return fail(e, E_NOT_FOUND, "there is no such message");
}

static bool is_redacted(const struct call *c, const struct rows *r)
{
    return !rows_null(r, 0, message_column(c, "redacted_at"));
}

static void read_again(struct call *c, const struct message_place *at)
{
    struct stmt *s = plan_stmt(c, &c->plan, "message_after", c->model->conversation->sql_message);
    int32_t first = 0;

    stmt_int4_array(c->arena, s, &first, 1);
    stmt_uuid_array(c->arena, s, &at->session, 1);
    stmt_int8_array(c->arena, s, &at->seq, 1);
}

/* ---- extending: the body ---- */

static bool piece_read(struct call *c, struct message_change *m, const struct json *v, struct err *e)
{
    if (v->type != JSON_STRING)
        return fault_add(e, c->arena, "/content_append", "type", "must be a string, not %s", json_type_name(v->type));
    if (v->flags & JSON_UNSTORABLE)
        return fault_add(e, c->arena, "/content_append", "unstorable", "holds U+0000 or a lone surrogate, which only a whole message can keep");
    m->piece = json_text(c->arena, v);
    return true;
}

static bool piece_at_read(struct call *c, struct message_change *m, const struct json *v, struct err *e)
{
    return (json_i64(v, &m->piece_at) && m->piece_at >= 0) || fault_add(e, c->arena, "/content_at", "type", "is not a number of characters (0 or more)");
}

static bool piece_whole(struct call *c, const struct message_change *m, struct err *e)
{
    if (m->piece.p && m->piece_at < 0)
        return fault_add(e, c->arena, "/content_at", "required", "is required with content_append: how many characters of content come before it");
    if (!m->piece.p && m->piece_at >= 0)
        return fault_add(e, c->arena, "/content_append", "required", "is required with content_at");
    if (m->piece.p && json_find(c->doc, "content"))
        return fault_add(e, c->arena, "/content", "conflict", "cannot be given together with content_append");
    return true;
}

/* What is not the piece is a merge patch. */
static bool body_split(struct call *c, struct message_change *m, struct err *e)
{
    struct buf b = BUF(c->doc->raw.n + 2);
    struct json_out out = JSON_OUT(&b);
    struct json *rest;

    json_open(&out, '{');
    for (const struct json *v = c->doc->first; v; v = v->next) {
        if (span_is(v->key, "content_append"))
            piece_read(c, m, v, e);
        else if (span_is(v->key, "content_at"))
            piece_at_read(c, m, v, e);
        else {
            json_key_span(&out, v->key);
            json_raw(&out, v->raw);
        }
    }
    json_close(&out, '}');
    if (e->faults || !piece_whole(c, m, e)) {
        buf_free(&b);
        return fail(e, E_INPUT, "the change is not valid");
    }
    m->patch = json_parse(c->arena, arena_span(c->arena, buf_span(&b)), &rest, e) ? rest : NULL;
    buf_free(&b);
    return m->patch != NULL;
}

/* ---- extending: the row ---- */

static int64_t characters(struct span text)
{
    int64_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    return n;
}

/* What follows the first n characters. */
static struct span after_characters(struct span text, int64_t n)
{
    size_t i = 0;

    while (i < text.n && (n > 0 || ((unsigned char)text.p[i] & 0xc0) == 0x80))
        n -= ((unsigned char)text.p[i++] & 0xc0) != 0x80;
    return span_drop(text, i);
}

static bool elsewhere(struct call *c, int64_t length, const struct message_change *m, struct err *e)
{
    e->extra = arena_printf(c->arena, "\"content_length\":%lld", (long long)length);
    return fail(e, E_CONFLICT, "the content has %lld characters, content_at was %lld", (long long)length, (long long)m->piece_at);
}

/* The patch with the piece as a part of `content`; a piece that is there already is left out. */
static bool piece_join(struct call *c, const struct message_change *m, struct span content, const struct json **out, struct err *e)
{
    int64_t length = characters(content);
    struct buf b = BUF(content.n * 6 + m->piece.n * 6 + m->patch->raw.n + 64), text = BUF(content.n + m->piece.n);
    struct json_out o = JSON_OUT(&b);
    struct json *joined = NULL;

    *out = m->patch;
    if (length > m->piece_at && span_starts(after_characters(content, m->piece_at), m->piece))
        return true;
    if (length != m->piece_at)
        return elsewhere(c, length, m, e);
    buf_add(&text, content);
    buf_add(&text, m->piece);
    json_open(&o, '{');
    json_key(&o, "content");
    json_string(&o, buf_span(&text));
    for (const struct json *v = m->patch->first; v; v = v->next) {
        json_key_span(&o, v->key);
        json_raw(&o, v->raw);
    }
    json_close(&o, '}');
    if (json_parse(c->arena, arena_span(c->arena, buf_span(&b)), &joined, e))
        *out = joined;
    buf_free(&text);
    buf_free(&b);
    return joined != NULL;
}

static bool may_change(struct call *c, const struct rows *r, struct err *e)
{
    struct span status = rows_get(r, 0, message_column(c, "status"));

    if (is_redacted(c, r))
        return fail(e, E_CONFLICT, "the message was redacted");
    if (!span_is(status, "streaming"))
        return fail(e, E_CONFLICT, "the message is %.*s; only one that is streaming can be changed. Replace it with POST to /supersede", SPAN_ARG(status));
    if (rows_bool(r, 0, MESSAGE_EXACT))
        return fail(e, E_CONFLICT, "the message holds U+0000 or a lone surrogate and cannot be extended. Replace it with POST to /supersede");
    return true;
}

static int64_t tokens(const struct json *message)
{
    static const char *const names[] = { "input_tokens", "output_tokens" };
    int64_t sum = 0, n;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct json *v = json_find(message, names[i]);

        if (v && v->type == JSON_NUMBER && json_i64(v, &n))
            sum += n;
    }
    return sum;
}

static void write(struct call *c, const struct message_change *m, const struct revision *v)
{
    const struct conversation *of = c->model->conversation;
    struct buf set = BUF(SQL_MAX);
    struct stmt *s;

    revision_set(c->arena, of->messages, v, &set);
    s = plan_stmt(c, &c->plan, NULL, arena_printf(c->arena,
        "WITH item AS (SELECT $4::jsonb AS j), s AS (UPDATE %s AS s SET last_event_no = s.last_event_no + 1, last_activity_at = now(),"
        " token_count = s.token_count + $5::int8 WHERE s.org_id = $1::uuid AND s.id = $2::uuid RETURNING s.last_event_no)"
        " UPDATE %s AS r SET event_no = s.last_event_no%s FROM s, item WHERE r.org_id = $1::uuid AND r.session_id = $2::uuid AND r.seq = $3::int8",
        of->sessions->table->qualified, of->messages->table->qualified, sql_take(c->arena, &set)));
    stmt_uuid(c->arena, s, &m->at.session);
    stmt_int8(c->arena, s, m->at.seq);
    stmt_text(c->arena, s, revision_item(c->arena, of->messages, v, NULL, false));
    stmt_int8(c->arena, s, tokens(v->after) - tokens(v->before));
}

/* First the locked row comes; then, if something is to be changed, the row afterwards. */
static enum txn_next extend_step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct message_change *m = c->state;
    const struct rows *r = &rows[n - 1];
    const struct json *patch = m->json_patch ? c->doc : m->patch;
    struct revision v;

    if (m->written)
        return TXN_COMMIT;
    if (!message_there(c, r, e) || (m->piece.p && !piece_join(c, m, rows_get(r, 0, message_column(c, "content")), &patch, e)) ||
        !revision_make(c, c->model->conversation->messages, r, MESSAGE_FIELDS, m->json_patch ? patch_json : patch_merge, patch, &v, e) ||
        (v.any && !may_change(c, r, e)))
        return TXN_ROLLBACK;
    plan_next(&c->plan);
    if (v.any)
        write(c, m, &v);
    read_again(c, &m->at);
    m->written = true;
    return TXN_MORE;
}

bool message_extend_plan(struct call *c, struct plan *p, struct err *e)
{
    struct message_change *m = arena_new(c->arena, struct message_change);
    struct span type = c->content_type;

    m->piece_at = -1;
    m->json_patch = span_ieq(span_trim(span_cut(&type, ';')), SPAN("application/json-patch+json"));
    if (!message_place(c, &m->at, e))
        return false;
    if (!m->json_patch && c->doc->type != JSON_OBJECT)
        return fault_add(e, c->arena, "", "type", "must be an object");
    if (!m->json_patch && !body_split(c, m, e))
        return false;
    c->state = m;
    message_lock(c, p, &m->at, SPAN_NONE);
    p->step = extend_step;
    return true;
}

/* ---- redacting ---- */

static bool reason_read(struct call *c, struct message_change *m, struct err *e)
{
    const struct json *reason = json_find(c->doc, "reason");

    if (c->doc->type != JSON_OBJECT)
        return fault_add(e, c->arena, "", "type", "must be an object: {\"reason\":...}");
    for (const struct json *v = c->doc->first; v; v = v->next)
        if (v != reason)
            fault_add(e, c->arena, json_pointer(c->arena, "", v->key), "unknown", "is not known; there is only reason");
    if (!reason)
        return fault_add(e, c->arena, "/reason", "required", "is required: it is kept in the place of the content");
    if (reason->type != JSON_STRING || (reason->flags & JSON_UNSTORABLE))
        return fault_add(e, c->arena, "/reason", "type", "must be a string that can be stored");
    m->reason = span_trim(json_text(c->arena, reason));
    if (m->reason.n == 0 || characters(m->reason) > REASON_MAX)
        return fault_add(e, c->arena, "/reason", "length", "must have 1 to %d characters", REASON_MAX);
    return !e->faults;
}

static enum txn_next redact_step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct message_change *m = c->state;
    char session[UUID_TEXT];
    struct stmt *s;

    if (m->written)
        return TXN_COMMIT;
    if (!message_there(c, &rows[n - 1], e))
        return TXN_ROLLBACK;
    plan_next(&c->plan);
    if (!is_redacted(c, &rows[n - 1])) {
        uuid_format(&m->at.session, session);
        s = plan_stmt(c, &c->plan, "message_redact", c->model->conversation->sql_redact);
        stmt_uuid(c->arena, s, &m->at.session);
        stmt_int8(c->arena, s, m->at.seq);
        stmt_text(c->arena, s, m->reason);
        stmt_text(c->arena, s, span_of(arena_printf(c->arena, "/v1/sessions/%.*s/messages", UUID_TEXT, session)));
    }
    read_again(c, &m->at);
    m->written = true;
    return TXN_MORE;
}

bool message_redact_plan(struct call *c, struct plan *p, struct err *e)
{
    struct message_change *m = arena_new(c->arena, struct message_change);

    if (!message_place(c, &m->at, e) || !reason_read(c, m, e))
        return false;
    c->state = m;
    message_lock(c, p, &m->at, SPAN_NONE);
    p->step = redact_step;
    return true;
}

/* ---- the answer ---- */

bool message_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct resource *messages = c->model->conversation->messages;
    struct rows r = rows[n - 1];

    r.skip = 1;                         /* the place in a group of one */
    if (r.n == 0)
        return fail(e, E_INTERNAL, "the changed message was not there afterwards");
    c->status = 200;
    render_object(c->out, &r, 0, 0, messages->fields, messages->neager, NULL);
    return true;
}

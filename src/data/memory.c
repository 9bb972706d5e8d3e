/*
 * The document has a version and an ETag of its own ("m3"), apart from its session's.  Nothing is ever silently overwritten: once it
 * was written, a change must say which version it is based on.
 *
 * A document {"keelson:messages": "langchain-js"} says that the messages of the session are the memory, in that spelling.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/memory.h"

#include <string.h>

#include "data/answer.h"
#include "data/conversation.h"
#include "data/memory_array.h"
#include "data/patch.h"
#include "data/resource.h"
#include "embedded.h"

#define MEMORY_MAX ((size_t)256 << 10)

struct memory {
    struct uuid session;
    int64_t     through_seq;            /* -1: not given */
    struct memory_match match;
    enum { MEMORY_GET, MEMORY_PUT, MEMORY_MERGE, MEMORY_JSON_PATCH } what;
    bool         written;               /* the rows are those of the write */
    bool         whole;                 /* GET: the messages, in the spelling asked for */
    enum dialect dialect;
    const char  *sql;                   /* of GET */
};

static int merge(struct task *const *tasks, int n, struct arena *a, struct stmt *out, int max)
{
    int32_t *at = arena_array(a, int32_t, n);
    struct uuid *sessions = arena_array(a, struct uuid, n);
    bool *whole = arena_array(a, bool, n);

    (void)max;
    for (int i = 0; i < n; i++) {
        const struct memory *m = tasks[i]->item;

        at[i] = i;
        sessions[i] = m->session;
        whole[i] = m->whole;
    }
    out[0] = STMT("memory_read", ((const struct memory *)tasks[0]->item)->sql);
    stmt_uuid(a, &out[0], &tasks[0]->org);
    stmt_int4_array(a, &out[0], at, (size_t)n);
    stmt_uuid_array(a, &out[0], sessions, (size_t)n);
    stmt_bool_array(a, &out[0], whole, (size_t)n);
    return 1;
}

static const struct batch_kind memory_kind = { .name = "memory", .merge = merge };

/* ---- what is asked for ---- */

/* One strong tag, "m3" or "m3-120" in quotes, of which the version counts, or "*". */
bool memory_match_parse(struct call *c, struct memory_match *out, struct err *e)
{
    struct span v = span_trim(c->if_match), tag, version;
    int64_t event;

    *out = (struct memory_match){ .version = -1, .any = span_is(v, "*") };
    if (out->any || v.p == NULL)
        return true;
    if (v.n > 3 && span_starts(v, SPAN("\"m")) && v.p[v.n - 1] == '"') {
        tag = (struct span){ v.p + 2, v.n - 3 };
        version = span_cut(&tag, '-');
        if (span_i64(version, &out->version) && out->version >= 0 && (tag.p == NULL || (span_i64(tag, &event) && event >= 0)))
            return true;
    }
    return fail(e, E_PARAMETER, "If-Match: give the ETag of the memory, \"m3\" in quotes, or *");
}

static bool through_parse(struct call *c, struct memory *m, struct err *e)
{
    struct span v;

    m->through_seq = -1;
    if (!call_param(c, "through_seq", &v))
        return true;
    if (!span_i64(v, &m->through_seq) || m->through_seq < 0)
        return fail(e, E_PARAMETER, "through_seq: must be the sequence number of the last message the memory covers");
    return true;
}

bool memory_get_plan(struct call *c, struct plan *p, struct err *e)
{
    struct memory *m = arena_new(c->arena, struct memory);
    struct span format;

    m->whole = call_param(c, "format", &format);
    if (m->whole && !dialect_find(format, &m->dialect))
        return fail(e, E_PARAMETER, "format: must be %s", dialect_names());
    if (!call_uuid(c, 0, &m->session, e) || !call_params_done(c, e))
        return false;
    m->sql = c->model->conversation->sql_memory;
    c->state = m;
    p->kind = &memory_kind;
    p->item = m;
    p->key = m->session;
    return true;
}

static bool document_fits(struct call *c, const struct json *doc, struct err *e)
{
    const char *where;

    if (doc->type != JSON_OBJECT)
        return fault_add(e, c->arena, "", "type", "is not an object");
    if ((where = json_where(c->arena, doc, JSON_UNSTORABLE)))
        fault_add(e, c->arena, where, "unstorable", "holds U+0000 or a lone surrogate, which only message content can keep");
    if ((where = json_where(c->arena, doc, JSON_HUGE)))
        fault_add(e, c->arena, where, "too-large", "is a number of more than %d digits", JSON_DIGITS);
    if (doc->raw.n > MEMORY_MAX)
        fault_add(e, c->arena, "", "too-large", "is larger than 256 KiB; keep a summary here, the messages keep the rest");
    return e->kind == E_NONE;
}

void memory_lock(struct call *c, struct plan *p, const struct uuid *session)
{
    stmt_uuid(c->arena, plan_stmt(c, p, "memory_lock", sql_memory_lock), session);
}

void memory_write_stmt(struct call *c, struct plan *p, const struct uuid *session, struct span document, int64_t through)
{
    struct stmt *s = plan_stmt(c, p, "memory_write", sql_memory_write);

    stmt_uuid(c->arena, s, session);
    stmt_text(c->arena, s, document);
    if (through >= 0)
        stmt_int8(c->arena, s, through);
    else
        stmt_null(s);
}

bool memory_match_fits(struct call *c, const struct memory_match *m, int64_t version, bool unseen, struct err *e)
{
    if (m->any || m->version == version || (m->version < 0 && unseen))
        return true;
    e->extra = arena_printf(c->arena, "\"current_version\":%lld", (long long)version);
    if (m->version < 0)
        return fail(e, E_PRECONDITION, "the memory is at version m%lld: send If-Match with the ETag you have read, or * to overwrite", (long long)version);
    return fail(e, E_STALE, "the memory is at version m%lld, If-Match was m%lld", (long long)version, (long long)m->version);
}

static bool new_document(struct call *c, const struct memory *m, struct span old, struct span *out, struct err *e)
{
    struct json *before, *after = c->doc;
    struct buf b = BUF(MEMORY_MAX * 2);
    bool ok;

    if (m->what == MEMORY_PUT) {
        *out = c->doc->raw;
        return true;
    }
    if (!json_parse(c->arena, old, &before, e))
        return false;
    ok = m->what == MEMORY_MERGE ? patch_merge(c->arena, before, c->doc, &after, e) : patch_json(c->arena, before, c->doc, &after, e);
    if (!ok)
        return false;
    patch_write(&b, after);
    *out = arena_span(c->arena, buf_span(&b));
    ok = !b.full && json_parse(c->arena, *out, &after, e) && document_fits(c, after, e);
    buf_free(&b);
    return ok || (e->kind == E_NONE && fault_add(e, c->arena, "", "too-large", "would be larger than 256 KiB"));
}

static bool decide(struct call *c, struct memory *m, const struct rows *r, struct span *document, struct err *e)
{
    struct span old = rows_get(r, 0, MEMORY_DOCUMENT);
    int64_t version = rows_i64(r, 0, MEMORY_VERSION), last = rows_i64(r, 0, MEMORY_LAST_SEQ);

    if (m->through_seq > last)
        return fail(e, E_PARAMETER, "through_seq: the last message of the session is %lld", (long long)last);
    return memory_match_fits(c, &m->match, version, m->what == MEMORY_PUT && version == 0, e) && new_document(c, m, span_drop(old, 1), document, e);
}

/* First the locked row comes, then that of the write. */
static enum txn_next step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct memory *m = c->state;
    struct span document;

    if (m->written)
        return TXN_COMMIT;
    (void)n;
    if (rows[0].n == 0) {
        answer_missing(c, e);
        return TXN_ROLLBACK;
    }
    if (!decide(c, m, &rows[0], &document, e))
        return TXN_ROLLBACK;
    plan_next(&c->plan);
    memory_write_stmt(c, &c->plan, &m->session, document, m->through_seq);
    m->written = true;
    return TXN_MORE;
}

static bool change_plan(struct call *c, struct plan *p, int what, struct err *e)
{
    struct memory *m = arena_new(c->arena, struct memory);

    m->what = what;
    if (!call_uuid(c, 0, &m->session, e) || !memory_match_parse(c, &m->match, e) || !through_parse(c, m, e) || !call_params_done(c, e) ||
        (what == MEMORY_PUT && !document_fits(c, c->doc, e)))
        return false;
    if (what != MEMORY_PUT && !m->match.any && m->match.version < 0)
        return fail(e, E_PRECONDITION, "send If-Match with the ETag of the memory you have read, or *");
    c->state = m;
    memory_lock(c, p, &m->session);
    p->step = step;
    return true;
}

bool memory_put_plan(struct call *c, struct plan *p, struct err *e)
{
    return c->doc->type == JSON_ARRAY ? memory_array_plan(c, p, e) : change_plan(c, p, MEMORY_PUT, e);
}

bool memory_patch_plan(struct call *c, struct plan *p, struct err *e)
{
    struct span type = c->content_type;
    bool json_patch = span_ieq(span_trim(span_cut(&type, ';')), SPAN("application/json-patch+json"));

    return change_plan(c, p, json_patch ? MEMORY_JSON_PATCH : MEMORY_MERGE, e);
}

/* ---- the answer ---- */

const char *memory_headers(struct call *c, int64_t version, int64_t through, int64_t event)
{
    const char *tag = event < 0 ? arena_printf(c->arena, "\"m%lld\"", (long long)version) :
                                  arena_printf(c->arena, "\"m%lld-%lld\"", (long long)version, (long long)event);

    call_header(c, "ETag", span_of(tag));
    call_header(c, "Keelson-Memory-Through-Seq", span_of(arena_printf(c->arena, "%lld", (long long)through)));
    return tag;
}

bool memory_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct rows *r = n > 0 ? &rows[n - 1] : NULL;
    struct memory *m = c->state;
    struct span document;
    bool messages;
    const char *tag;

    if (!r || r->n == 0)
        return answer_missing(c, e);
    document = span_drop(rows_get(r, 0, MEMORY_DOCUMENT), 1);
    messages = m->whole || (m->what == MEMORY_GET && memory_array_marked(document, &m->dialect));
    tag = memory_headers(c, rows_i64(r, 0, MEMORY_VERSION), rows_i64(r, 0, MEMORY_THROUGH), messages ? rows_i64(r, 0, MEMORY_LAST_EVENT) : -1);
    if (c->if_none_match.p && span_is(span_trim(c->if_none_match), tag) && c->plan.kind) {
        c->status = 304;
        return true;
    }
    c->status = 200;
    if (messages)
        return memory_array_write(c, m->dialect, r, MEMORY_FIELDS, e);
    buf_add(c->out, document);
    return true;
}

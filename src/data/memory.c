/*
 * The document has a version and an ETag of its own ("m3"), apart from its session's.  Nothing is ever silently overwritten: once it
 * was written, a change must say which version it is based on.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/memory.h"

#include "data/answer.h"
#include "data/patch.h"
#include "data/resource.h"
#include "embedded.h"

#define MEMORY_MAX ((size_t)256 << 10)

struct memory {
    struct uuid session;
    int64_t     through_seq;            /* -1: not given */
    bool        any;                    /* If-Match: * */
    int64_t     expect;                 /* version in If-Match; -1: not given */
    enum { MEMORY_GET, MEMORY_PUT, MEMORY_MERGE, MEMORY_JSON_PATCH } what;
    bool        written;                /* the rows are those of the write */
};

enum { COL_DOCUMENT, COL_VERSION, COL_THROUGH, COL_LAST_SEQ };

static int merge(struct task *const *tasks, int n, struct arena *a, struct stmt *out, int max)
{
    int32_t *at = arena_array(a, int32_t, n);
    struct uuid *sessions = arena_array(a, struct uuid, n);

    (void)max;
    for (int i = 0; i < n; i++) {
        at[i] = i;
        sessions[i] = ((const struct memory *)tasks[i]->item)->session;
    }
    out[0] = STMT("memory_read", sql_memory_read);
    stmt_uuid(a, &out[0], &tasks[0]->org);
    stmt_int4_array(a, &out[0], at, (size_t)n);
    stmt_uuid_array(a, &out[0], sessions, (size_t)n);
    return 1;
}

static const struct batch_kind memory_kind = { .name = "memory", .merge = merge };

/* ---- what is asked for ---- */

/* One strong tag, "m3" in quotes, or "*". */
static bool if_match_parse(struct call *c, struct memory *m, struct err *e)
{
    struct span v = span_trim(c->if_match);

    m->expect = -1;
    m->any = span_is(v, "*");
    if (m->any || v.p == NULL)
        return true;
    if (v.n > 3 && span_starts(v, SPAN("\"m")) && v.p[v.n - 1] == '"' && span_i64((struct span){ v.p + 2, v.n - 3 }, &m->expect))
        return true;
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

    if (!call_uuid(c, 0, &m->session, e) || !call_params_done(c, e))
        return false;
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

static void write_stmt(struct call *c, struct plan *p, const struct memory *m, struct span document)
{
    struct stmt *s = plan_stmt(c, p, "memory_write", sql_memory_write);

    stmt_uuid(c->arena, s, &m->session);
    stmt_text(c->arena, s, document);
    if (m->through_seq >= 0)
        stmt_int8(c->arena, s, m->through_seq);
    else
        stmt_null(s);
}

static bool version_fits(const struct memory *m, int64_t version, struct call *c, struct err *e)
{
    if (m->any || m->expect == version || (m->expect < 0 && m->what == MEMORY_PUT && version == 0))
        return true;
    e->extra = arena_printf(c->arena, "\"current_version\":%lld", (long long)version);
    if (m->expect < 0)
        return fail(e, E_PRECONDITION, "the memory is at version m%lld: send If-Match with the ETag you have read, or * to overwrite", (long long)version);
    return fail(e, E_STALE, "the memory is at version m%lld, If-Match was m%lld", (long long)version, (long long)m->expect);
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
    struct span old = rows_get(r, 0, COL_DOCUMENT);

    if (m->through_seq > rows_i64(r, 0, COL_LAST_SEQ))
        return fail(e, E_PARAMETER, "through_seq: the last message of the session is %lld", (long long)rows_i64(r, 0, COL_LAST_SEQ));
    return version_fits(m, rows_i64(r, 0, COL_VERSION), c, e) && new_document(c, m, span_drop(old, 1), document, e);
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
    write_stmt(c, &c->plan, m, document);
    m->written = true;
    return TXN_MORE;
}

static bool change_plan(struct call *c, struct plan *p, int what, struct err *e)
{
    struct memory *m = arena_new(c->arena, struct memory);

    m->what = what;
    if (!call_uuid(c, 0, &m->session, e) || !if_match_parse(c, m, e) || !through_parse(c, m, e) || !call_params_done(c, e) ||
        (what == MEMORY_PUT && !document_fits(c, c->doc, e)))
        return false;
    if (what != MEMORY_PUT && !m->any && m->expect < 0)
        return fail(e, E_PRECONDITION, "send If-Match with the ETag of the memory you have read, or *");
    c->state = m;
    stmt_uuid(c->arena, plan_stmt(c, p, "memory_lock", sql_memory_lock), &m->session);
    p->step = step;
    return true;
}

bool memory_put_plan(struct call *c, struct plan *p, struct err *e)
{
    return change_plan(c, p, MEMORY_PUT, e);
}

bool memory_patch_plan(struct call *c, struct plan *p, struct err *e)
{
    struct span type = c->content_type;
    bool json_patch = span_ieq(span_trim(span_cut(&type, ';')), SPAN("application/json-patch+json"));

    return change_plan(c, p, json_patch ? MEMORY_JSON_PATCH : MEMORY_MERGE, e);
}

/* ---- the answer ---- */

bool memory_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct rows *r = n > 0 ? &rows[n - 1] : NULL;
    const char *tag;

    if (!r || r->n == 0)
        return answer_missing(c, e);
    tag = arena_printf(c->arena, "\"m%lld\"", (long long)rows_i64(r, 0, COL_VERSION));
    call_header(c, "ETag", span_of(tag));
    call_header(c, "Keelson-Memory-Through-Seq", span_of(arena_printf(c->arena, "%lld", (long long)rows_i64(r, 0, COL_THROUGH))));
    if (c->if_none_match.p && span_is(span_trim(c->if_none_match), tag) && c->plan.kind) {
        c->status = 304;
        return true;
    }
    c->status = 200;
    buf_add(c->out, span_drop(rows_get(r, 0, COL_DOCUMENT), 1));
    return true;
}

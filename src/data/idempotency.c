/*
 * A transaction with the call's own statements in the middle:
 *
 *   try the lock of the key, look for a stored answer      nothing there: go on
 *   the call's statements and steps                        then its render(), while its rows are here
 *   store what was rendered                                commit
 *
 * The lock is an advisory one of the transaction: whoever does not get it knows that the first request still runs, and it
 * cannot outlive a crash.  Two statements, because the second must see what a transaction that held the lock has stored.
 * Scope: organization, API key, method, path, key.  Calls that are grouped with others know their own way (client_message_id)
 * and are not wrapped.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/idempotency.h"

#include <string.h>

#include "base/digest.h"

#define KEEP "24 hours"

static const char lock_sql[] = "SELECT pg_try_advisory_xact_lock($2::int8) AND $1::uuid IS NOT NULL";

static const char find_sql[] =
    "SELECT k.fingerprint, k.status, k.headers, k.body FROM keelson.idempotency_keys AS k"
    " WHERE k.org_id = $1::uuid AND k.key_id = $2::uuid AND k.method = $3::text AND k.path = $4::text AND k.key = $5::text"
    " AND k.expires_at > now()";

static const char store_sql[] =
    "INSERT INTO keelson.idempotency_keys AS k (org_id, key_id, method, path, key, fingerprint, status, headers, body, expires_at)"
    " VALUES ($1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::bytea, $7::int4, $8::jsonb, $9::bytea, now() + interval '" KEEP "')"
    " ON CONFLICT (org_id, key_id, method, path, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,"
    " headers = excluded.headers, body = excluded.body, created_at = now(), expires_at = excluded.expires_at";

/* Each request that stores a key takes a few away that are over: the table does not grow, and nobody has to come by. */
static const char expire_sql[] =
    "DELETE FROM keelson.idempotency_keys AS k WHERE k.org_id = $1::uuid AND k.ctid = ANY (ARRAY("
    "SELECT x.ctid FROM keelson.idempotency_keys AS x WHERE x.org_id = $1::uuid AND x.expires_at < now() - interval '1 hour'"
    " ORDER BY x.expires_at LIMIT 10 FOR UPDATE SKIP LOCKED))";

enum phase { PHASE_LOOK, PHASE_RUN, PHASE_STORE };

struct wrap {
    struct plan  inner;          /* as planned */
    call_render *render;
    enum phase   phase;
    uint8_t      fingerprint[DIGEST_SHA256];
};

/* The wrap of a call is reached through its plan: c->state stays the handler's own. */
static struct wrap *wrap_of(struct call *c)
{
    return c->plan.item;
}

/* ---- what identifies a request ---- */

static void add(struct buf *b, struct span s)
{
    buf_printf(b, "%zu:", s.n);
    buf_add(b, s);
}

static void digest(const struct span *parts, size_t n, uint8_t out[DIGEST_SHA256])
{
    size_t total = 0;
    struct buf b;

    for (size_t i = 0; i < n; i++)
        total += parts[i].n + 24;
    b = BUF(total);
    for (size_t i = 0; i < n; i++)
        add(&b, parts[i]);
    digest_sha256(buf_span(&b), out);
    buf_free(&b);
}

static int64_t lock_number(struct call *c)
{
    const struct span parts[] = { { (const char *)c->org.b, sizeof c->org.b }, { (const char *)c->key_id.b, sizeof c->key_id.b },
                                  span_of(c->method), c->path, c->idempotency_key };
    uint8_t hash[DIGEST_SHA256];
    int64_t out;

    digest(parts, ARRAY_LEN(parts), hash);
    memcpy(&out, hash, sizeof out);
    return out;
}

/* What a request asks for: the same bytes mean something else as another type, or with another parameter. */
static void fingerprint(struct call *c, uint8_t out[DIGEST_SHA256])
{
    const struct span fixed[] = { span_of(c->method), c->path, c->if_match, c->content_type, c->body };
    int n = 0, room = (int)ARRAY_LEN(fixed) + 2 * c->nparams;
    struct span *parts = arena_array(c->arena, struct span, room);

    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        parts[n++] = fixed[i];
    for (int i = 0; i < c->nparams; i++) {
        parts[n++] = c->params[i].name;
        parts[n++] = c->params[i].value;
    }
    digest(parts, (size_t)n, out);
}

/* ---- statements ---- */

static struct stmt *keyed(struct call *c, const char *name, const char *sql)
{
    struct stmt *s = plan_stmt(c, &c->plan, name, sql);

    stmt_uuid(c->arena, s, &c->key_id);
    stmt_cstr(c->arena, s, c->method);
    stmt_text(c->arena, s, c->path);
    stmt_text(c->arena, s, c->idempotency_key);
    return s;
}

static void look(struct call *c)
{
    stmt_int8(c->arena, plan_stmt(c, &c->plan, "idempotency_lock", lock_sql), lock_number(c));
    keyed(c, "idempotency_find", find_sql);
}

static struct span headers_json(struct call *c)
{
    struct buf b = BUF(64 * 1024);
    struct json_out out = JSON_OUT(&b);
    struct span text;

    json_open(&out, '{');
    for (int i = 0; i < c->nheaders; i++) {
        json_key(&out, c->headers[i].name);
        json_string(&out, c->headers[i].value);
    }
    json_close(&out, '}');
    text = arena_span(c->arena, buf_span(&b));
    buf_free(&b);
    return text;
}

static void store(struct call *c, struct wrap *w)
{
    struct stmt *s = keyed(c, "idempotency_store", store_sql);
    struct span body = buf_span(c->out);

    stmt_bytea(s, (struct span){ (const char *)w->fingerprint, sizeof w->fingerprint });
    stmt_int4(c->arena, s, c->status);
    stmt_text(c->arena, s, headers_json(c));
    stmt_bytea(s, arena_span(c->arena, body.p ? body : SPAN("")));
    plan_stmt(c, &c->plan, "idempotency_expire", expire_sql);
}

/* ---- phases ---- */

static bool replay(struct call *c, const struct rows *r, struct err *e)
{
    struct wrap *w = wrap_of(c);
    struct span mine = { (const char *)w->fingerprint, sizeof w->fingerprint }, text;
    struct json *headers;

    if (!span_eq(rows_get(r, 0, 0), mine))
        return fail(e, E_REUSED_KEY, "this Idempotency-Key was used for another request; use a new one");
    text = rows_get(r, 0, 2);
    text = arena_span(c->arena, text.n > 0 ? span_drop(text, 1) : SPAN("{}"));       /* jsonb: a version byte first */
    if (!json_parse(c->arena, text, &headers, e))
        return false;
    c->nheaders = 0;
    for (const struct json *h = headers->first; h; h = h->next)
        call_header(c, arena_strdup(c->arena, h->key), json_text(c->arena, h));
    call_header(c, "Idempotent-Replayed", SPAN("true"));
    c->status = (int)rows_i64(r, 0, 1);
    buf_clear(c->out);
    buf_add(c->out, rows_get(r, 0, 3));
    return true;
}

static enum txn_next looked(struct call *c, const struct rows *rows, struct err *e)
{
    struct wrap *w = wrap_of(c);

    if (!rows_bool(&rows[0], 0, 0)) {
        e->retry_after_ms = 1000;
        fail(e, E_IN_FLIGHT, "the first request with this Idempotency-Key is still running");
        return TXN_ROLLBACK;
    }
    if (rows[1].n > 0)
        return replay(c, &rows[1], e) ? TXN_COMMIT : TXN_ROLLBACK;
    w->phase = PHASE_RUN;
    c->plan.stmts = w->inner.stmts;
    c->plan.nstmts = w->inner.nstmts;
    c->plan.room = w->inner.room;
    return TXN_MORE;
}

static enum txn_next ran(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct wrap *w = wrap_of(c);
    enum txn_next next = w->inner.step ? w->inner.step(c, rows, n, e) : TXN_COMMIT;

    if (next != TXN_COMMIT)
        return next;
    if (!w->render(c, rows, n, e))
        return TXN_ROLLBACK;
    if (c->status < 200 || c->status > 299 || c->out->full)
        return TXN_COMMIT;
    w->phase = PHASE_STORE;
    plan_next(&c->plan);
    store(c, w);
    return TXN_MORE;
}

static enum txn_next step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    switch (wrap_of(c)->phase) {
    case PHASE_LOOK:  return looked(c, rows, e);
    case PHASE_RUN:   return ran(c, rows, n, e);
    case PHASE_STORE: break;
    }
    return TXN_COMMIT;
}

/* The stored answer was written with everything else; where none was to be stored, nothing tells. */
static bool recover(struct call *c)
{
    if (wrap_of(c)->phase != PHASE_STORE)
        return false;
    plan_next(&c->plan);
    keyed(c, "idempotency_find", find_sql);
    return true;
}

static bool recovered(struct call *c, const struct rows *rows, int n, struct err *e)
{
    return rows[n - 1].n > 0 && replay(c, &rows[n - 1], e);
}

/* Everything was rendered before the commit. */
static bool render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    (void)rows;
    (void)n;
    return c->status != 0 || fail(e, E_INTERNAL, "nothing was rendered");
}

static bool valid_key(struct span key)
{
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] < 0x20 || key.p[i] > 0x7e)
            return false;
    }
    return key.n > 0 && key.n <= IDEMPOTENCY_KEY_MAX;
}

bool idempotency_wrap(struct call *c, struct plan *p, struct err *e)
{
    struct wrap *w = arena_new(c->arena, struct wrap);

    if (!valid_key(c->idempotency_key))
        return fail(e, E_PARAMETER, "Idempotency-Key: must be 1 to %d printable ASCII characters", IDEMPOTENCY_KEY_MAX);
    if (p->kind || p->done)
        return true;
    *w = (struct wrap){ .inner = *p, .render = c->render };
    fingerprint(c, w->fingerprint);
    c->render = render;
    c->plan = (struct plan){ .item = w, .step = step, .recover = recover, .recovered = recovered };
    look(c);
    *p = c->plan;
    return true;
}

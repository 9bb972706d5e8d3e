/*
 * What belongs to a checkpoint is read in one statement, so that a removal meanwhile cannot tear it apart.  A list first finds which
 * checkpoints are on the page and then reads these; one that was removed in between is left out.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/checkpoint_read.h"

#include "base/digest.h"
#include "data/checkpoint.h"
#include "data/member.h"
#include "data/render.h"
#include "embedded.h"

#define LIST_DEFAULT 50
#define LIST_MOST    200
#define LIST_ROOM    ((int64_t)8 << 20)      /* of values in a page; one checkpoint may be larger */

struct wanted {
    struct span thread, ns, id;              /* id SPAN_NONE: the newest */
};

static void read_stmt(struct arena *a, struct stmt *s, const struct wanted *const *wanted, size_t n)
{
    int32_t *at = arena_array(a, int32_t, n);
    struct span *threads = arena_array(a, struct span, n), *spaces = arena_array(a, struct span, n), *ids = arena_array(a, struct span, n);

    for (size_t i = 0; i < n; i++) {
        at[i] = (int32_t)i;
        threads[i] = wanted[i]->thread;
        spaces[i] = wanted[i]->ns;
        ids[i] = wanted[i]->id;
    }
    stmt_int4_array(a, s, at, n);
    stmt_span_array(a, s, threads, n, STMT_OID_TEXT);
    stmt_span_array(a, s, spaces, n, STMT_OID_TEXT);
    stmt_span_array(a, s, ids, n, STMT_OID_TEXT);
}

static int merge(struct task *const *tasks, int n, struct arena *a, struct stmt *out, int max)
{
    const struct wanted **wanted = arena_array(a, const struct wanted *, n);

    (void)max;
    for (int i = 0; i < n; i++)
        wanted[i] = tasks[i]->item;
    out[0] = STMT("checkpoint_read", sql_checkpoint_read);
    stmt_uuid(a, &out[0], &tasks[0]->org);
    read_stmt(a, &out[0], wanted, (size_t)n);
    return 1;
}

static const struct batch_kind kind = { .name = "checkpoint", .merge = merge };

/* ---- rows to JSON; columns behind that of the task ---- */

enum { COL_KIND, COL_A, COL_B, COL_N, COL_THREAD, COL_NS, COL_ID, COL_PARENT, COL_TYPE, COL_CONTENT, COL_VERSIONS, COL_METADATA_TYPE,
       COL_METADATA_BYTES, COL_METADATA, COL_CREATED, COL_CHANNEL, COL_NEWEST };
enum { ROW_CHECKPOINT, ROW_CHANNEL, ROW_WRITE };

static void text(struct json_out *o, const char *key, const struct rows *r, int row, int col)
{
    struct span v = rows_get(r, row, col);

    json_key(o, key);
    if (v.p)
        json_string(o, v);
    else
        json_null(o);
}

static void bytes(struct json_out *o, const char *key, const struct rows *r, int row, int col)
{
    json_key(o, key);
    if (rows_null(r, row, col)) {
        json_null(o);
        return;
    }
    json_raw(o, SPAN("\""));
    digest_base64(o->b, rows_get(r, row, col));
    buf_char(o->b, '"');
}

static void value(struct json_out *o, const char *key, const struct rows *r, int row, int col)
{
    json_key(o, key);
    json_raw(o, SPAN_NONE);
    render_value(o->b, rows_type(r, col), rows_get(r, row, col));
}

static void channel(struct json_out *o, const struct rows *r, int row)
{
    json_key_span(o, rows_get(r, row, COL_CHANNEL));
    json_open(o, '{');
    text(o, "version", r, row, COL_B);
    text(o, "type", r, row, COL_TYPE);
    bytes(o, "content", r, row, COL_CONTENT);
    json_close(o, '}');
}

static void write_one(struct json_out *o, const struct rows *r, int row)
{
    json_open(o, '{');
    text(o, "task_id", r, row, COL_B);
    text(o, "task_path", r, row, COL_A);
    json_key(o, "idx");
    json_int(o, rows_i64(r, row, COL_N));
    text(o, "channel", r, row, COL_CHANNEL);
    text(o, "type", r, row, COL_TYPE);
    bytes(o, "content", r, row, COL_CONTENT);
    json_close(o, '}');
}

/* The checkpoint whose row is `row`, and what belongs to it behind it.  Returns the row after. */
static int checkpoint(struct json_out *o, const struct rows *r, int row)
{
    int end = row + 1;

    json_open(o, '{');
    text(o, "thread_id", r, row, COL_THREAD);
    text(o, "checkpoint_ns", r, row, COL_NS);
    text(o, "checkpoint_id", r, row, COL_ID);
    text(o, "parent_checkpoint_id", r, row, COL_PARENT);
    text(o, "type", r, row, COL_TYPE);
    bytes(o, "checkpoint", r, row, COL_CONTENT);
    text(o, "metadata_type", r, row, COL_METADATA_TYPE);
    bytes(o, "metadata_bytes", r, row, COL_METADATA_BYTES);
    value(o, "metadata", r, row, COL_METADATA);
    value(o, "channel_versions", r, row, COL_VERSIONS);
    value(o, "created_at", r, row, COL_CREATED);
    json_key(o, "newest");
    json_boolean(o, rows_bool(r, row, COL_NEWEST));
    json_key(o, "channels");
    json_open(o, '{');
    for (; end < r->n && rows_i64(r, end, COL_KIND) == ROW_CHANNEL; end++)
        channel(o, r, end);
    json_close(o, '}');
    json_key(o, "writes");
    json_open(o, '[');
    for (; end < r->n && rows_i64(r, end, COL_KIND) == ROW_WRITE; end++)
        write_one(o, r, end);
    json_close(o, ']');
    json_close(o, '}');
    return end;
}

/* ---- one ---- */

bool checkpoint_read_plan(struct call *c, struct plan *p, struct err *e)
{
    struct wanted *w = arena_new(c->arena, struct wanted);

    if (!checkpoint_named(c, &w->thread, &w->ns, &w->id, e) || !call_params_done(c, e))
        return false;
    if (w->thread.n == 0)
        return fail(e, E_PARAMETER, "thread_id: is required");
    w->ns = w->ns.p ? w->ns : SPAN("");
    p->kind = &kind;
    p->item = w;
    p->read_only = true;
    return true;
}

bool checkpoint_read_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct json_out o = JSON_OUT(c->out);

    if (n == 0 || rows[0].n == 0)
        return fail(e, E_NOT_FOUND, "there is no such checkpoint");
    c->status = 200;
    checkpoint(&o, &rows[0], 0);
    return true;
}

/* ---- a list ---- */

struct list {
    struct span thread, ns, id, before, filter;
    struct span cursor[3];                   /* checkpoint, thread, namespace */
    int64_t     limit;
    struct span next[3];
    bool        more, found;
};

enum { KEY_THREAD, KEY_NS, KEY_ID, KEY_FOUND };

static bool cursor_read(struct call *c, struct list *l, struct err *e)
{
    struct buf b = BUF(16 * 1024);
    struct err ignored = { 0 };
    struct json *array = NULL;
    struct span v;
    bool ok;

    if (!call_param(c, "cursor", &v))
        return true;
    ok = digest_base64url_decode(&b, v) && json_parse(c->arena, arena_span(c->arena, buf_span(&b)), &array, &ignored) &&
         array->type == JSON_ARRAY && array->count == 3 && !(array->flags & JSON_UNSTORABLE);
    buf_free(&b);
    for (size_t i = 0; ok && i < 3; i++) {
        ok = json_at(array, i)->type == JSON_STRING;
        l->cursor[i] = ok ? json_text(c->arena, json_at(array, i)) : SPAN_NONE;
    }
    return ok || fail(e, E_PARAMETER, "cursor: is not one that was given out here; begin again without it");
}

static bool filter_read(struct call *c, struct list *l, struct err *e)
{
    struct err why = { 0 };
    struct json *v;

    l->filter = SPAN("{}");
    if (!call_param(c, "metadata", &l->filter))
        return true;
    if (!json_parse(c->arena, l->filter, &v, &why) || v->type != JSON_OBJECT || !member_storable(c->arena, v, "", &why))
        return fail(e, E_PARAMETER, "metadata: must be a JSON object; each member is compared with that of the metadata");
    return true;
}

static bool limit_read(struct call *c, struct list *l, struct err *e)
{
    struct span v;

    l->limit = LIST_DEFAULT;
    if (!call_param(c, "limit", &v) || (span_i64(v, &l->limit) && l->limit >= 1 && l->limit <= LIST_MOST))
        return true;
    return fail(e, E_PARAMETER, "limit: must be a number from 1 to %d", LIST_MOST);
}

static void list_stmt(struct call *c, struct plan *p, const struct list *l)
{
    struct stmt *s = plan_stmt(c, p, NULL, sql_checkpoint_list);      /* planned each time: which conditions there are decides the index */

    stmt_text(c->arena, s, l->thread);
    stmt_text(c->arena, s, l->ns);
    stmt_text(c->arena, s, l->before);
    stmt_text(c->arena, s, l->filter);
    for (int i = 0; i < 3; i++)
        stmt_text(c->arena, s, l->cursor[i]);
    stmt_int4(c->arena, s, (int32_t)l->limit);
    stmt_int8(c->arena, s, LIST_ROOM);
    stmt_text(c->arena, s, l->id);
}

/* First come the keys of the page, then what they stand for. */
static enum txn_next list_step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct list *l = c->state;
    const struct rows *r = &rows[n - 1];
    const struct wanted **list;
    struct stmt *s;

    (void)e;
    if (l->found)
        return TXN_COMMIT;
    l->found = true;
    list = arena_array(c->arena, const struct wanted *, r->n);
    for (int i = 0; i < r->n; i++) {
        struct wanted *w = arena_new(c->arena, struct wanted);

        w->thread = arena_span(c->arena, rows_get(r, i, KEY_THREAD));
        w->ns = arena_span(c->arena, rows_get(r, i, KEY_NS));
        w->id = arena_span(c->arena, rows_get(r, i, KEY_ID));
        list[i] = w;
    }
    l->more = r->n > 0 && (r->n == l->limit || rows_i64(r, 0, KEY_FOUND) > r->n);
    if (l->more) {
        l->next[0] = list[r->n - 1]->id;
        l->next[1] = list[r->n - 1]->thread;
        l->next[2] = list[r->n - 1]->ns;
    }
    plan_next(&c->plan);
    s = plan_stmt(c, &c->plan, "checkpoint_read", sql_checkpoint_read);
    read_stmt(c->arena, s, list, (size_t)r->n);
    return TXN_MORE;
}

bool checkpoint_read_list_plan(struct call *c, struct plan *p, struct err *e)
{
    struct list *l = arena_new(c->arena, struct list);

    if (!checkpoint_named(c, &l->thread, &l->ns, &l->id, e) || !cursor_read(c, l, e) || !filter_read(c, l, e) || !limit_read(c, l, e))
        return false;
    if (call_param(c, "before", &l->before) && !member_name("before", l->before, CHECKPOINT_ID, e))
        return false;
    if (l->before.p && l->before.n == 0)
        return fail(e, E_PARAMETER, "before: must not be empty");
    if (!call_params_done(c, e))
        return false;
    list_stmt(c, p, l);
    p->step = list_step;
    p->read_only = true;
    c->state = l;
    return true;
}

static struct span cursor_make(struct call *c, const struct list *l)
{
    struct buf json = BUF(16 * 1024), b = BUF(32 * 1024);
    struct json_out o = JSON_OUT(&json);
    struct span made;

    json_open(&o, '[');
    for (int i = 0; i < 3; i++)
        json_string(&o, l->next[i]);
    json_close(&o, ']');
    digest_base64url(&b, buf_span(&json));
    made = arena_span(c->arena, buf_span(&b));
    buf_free(&json);
    buf_free(&b);
    return made;
}

bool checkpoint_read_list_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct list *l = c->state;
    struct json_out o = JSON_OUT(c->out);
    struct rows r = rows[n - 1];

    (void)e;
    r.skip++;                                /* the place on the page */
    c->status = 200;
    json_open(&o, '{');
    json_key(&o, "items");
    json_open(&o, '[');
    for (int row = 0; row < r.n;)
        row = checkpoint(&o, &r, row);
    json_close(&o, ']');
    json_key(&o, "next");
    if (l->more)
        json_string(&o, cursor_make(c, l));
    else
        json_null(&o);
    json_close(&o, '}');
    return true;
}

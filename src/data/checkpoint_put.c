/*
 * A writer that acts on what it has read says so (expect_newest): its checkpoint must then follow the newest of its namespace and be greater
 * than it, or it is refused and nothing is stored.  So a turn that was acknowledged is an ancestor of whatever comes later, and a turn that
 * would not be is never acknowledged.  A writer that branches off on purpose leaves it out.  Writers that hold a lease may also send its
 * epoch; one that is older than the newest checkpoint's is refused in any case.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/checkpoint_put.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "data/checkpoint.h"
#include "data/member.h"
#include "data/resource.h"
#include "data/value.h"
#include "embedded.h"

struct put {
    struct span thread, ns, id, parent, type, bytes, metadata_type, metadata_bytes, run;
    const struct json *metadata, *versions, *channels;
    bool    expect_newest;
    int64_t epoch;
};

static const struct member put_members[] = {
    { "thread_id",            MEMBER_TEXT,   offsetof(struct put, thread),         CHECKPOINT_THREAD, MEMBER_MUST },
    { "checkpoint_ns",        MEMBER_TEXT,   offsetof(struct put, ns),             CHECKPOINT_NS,     MEMBER_MAY },
    { "checkpoint_id",        MEMBER_TEXT,   offsetof(struct put, id),             CHECKPOINT_ID,     MEMBER_MUST },
    { "parent_checkpoint_id", MEMBER_TEXT,   offsetof(struct put, parent),         CHECKPOINT_ID,     MEMBER_NULLABLE },
    { "type",                 MEMBER_TEXT,   offsetof(struct put, type),           CHECKPOINT_TYPE,   MEMBER_MAY },
    { "checkpoint",           MEMBER_BYTES,  offsetof(struct put, bytes),          0,                 MEMBER_MUST },
    { "channel_versions",     MEMBER_OBJECT, offsetof(struct put, versions),       0,                 MEMBER_MAY },
    { "channels",             MEMBER_OBJECT, offsetof(struct put, channels),       0,                 MEMBER_MAY },
    { "metadata",             MEMBER_OBJECT, offsetof(struct put, metadata),       0,                 MEMBER_MAY },
    { "metadata_type",        MEMBER_TEXT,   offsetof(struct put, metadata_type),  CHECKPOINT_TYPE,   MEMBER_NULLABLE },
    { "metadata_bytes",       MEMBER_BYTES,  offsetof(struct put, metadata_bytes), 0,                 MEMBER_NULLABLE },
    { "run_id",               MEMBER_TEXT,   offsetof(struct put, run),            CHECKPOINT_RUN,    MEMBER_NULLABLE },
    { "expect_newest",        MEMBER_BOOL,   offsetof(struct put, expect_newest),  0,                 MEMBER_MAY },
    { "writer_epoch",         MEMBER_INT,    offsetof(struct put, epoch),          0,                 MEMBER_MAY },
};

/* ---- channels ---- */

struct values {                     /* columns of arrays, n long */
    size_t      n;
    struct span *name, *version, *type, *content;
};

struct value {
    struct span type, content;
};

static const struct member value_members[] = {
    { "type",    MEMBER_TEXT,  offsetof(struct value, type),    CHECKPOINT_TYPE, MEMBER_MAY },
    { "content", MEMBER_BYTES, offsetof(struct value, content), 0,               MEMBER_NULLABLE },
};

static void versions_fit(struct call *c, const struct json *versions, struct err *e)
{
    if (versions && versions->count > CHECKPOINT_CHANNELS)
        fault_add(e, c->arena, "/channel_versions", "count", "has more than %d channels", CHECKPOINT_CHANNELS);
    for (const struct json *v = versions ? versions->first : NULL; v; v = v->next) {
        const char *at = json_pointer(c->arena, "/channel_versions", v->key);

        if (v->type != JSON_NUMBER && v->type != JSON_STRING)
            fault_add(e, c->arena, at, "type", "must be a number or a string, not %s", json_type_name(v->type));
        else if (v->raw.n > CHECKPOINT_VERSION)
            fault_add(e, c->arena, at, "too-large", "is longer than %d bytes", CHECKPOINT_VERSION);
        if (v->key.n > CHECKPOINT_CHANNEL)
            fault_add(e, c->arena, at, "too-large", "is a name longer than %d bytes", CHECKPOINT_CHANNEL);
    }
}

static const struct json *member_named(const struct json *object, struct span key)
{
    for (const struct json *v = object ? object->first : NULL; v; v = v->next)
        if (span_eq(v->key, key))
            return v;
    return NULL;
}

static void channels_read(struct call *c, const struct put *put, struct values *out, struct err *e)
{
    const struct json *channels = put->channels;
    size_t room = channels ? channels->count : 0;

    *out = (struct values){ .name = arena_array(c->arena, struct span, room), .version = arena_array(c->arena, struct span, room),
                            .type = arena_array(c->arena, struct span, room), .content = arena_array(c->arena, struct span, room) };
    for (const struct json *v = room ? channels->first : NULL; v; v = v->next) {
        const char *at = json_pointer(c->arena, "/channels", v->key);
        const struct json *version = member_named(put->versions, v->key);
        struct value value = { .type = SPAN("") };

        if (!member_read(c->arena, v, at, value_members, ARRAY_LEN(value_members), &value, e))
            continue;
        if (!version) {
            fault_add(e, c->arena, at, "reference", "has no version in channel_versions");
            continue;
        }
        out->name[out->n] = v->key;
        out->version[out->n] = value_jsonb(c->arena, version->raw);
        out->type[out->n] = value.type;
        out->content[out->n++] = value.content;
    }
}

/* ---- POST /v1/checkpoints ---- */

static struct span text_or(struct span v, const char *otherwise)
{
    return v.p ? v : span_of(otherwise);
}

static void put_stmt(struct call *c, struct plan *p, const struct put *put, const struct values *v)
{
    struct stmt *s = plan_stmt(c, p, "checkpoint_put", sql_checkpoint_put);

    stmt_text(c->arena, s, put->thread);
    stmt_text(c->arena, s, put->ns);
    stmt_text(c->arena, s, put->id);
    stmt_text(c->arena, s, put->parent);
    stmt_text(c->arena, s, put->type);
    stmt_bytea(s, put->bytes);
    stmt_text(c->arena, s, put->versions ? put->versions->raw : SPAN("{}"));
    stmt_text(c->arena, s, put->metadata_type);
    if (put->metadata_bytes.p)
        stmt_bytea(s, put->metadata_bytes);
    else
        stmt_null(s);
    stmt_text(c->arena, s, put->metadata ? put->metadata->raw : SPAN("{}"));
    stmt_text(c->arena, s, put->run);
    stmt_bool(c->arena, s, put->expect_newest);
    stmt_span_array(c->arena, s, v->name, v->n, STMT_OID_TEXT);
    stmt_span_array(c->arena, s, v->version, v->n, OID_JSONB);
    stmt_span_array(c->arena, s, v->type, v->n, STMT_OID_TEXT);
    stmt_span_array(c->arena, s, v->content, v->n, STMT_OID_BYTEA);
    stmt_int8(c->arena, s, put->epoch);
}

bool checkpoint_put_plan(struct call *c, struct plan *p, struct err *e)
{
    struct put *put = arena_new(c->arena, struct put);
    struct values values;

    if (!call_params_done(c, e))
        return false;
    if (!member_read(c->arena, c->doc, "", put_members, ARRAY_LEN(put_members), put, e) && !e->faults)
        return false;
    put->ns = text_or(put->ns, "");
    put->type = text_or(put->type, "");
    if (put->parent.n == 0)
        put->parent = SPAN_NONE;
    versions_fit(c, put->versions, e);
    channels_read(c, put, &values, e);
    if (e->faults)
        return fail(e, E_INPUT, "the body is not valid");
    checkpoint_lock(c, p, put->thread, put->ns);
    put_stmt(c, p, put, &values);
    c->state = put;
    return true;
}

enum { COL_MOVED_ON, COL_NEWEST, COL_IS_NEW, COL_FENCED };

static bool moved_on(struct call *c, const struct put *put, const struct rows *r, struct err *e)
{
    const char *newest = rows_cstr(c->arena, r, 0, COL_NEWEST);
    struct buf b = BUF(16 * 1024);
    struct json_out o = JSON_OUT(&b);

    json_key(&o, "newest_checkpoint_id");
    json_cstring(&o, newest);
    e->extra = arena_strdup(c->arena, buf_span(&b));
    buf_free(&b);
    if (rows_bool(r, 0, COL_FENCED))
        return fail(e, E_STALE_CHECKPOINT, "a writer with a greater epoch has written to this thread");
    if (newest && put->parent.p && span_is(put->parent, newest))
        return fail(e, E_STALE_CHECKPOINT, "checkpoint_id is not greater than the newest one; is the writer's clock behind?");
    return fail(e, E_STALE_CHECKPOINT, newest ? "the thread has a newer checkpoint than the parent of this one" : "the thread has no checkpoint any more");
}

bool checkpoint_put_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct put *put = c->state;
    const struct rows *r = &rows[n - 1];
    struct json_out o = JSON_OUT(c->out);

    if (rows_bool(r, 0, COL_MOVED_ON))
        return moved_on(c, put, r, e);
    c->status = rows_bool(r, 0, COL_IS_NEW) ? 201 : 200;
    json_open(&o, '{');
    json_key(&o, "thread_id");
    json_string(&o, put->thread);
    json_key(&o, "checkpoint_ns");
    json_string(&o, put->ns);
    json_key(&o, "checkpoint_id");
    json_string(&o, put->id);
    json_close(&o, '}');
    return true;
}

/* ---- POST /v1/checkpoints/writes ---- */

struct writes {
    struct span thread, ns, id, task, path;
    const struct json *list;
};

struct write {
    struct span channel, type, content;
};

static const struct member writes_members[] = {
    { "thread_id",     MEMBER_TEXT,  offsetof(struct writes, thread), CHECKPOINT_THREAD,   MEMBER_MUST },
    { "checkpoint_ns", MEMBER_TEXT,  offsetof(struct writes, ns),     CHECKPOINT_NS,       MEMBER_MAY },
    { "checkpoint_id", MEMBER_TEXT,  offsetof(struct writes, id),     CHECKPOINT_ID,       MEMBER_MUST },
    { "task_id",       MEMBER_TEXT,  offsetof(struct writes, task),   CHECKPOINT_TASK,     MEMBER_MUST },
    { "task_path",     MEMBER_TEXT,  offsetof(struct writes, path),   CHECKPOINT_PATH,     MEMBER_MAY },
    { "writes",        MEMBER_ARRAY, offsetof(struct writes, list),   CHECKPOINT_CHANNELS, MEMBER_MUST },
};

static const struct member write_members[] = {
    { "channel", MEMBER_TEXT,  offsetof(struct write, channel), CHECKPOINT_CHANNEL, MEMBER_MUST },
    { "type",    MEMBER_TEXT,  offsetof(struct write, type),    CHECKPOINT_TYPE,    MEMBER_MAY },
    { "content", MEMBER_BYTES, offsetof(struct write, content), 0,                  MEMBER_MUST },
};

/* Special channels have a place of their own, as in LangGraph's WRITES_IDX_MAP. */
static int32_t place(struct span channel, int32_t position)
{
    static const char *const special[] = { "__error__", "__scheduled__", "__interrupt__", "__resume__" };

    for (size_t i = 0; i < ARRAY_LEN(special); i++)
        if (span_is(channel, special[i]))
            return -1 - (int32_t)i;
    return position;
}

struct placed {
    int32_t     *idx;
    struct span *channel, *type, *content;
    size_t       n;
    bool         special;           /* all of them are */
};

/* Of writes to the same place the last stays. */
static void placed_add(struct placed *out, int32_t idx, const struct write *w)
{
    size_t i = 0;

    if (idx < 0)
        while (i < out->n && out->idx[i] != idx)
            i++;
    else
        i = out->n;
    out->idx[i] = idx;
    out->channel[i] = w->channel;
    out->type[i] = text_or(w->type, "");
    out->content[i] = w->content;
    out->n += i == out->n;
    out->special &= idx < 0;
}

static bool writes_read(struct call *c, const struct json *list, struct placed *out, struct err *e)
{
    int32_t position = 0;

    *out = (struct placed){ .idx = arena_array(c->arena, int32_t, list->count), .channel = arena_array(c->arena, struct span, list->count),
                            .type = arena_array(c->arena, struct span, list->count), .content = arena_array(c->arena, struct span, list->count),
                            .special = true };
    for (const struct json *v = list->first; v; v = v->next, position++) {
        const char *at = json_pointer_at(c->arena, "/writes", (size_t)position);
        struct write w = { .type = SPAN_NONE };

        if (member_read(c->arena, v, at, write_members, ARRAY_LEN(write_members), &w, e))
            placed_add(out, place(w.channel, position), &w);
    }
    return !e->faults;
}

bool checkpoint_put_writes_plan(struct call *c, struct plan *p, struct err *e)
{
    struct writes *w = arena_new(c->arena, struct writes);
    struct placed placed;
    struct stmt *s;

    if (!call_params_done(c, e) || !member_read(c->arena, c->doc, "", writes_members, ARRAY_LEN(writes_members), w, e) ||
        !writes_read(c, w->list, &placed, e))
        return false;
    w->ns = text_or(w->ns, "");
    checkpoint_lock(c, p, w->thread, w->ns);
    s = plan_stmt(c, p, "checkpoint_writes", sql_checkpoint_writes);
    stmt_text(c->arena, s, w->thread);
    stmt_text(c->arena, s, w->ns);
    stmt_text(c->arena, s, w->id);
    stmt_text(c->arena, s, w->task);
    stmt_text(c->arena, s, text_or(w->path, ""));
    stmt_int4_array(c->arena, s, placed.idx, placed.n);
    stmt_span_array(c->arena, s, placed.channel, placed.n, STMT_OID_TEXT);
    stmt_span_array(c->arena, s, placed.type, placed.n, STMT_OID_TEXT);
    stmt_span_array(c->arena, s, placed.content, placed.n, STMT_OID_BYTEA);
    stmt_bool(c->arena, s, placed.special);
    return true;
}

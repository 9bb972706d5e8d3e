/*
 * The bytes live in resume_files, apart from the row that is listed and changed; the row knows their type, length and
 * SHA-256, which is also the entity tag.  Files come from candidates: they are always handed out as a download, so that a
 * page pretending to be a resume is never run in the origin of this service.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/file.h"

#include "base/digest.h"
#include "data/answer.h"
#include "data/precondition.h"
#include "data/read.h"
#include "data/sql.h"

#define NAME_MAX_BYTES 255
#define TYPE_MAX_BYTES 127

static const char row_sql[] =
    "UPDATE keelson.resumes AS r SET file_name = $3::text, file_media_type = $4::text, file_bytes = $5::int8, file_sha256 = $6::bytea,"
    " parse_status = 'pending', parse_error = NULL, version = r.version + 1, updated_at = now()"
    " WHERE r.org_id = $1::uuid AND r.id = $2::uuid RETURNING r.id, r.version";

static const char bytes_sql[] =
    "INSERT INTO keelson.resume_files AS f (org_id, resume_id, content) VALUES ($1::uuid, $2::uuid, $3::bytea)"
    " ON CONFLICT (org_id, resume_id) DO UPDATE SET content = excluded.content, location = NULL, created_at = now()";

static const char same_sql[] =
    "SELECT r.file_sha256 IS NOT DISTINCT FROM $3::bytea AND r.file_name IS NOT DISTINCT FROM $4::text AND r.file_media_type"
    " IS NOT DISTINCT FROM $5::text, r.file_sha256 IS NULL FROM keelson.resumes AS r WHERE r.org_id = $1::uuid AND r.id = $2::uuid";

/* $3 first byte, from 0; $4 last byte; $5 how many from the end.  A range beyond the end gives nothing. */
static const char get_sql[] =
    "SELECT r.file_name, r.file_media_type, r.file_bytes, r.file_sha256,"
    "       CASE WHEN $3::int8 IS NOT NULL THEN substring(f.content FROM least($3::int8, 2147483646)::int4 + 1"
    "                                           FOR (least($4::int8, r.file_bytes - 1, 2147483646) - least($3::int8, 2147483646) + 1)::int4)"
    "            WHEN $5::int8 IS NOT NULL THEN substring(f.content FROM (r.file_bytes - least($5::int8, r.file_bytes))::int4 + 1)"
    "            ELSE f.content END"
    "  FROM keelson.resumes AS r JOIN keelson.resume_files AS f ON f.org_id = $1::uuid AND f.resume_id = r.id"
    " WHERE r.org_id = $1::uuid AND r.id = $2::uuid AND r.deleted_at IS NULL AND f.content IS NOT NULL"
    "   AND ($3::int8 IS NULL OR ($3::int8 < r.file_bytes AND $4::int8 >= $3::int8))";

struct file_state {
    struct uuid         id;
    struct precondition match;
    struct span         type, name;
    uint8_t             sha256[DIGEST_SHA256];
    bool                written, first;
    /* a range; -1: not given */
    int64_t             from, to, last;
};

/* ---- PUT ---- */

static bool token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("!#$&^_.+-", c));
}

/* "application/pdf", parameters allowed. */
static bool media_type(struct span s)
{
    size_t slash = 0, i = 0;

    for (; i < s.n && s.p[i] != ';' && s.p[i] != ' '; i++) {
        if (s.p[i] == '/' && slash == 0 && i > 0)
            slash = i;
        else if (!token(s.p[i]))
            return false;
    }
    for (; i < s.n; i++) {
        if (s.p[i] < 0x20 || s.p[i] > 0x7e)
            return false;
    }
    return slash > 0 && slash + 1 < s.n && s.n <= TYPE_MAX_BYTES;
}

static bool file_name(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((uint8_t)s.p[i] < 0x20 || s.p[i] == 0x7f || s.p[i] == '/' || s.p[i] == '\\')
            return false;
    }
    return s.n > 0 && s.n <= NAME_MAX_BYTES && span_utf8(s);
}

static void put(struct call *c, struct file_state *s)
{
    struct plan *p = &c->plan;
    struct span sha = { (const char *)s->sha256, sizeof s->sha256 };
    struct uuid feed = uuid_v7();
    struct stmt *st;

    plan_next(p);
    st = plan_stmt(c, p, NULL, arena_printf(c->arena, "WITH made AS (%s)%s SELECT count(*) FROM made", row_sql,
                                            sql_feed(c->arena, c->resource, "update", "$7::uuid[]")));
    stmt_uuid(c->arena, st, &s->id);
    stmt_text(c->arena, st, s->name);
    stmt_text(c->arena, st, s->type);
    stmt_int8(c->arena, st, (int64_t)c->body.n);
    stmt_bytea(st, sha);
    stmt_uuid_array(c->arena, st, &feed, 1);
    st = plan_stmt(c, p, "file_bytes", bytes_sql);
    stmt_uuid(c->arena, st, &s->id);
    stmt_bytea(st, c->body);
    read_stmt(c, p, &s->id, false, false);
    s->written = true;
}

static enum txn_next put_step(struct call *c, const struct rows *rows, int n, struct err *e)
{
    struct file_state *s = c->state;

    (void)n;
    if (s->written)
        return TXN_COMMIT;
    if (rows[2].n == 0) {
        answer_missing(c, e);
        return TXN_ROLLBACK;
    }
    if (!precondition_check(c, &s->match, answer_version(c->resource, &rows[2], 0, 1), e))
        return TXN_ROLLBACK;
    if (rows_bool(&rows[1], 0, 0))               /* the same file again */
        return TXN_COMMIT;
    s->first = rows_bool(&rows[1], 0, 1);
    put(c, s);
    return TXN_MORE;
}

static bool put_input(struct call *c, struct file_state *s, struct err *e)
{
    if (!call_uuid(c, 0, &s->id, e) || !precondition_parse(c->if_match, &s->match, e))
        return false;
    if (call_param(c, "name", &s->name) && !file_name(s->name))
        return fail(e, E_PARAMETER, "name: must be a file name of at most %d bytes, without slashes", NAME_MAX_BYTES);
    if (!call_params_done(c, e))
        return false;
    s->type = c->content_type.p ? span_trim(c->content_type) : SPAN("application/octet-stream");
    if (!media_type(s->type))
        return fail(e, E_MEDIA_TYPE, "Content-Type is not a media type of at most %d bytes", TYPE_MAX_BYTES);
    if (c->body.n > 0)
        return true;
    fault_add(e, c->arena, "", "min-length", "must not be empty");
    return fail(e, E_INPUT, "the file is empty");
}

bool file_put_plan(struct call *c, struct plan *p, struct err *e)
{
    struct file_state *s = arena_new(c->arena, struct file_state);
    struct stmt *same;

    if (!put_input(c, s, e))
        return false;
    digest_sha256(c->body, s->sha256);
    stmt_uuid_array(c->arena, plan_stmt(c, p, c->resource->name_hold, c->resource->sql_hold), &s->id, 1);
    same = plan_stmt(c, p, "file_same", same_sql);
    stmt_uuid(c->arena, same, &s->id);
    stmt_bytea(same, (struct span){ (const char *)s->sha256, sizeof s->sha256 });
    stmt_text(c->arena, same, s->name);
    stmt_text(c->arena, same, s->type);
    read_stmt(c, p, &s->id, false, false);
    p->step = put_step;
    c->state = s;
    return true;
}

bool file_put_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct file_state *s = c->state;
    struct projection eager = { .n = c->resource->neager };

    if (rows[n - 1].n == 0)
        return fail(e, E_INTERNAL, "the resume was not there afterwards");
    return answer_object(c, s->first ? 201 : 200, &rows[n - 1], 0, 1, &eager);
}

/* ---- GET ---- */

static bool number(struct span s, int64_t *out)
{
    uint64_t v;

    if (!span_u64(s, &v) || v > INT64_MAX - 1)
        return false;
    *out = (int64_t)v;
    return true;
}

/* bytes=0-499, bytes=500-, bytes=-500; anything else asks for the whole (RFC 9110, 14.2). */
static void parse_range(struct span range, struct file_state *s)
{
    struct span rest = range, from;

    s->from = s->to = s->last = -1;
    if (!span_starts(range, SPAN("bytes=")))
        return;
    rest = span_trim(span_drop(range, 6));
    from = span_cut(&rest, '-');
    if (!rest.p)
        return;
    if (from.n == 0 && number(rest, &s->last))
        return;
    s->last = -1;
    if (!number(from, &s->from))
        return;
    s->to = INT64_MAX - 1;
    if (rest.n > 0 && (!number(rest, &s->to) || s->to < s->from))
        s->from = s->to = -1;
}

static void stmt_given(struct call *c, struct stmt *st, int64_t v)
{
    if (v < 0)
        stmt_null(st);
    else
        stmt_int8(c->arena, st, v);
}

/* Behind the file a second statement tells a range beyond the end from a file that is not there. */
bool file_get_plan(struct call *c, struct plan *p, struct err *e)
{
    struct file_state *s = arena_new(c->arena, struct file_state);
    struct stmt *st;

    if (!call_uuid(c, 0, &s->id, e) || !call_params_done(c, e))
        return false;
    parse_range(c->range, s);
    st = plan_stmt(c, p, "file_get", get_sql);
    stmt_uuid(c->arena, st, &s->id);
    stmt_given(c, st, s->from);
    stmt_given(c, st, s->to);
    stmt_given(c, st, s->last);
    st = plan_stmt(c, p, "file_length", "SELECT r.file_bytes FROM keelson.resumes AS r WHERE r.org_id = $1::uuid AND r.id = $2::uuid"
                                        " AND r.deleted_at IS NULL");
    stmt_uuid(c->arena, st, &s->id);
    p->read_only = true;
    c->state = s;
    return true;
}

static struct span etag(struct call *c, struct span sha)
{
    char hex[2 * DIGEST_SHA256];

    digest_hex((const uint8_t *)sha.p, DIGEST_SHA256, hex);
    return span_of(arena_printf(c->arena, "\"%.*s\"", (int)sizeof hex, hex));
}

static struct span disposition(struct call *c, struct span name)
{
    struct buf b = BUF(4 * NAME_MAX_BYTES + 64);
    struct span text;

    buf_str(&b, "attachment");
    if (name.p)
        buf_str(&b, "; filename*=UTF-8''");
    for (size_t i = 0; i < name.n; i++) {
        if (token(name.p[i]) && name.p[i] != '^')
            buf_char(&b, name.p[i]);
        else
            buf_printf(&b, "%%%02X", (uint8_t)name.p[i]);
    }
    text = arena_span(c->arena, buf_span(&b));
    buf_free(&b);
    return text;
}

static void headers(struct call *c, const struct rows *r, struct span tag)
{
    struct buf b = BUF(128);
    struct span name = rows_get(r, 0, 0);

    buf_str(&b, "sha-256=:");
    digest_base64(&b, rows_get(r, 0, 3));
    buf_char(&b, ':');
    call_header(c, "Content-Type", arena_span(c->arena, rows_get(r, 0, 1)));
    call_header(c, "ETag", tag);
    call_header(c, "Accept-Ranges", SPAN("bytes"));
    call_header(c, "Content-Disposition", disposition(c, name.p ? arena_span(c->arena, name) : SPAN_NONE));
    call_header(c, "Repr-Digest", arena_span(c->arena, buf_span(&b)));
    buf_free(&b);
}

static bool no_file(struct call *c, const struct file_state *s, const struct rows *length, struct err *e)
{
    if (length->n == 0)
        return answer_missing(c, e);
    if (rows_null(length, 0, 0))
        return fail(e, E_NOT_FOUND, "this resume has no file");
    if (s->from >= 0)
        return fail(e, E_RANGE, "the file has %lld bytes", (long long)rows_i64(length, 0, 0));
    return fail(e, E_NOT_FOUND, "the file of this resume is kept elsewhere");
}

bool file_get_render(struct call *c, const struct rows *rows, int n, struct err *e)
{
    const struct file_state *s = c->state;
    const struct rows *r = &rows[0];
    struct span bytes, tag;
    int64_t total, from;

    (void)n;
    if (r->n == 0)
        return no_file(c, s, &rows[1], e);
    tag = etag(c, rows_get(r, 0, 3));
    if (c->if_none_match.p && precondition_unchanged(c->if_none_match, tag)) {
        c->status = 304;
        call_header(c, "ETag", tag);
        return true;
    }
    bytes = rows_get(r, 0, 4);
    total = rows_i64(r, 0, 2);
    from = s->last >= 0 ? total - (int64_t)bytes.n : s->from;
    if (s->last == 0)
        return fail(e, E_RANGE, "the file has %lld bytes", (long long)total);
    c->status = from >= 0 ? 206 : 200;
    headers(c, r, tag);
    if (from >= 0)
        call_header(c, "Content-Range", span_of(arena_printf(c->arena, "bytes %lld-%lld/%lld", (long long)from,
                                                             (long long)(from + (int64_t)bytes.n - 1), (long long)total)));
    buf_add(c->out, bytes);
    return true;
}

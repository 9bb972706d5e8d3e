/*
 * Heads of answers and problem documents.  What the server owes every answer is added here, so no handler can forget it:
 * Date, lengths, Request-Id, nosniff, and no-store unless the handler knows better.
 *
 * An answer that must not be sent as it is (a header that would break the framing, a body over the limit) becomes 500.
 */
// SPDX-License-Identifier: Apache-2.0
#include "http/reply.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

#include "base/json.h"
#include "base/log.h"
#include "http/connection.h"

#define PROBLEM_MAX (1 << 20)
#define FAULTS_MAX  (256 << 10)     /* no more faults are listed past this */
#define TEXT_MAX    1024            /* of one pointer or message */

static const struct { int status; const char *reason; } reasons[] = {
    { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" }, { 206, "Partial Content" },
    { 301, "Moved Permanently" }, { 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" },
    { 307, "Temporary Redirect" }, { 308, "Permanent Redirect" },
    { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
    { 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 408, "Request Timeout" }, { 409, "Conflict" },
    { 410, "Gone" }, { 412, "Precondition Failed" }, { 413, "Content Too Large" }, { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" }, { 416, "Range Not Satisfiable" }, { 417, "Expectation Failed" },
    { 422, "Unprocessable Content" }, { 423, "Locked" }, { 428, "Precondition Required" },
    { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" }, { 501, "Not Implemented" }, { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" }, { 505, "HTTP Version Not Supported" }, { 507, "Insufficient Storage" },
};

const char *http_reason(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

/* ---- what the server says itself ---- */

/* Names are ours, not the locale's. */
static struct span date_line(struct http_server *s)
{
    static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    usec now = loop_now(s->loop);

    if (now >= s->date_until) {
        usec wall = clock_wall();
        time_t seconds = (time_t)(wall / USEC_S);
        struct tm t;

        gmtime_r(&seconds, &t);
        snprintf(s->date, sizeof(s->date), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[t.tm_wday], t.tm_mday,
                 months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
        s->date_until = now + USEC_S - wall % USEC_S;
    }
    return span_of(s->date);
}

/* What the server sends itself; a handler's own is left out. */
static bool is_ours(struct span name)
{
    static const struct span ours[] = {
        SPAN("date"), SPAN("content-length"), SPAN("connection"), SPAN("request-id"), SPAN("x-content-type-options"),
        SPAN("transfer-encoding"),
    };

    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (span_ieq(name, ours[i]))
            return true;
    return false;
}

static bool header_valid(const struct http_header *h)
{
    struct span name = span_of(h->name);

    if (name.n == 0)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] >= 0x7f || name.p[i] == ':')
            return false;
    for (size_t i = 0; i < h->value.n; i++)
        if (h->value.p[i] == '\r' || h->value.p[i] == '\n' || h->value.p[i] == '\0')
            return false;
    return true;
}

static bool headers_valid(const struct http_header *headers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!header_valid(&headers[i]))
            return false;
    return true;
}

static void add_header(struct buf *b, struct span name, struct span value)
{
    buf_add(b, name);
    buf_add(b, SPAN(": "));
    buf_add(b, value);
    buf_add(b, SPAN("\r\n"));
}

static void add_theirs(struct buf *b, const struct http_header *headers, size_t n)
{
    bool cache_control = false;

    for (size_t i = 0; i < n; i++) {
        struct span name = span_of(headers[i].name);

        if (is_ours(name))
            continue;
        add_header(b, name, headers[i].value);
        cache_control |= span_ieq(name, SPAN("cache-control"));
    }
    if (!cache_control)
        buf_add(b, SPAN("Cache-Control: no-store\r\n"));
}

static void add_status(struct buf *b, int status)
{
    buf_add(b, SPAN("HTTP/1.1 "));
    buf_i64(b, status);
    buf_char(b, ' ');
    buf_str(b, http_reason(status));
    buf_add(b, SPAN("\r\n"));
}

static bool has_no_length(int status)
{
    return status == 204 || status == 304 || status < 200;
}

/* `connection` is a whole line, or empty. */
static bool render_head(struct http_server *s, int status, const struct http_header *headers, size_t nheaders,
                        size_t length, struct span request_id, struct span connection)
{
    struct buf *b = &s->head;

    buf_clear(b);
    add_status(b, status);
    buf_add(b, date_line(s));
    add_theirs(b, headers, nheaders);
    if (!has_no_length(status)) {
        buf_add(b, SPAN("Content-Length: "));
        buf_i64(b, (int64_t)length);
        buf_add(b, SPAN("\r\n"));
    }
    add_header(b, SPAN("Request-Id"), request_id);
    buf_add(b, SPAN("X-Content-Type-Options: nosniff\r\n"));
    buf_add(b, connection);
    return buf_add(b, SPAN("\r\n"));
}

/* ---- answers ---- */

static struct span connection_line(const struct connection *c)
{
    if (c->close)
        return SPAN("Connection: close\r\n");
    return c->work->head.minor == 0 ? SPAN("Connection: keep-alive\r\n") : SPAN("");
}

static void send_reply(struct connection *c, int status, const struct http_header *headers, size_t nheaders,
                       struct span body)
{
    struct work *w = c->work;
    struct http_server *s = c->server;
    bool silent = has_no_length(status) || w->head.method == HTTP_HEAD;

    c->close |= s->draining;
    if (!render_head(s, status, headers, nheaders, body.n, w->x.request_id, connection_line(c))) {
        log_event(LOG_ERROR, "http_internal_error", "request_id=%.*s error=%s", SPAN_ARG(w->x.request_id),
                  "the headers of the answer are too large");
        c->close = true;
        silent = true;
        render_head(s, 500, NULL, 0, 0, w->x.request_id, connection_line(c));
    }
    connection_send(c, buf_span(&s->head), silent ? SPAN_NONE : body);
}

void http_reply(struct exchange *x, int status, const struct http_header *headers, size_t nheaders, struct span body)
{
    struct work *w = CONTAINER(x, struct work, x);
    struct err e = { 0 };

    if (!w->c) {
        work_release(NULL, w);
        return;
    }
    assert(w->c->state == CONN_HANDLER);
    if (!headers_valid(headers, nheaders))
        fail(&e, E_INTERNAL, "a header of the answer contains a line end or NUL");
    else if (body.n > w->c->server->conf.output_max)
        fail(&e, E_INTERNAL, "the answer has %zu bytes", body.n);
    if (e.kind == E_NONE)
        send_reply(w->c, status, headers, nheaders, body);
    else
        http_problem(x, &e, NULL, 0);
}

/* ---- problems ---- */

static struct span clip(const char *text)
{
    struct span s = span_of(text ? text : "");

    if (s.n > TEXT_MAX) {
        s.n = TEXT_MAX;
        while (s.n && ((uint8_t)s.p[s.n] & 0xc0) == 0x80)       /* not in the middle of a character */
            s.n--;
    }
    return s;
}

static void add_faults(struct json_out *o, const struct fault *f)
{
    size_t start = o->b->n;

    json_key(o, "errors");
    json_open(o, '[');
    for (; f && o->b->n - start < FAULTS_MAX; f = f->next) {
        json_open(o, '{');
        json_key(o, "pointer");
        json_string(o, clip(f->pointer));
        json_key(o, "code");
        json_string(o, clip(f->code));
        json_key(o, "message");
        json_string(o, clip(f->message));
        json_close(o, '}');
    }
    json_close(o, ']');
}

/* What went wrong inside is for the log; the client gets the identifier to ask about. */
static const char *detail_of(const struct err *e, const struct err_info *info)
{
    static const char inside[] = "The server failed to answer this request; its log has the reason under this request_id.";

    return info->http == 500 ? inside : e->message;
}

static void add_text(struct json_out *o, const char *key, struct span value)
{
    json_key(o, key);
    json_string(o, value);
}

void http_problem_body(struct buf *out, const struct err *e, struct span instance, struct span request_id)
{
    const struct err_info *info = err_info(e->kind == E_NONE ? E_INTERNAL : e->kind);
    struct json_out o = JSON_OUT(out);

    json_open(&o, '{');
    json_key(&o, "type");
    buf_printf(out, "\"/problems/%s\"", info->slug);
    o.comma = true;
    add_text(&o, "title", span_of(info->title));
    json_key(&o, "status");
    json_int(&o, info->http);
    add_text(&o, "code", span_of(info->slug));
    add_text(&o, "detail", span_of(detail_of(e, info)));
    if (instance.n)
        add_text(&o, "instance", instance);
    add_text(&o, "request_id", request_id);
    json_key(&o, "retryable");
    json_boolean(&o, info->retryable);
    if (e->sqlstate[0]) {
        json_key(&o, "sqlstate");
        json_cstring(&o, e->sqlstate);
    }
    if (e->extra && *e->extra) {
        buf_char(out, ',');
        buf_str(out, e->extra);
    }
    if (e->faults)
        add_faults(&o, e->faults);
    json_close(&o, '}');
}

/* Whole seconds, never less than asked for and never 0. */
static struct span retry_after(const struct err *e, struct arena *a)
{
    int64_t seconds = e->retry_after_ms / 1000 + (e->retry_after_ms % 1000 > 0);

    return span_of(arena_printf(a, "%lld", (long long)(seconds > 0 ? seconds : 1)));
}

void http_problem(struct exchange *x, const struct err *e, const struct http_header *more, size_t nmore)
{
    struct work *w = CONTAINER(x, struct work, x);
    const struct err_info *info = err_info(e->kind == E_NONE ? E_INTERNAL : e->kind);
    struct http_header *headers = arena_array(x->arena, struct http_header, nmore + 2);
    struct buf body = BUF(PROBLEM_MAX);
    size_t n = 0;

    if (info->http == 500)
        log_event(LOG_ERROR, "http_internal_error", "request_id=%.*s error=%s", SPAN_ARG(x->request_id), e->message);
    headers[n++] = (struct http_header){ "Content-Type", SPAN("application/problem+json") };
    if (e->retry_after_ms > 0)
        headers[n++] = (struct http_header){ "Retry-After", retry_after(e, x->arena) };
    for (size_t i = 0; i < nmore; i++)
        if (header_valid(&more[i]))
            headers[n++] = more[i];
    http_problem_body(&body, e, x->head->path, x->request_id);
    if (!w->c)
        work_release(NULL, w);
    else
        send_reply(w->c, info->http, headers, n, buf_span(&body));
    buf_free(&body);
}

struct span reply_overloaded(struct http_server *s)
{
    struct err e = { .retry_after_ms = 1000 };
    struct uuid u = uuid_v7();
    char id[UUID_TEXT];
    struct span request_id = { id, UUID_TEXT };
    const struct http_header headers[] = {
        { "Content-Type", SPAN("application/problem+json") },
        { "Retry-After",  SPAN("1") },
    };
    struct buf body = BUF(PROBLEM_MAX);

    uuid_format(&u, id);
    fail(&e, E_BUSY, "this server has as many connections as it can serve");
    http_problem_body(&body, &e, SPAN_NONE, request_id);
    render_head(s, err_info(E_BUSY)->http, headers, ARRAY_LEN(headers), body.n, request_id, SPAN("Connection: close\r\n"));
    buf_add(&s->head, buf_span(&body));
    buf_free(&body);
    return buf_span(&s->head);
}

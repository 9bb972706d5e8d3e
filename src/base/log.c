/*
 * The log: one event, one line, one write(2).
 *
 * A value is gathered, redacted, then escaped, in this order: a secret is found in its own spelling.  A line
 * fits in PIPE_BUF and is written only when stderr takes it without waiting, so a stuck log
 * collector costs lines and never time.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { GUARDS = 16, GUARD_LEAST = 4, VALUE_MAX = 64 << 10, LINE_MAX_BYTES = PIPE_BUF, LINE_TAIL = 32 };

static struct {
    enum log_level   least;
    enum log_format  format;
    struct span      guards[GUARDS];
    size_t           nguards;
    _Atomic uint64_t dropped;
} state = { .least = LOG_INFO };

void log_setup(enum log_level least, enum log_format format)
{
    state.least = least;
    state.format = format;
}

uint64_t log_dropped(void)
{
    return state.dropped;
}

/* ---- secrets ---- */

static void forget_oldest(void)
{
    explicit_bzero((char *)state.guards[0].p, state.guards[0].n);
    free((char *)state.guards[0].p);
    memmove(state.guards, state.guards + 1, sizeof state.guards - sizeof state.guards[0]);
    state.nguards--;
}

void log_guard(struct span secret)
{
    char *copy;

    if (secret.n < GUARD_LEAST)
        return;
    for (size_t i = 0; i < state.nguards; i++)
        if (span_eq(state.guards[i], secret))
            return;
    copy = malloc(secret.n);
    if (!copy)
        err_die("out of memory: no room to remember a secret");
    memcpy(copy, secret.p, secret.n);
    if (state.nguards == GUARDS)
        forget_oldest();
    state.guards[state.nguards++] = (struct span){ copy, secret.n };
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_percent(struct span text, char wanted)
{
    return text.n >= 3 && text.p[0] == '%' &&
           hex_digit(text.p[1]) == ((unsigned char)wanted >> 4) && hex_digit(text.p[2]) == (wanted & 15);
}

/* Bytes at the start of `text` that spell the secret, each of its bytes as itself or as %XX; 0: they do not. */
static size_t spells(struct span text, struct span secret)
{
    size_t at = 0;

    for (size_t i = 0; i < secret.n; i++) {
        if (is_percent(span_drop(text, at), secret.p[i]))
            at += 3;
        else if (at < text.n && text.p[at] == secret.p[i])
            at += 1;
        else
            return 0;
    }
    return at;
}

static size_t secret_at(struct span text)
{
    size_t longest = 0;

    for (size_t i = 0; i < state.nguards; i++) {
        size_t n = spells(text, state.guards[i]);

        longest = n > longest ? n : longest;
    }
    return longest;
}

bool log_redact(struct buf *out, struct span text)
{
    size_t from = 0, i = 0;

    while (state.nguards > 0 && i < text.n) {
        size_t n = secret_at(span_drop(text, i));

        if (n == 0) {
            i++;
            continue;
        }
        buf_add(out, (struct span){ text.p + from, i - from });
        buf_str(out, "***");
        i += n;
        from = i;
    }
    return buf_add(out, span_drop(text, from));
}

/* ---- the line ---- */

struct line {
    char   text[LINE_MAX_BYTES];
    size_t n;
    bool   full;                /* something did not fit: nothing more is added but the end */
};

static bool fits(const struct line *l, struct span s)
{
    return !l->full && l->n + s.n <= sizeof(l->text) - LINE_TAIL;   /* n may be within the tail already */
}

/* All of s or nothing. */
static void put(struct line *l, struct span s)
{
    if (!fits(l, s)) {
        l->full = true;
        return;
    }
    memcpy(l->text + l->n, s.p, s.n);
    l->n += s.n;
}

/* The end of a value or line, for which LINE_TAIL keeps room. */
static void put_end(struct line *l, const char *s)
{
    size_t n = strlen(s);

    memcpy(l->text + l->n, s, n);
    l->n += n;
}

static unsigned code_point(struct span c)
{
    const unsigned char *p = (const unsigned char *)c.p;

    switch (c.n) {
    case 1:  return p[0];
    case 2:  return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    case 3:  return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    default: return 0x10000;    /* beyond what is escaped here */
    }
}

/* Control characters, C1 ones too (terminals obey them), and the separators some viewers break lines at. */
static bool must_escape(unsigned code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
}

static void put_char(struct line *l, struct span c)
{
    unsigned code = code_point(c);
    char escaped[8];

    if (code == '"' || code == '\\')
        put(l, (struct span){ escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\%c", (char)code) });
    else if (code == '\n')
        put(l, SPAN("\\n"));
    else if (must_escape(code))
        put(l, (struct span){ escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", code & 0xFFFF) });
    else
        put(l, c);
}

static void put_quoted(struct line *l, struct span v)
{
    put(l, SPAN("\""));
    if (l->full)
        return;
    while (v.n > 0 && !l->full) {
        size_t n = span_utf8_next(v);

        if (n > 0)
            put_char(l, (struct span){ v.p, n });
        else
            put(l, SPAN("\xEF\xBF\xBD"));       /* not UTF-8: the replacement character */
        v = span_drop(v, n ? n : 1);
    }
    put_end(l, "\"");
}

static bool is_plain(struct span v)
{
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] <= ' ' || v.p[i] >= 0x7F || v.p[i] == '"' || v.p[i] == '=' || v.p[i] == '\\')
            return false;
    return v.n > 0;
}

enum value_type { TEXT, NUMBER, MISSING };

static void put_value(struct line *l, struct span v, enum value_type type)
{
    if (type == MISSING)
        put(l, state.format == LOG_JSON ? SPAN("null") : SPAN(""));
    else if (type == NUMBER || (state.format == LOG_LOGFMT && is_plain(v) && fits(l, v)))
        put(l, v);
    else
        put_quoted(l, v);       /* which cuts what does not fit */
}

static void put_field(struct line *l, struct span key, struct span v, enum value_type type)
{
    size_t before = l->n, value_at;

    if (l->full)
        return;
    if (state.format == LOG_JSON) {
        put(l, l->n == 0 ? SPAN("{\"") : SPAN(",\""));
        put(l, key);
        put(l, SPAN("\":"));
    } else {
        put(l, l->n == 0 ? SPAN("") : SPAN(" "));
        put(l, key);
        put(l, SPAN("="));
    }
    value_at = l->n;
    put_value(l, v, type);
    if (l->full && l->n == value_at)
        l->n = before;                          /* no key without a value */
}

static void finish(struct line *l)
{
    bool json = state.format == LOG_JSON;

    if (l->full)
        put_end(l, json ? ",\"truncated\":true" : " truncated=true");
    put_end(l, json ? "}\n" : "\n");
}

static void emit(const struct line *l)
{
    struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
    ssize_t n = -1;

    if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT))
        do
            n = write(STDERR_FILENO, l->text, l->n);
        while (n < 0 && errno == EINTR);
    if (n != (ssize_t)l->n)
        state.dropped++;
}

/* ---- the format ---- */

struct args {
    va_list     ap;
    int         error;          /* errno as the caller had it, for %m */
    const char *fmt;            /* what is left */
};

static void add_text(struct buf *v, struct span s)
{
    size_t room = v->max - v->n;

    buf_add(v, (struct span){ s.p, s.n < room ? s.n : room });
}

/* Digits or '*' after a dot; -1: no precision. */
static int read_precision(struct args *a)
{
    int precision = 0;

    if (*a->fmt != '.')
        return -1;
    if (*++a->fmt == '*') {
        a->fmt++;
        return va_arg(a->ap, int);
    }
    for (; *a->fmt >= '0' && *a->fmt <= '9'; a->fmt++)
        precision = precision * 10 + (*a->fmt - '0');
    return precision;
}

/* Length modifiers: l, ll, z, j and t are all 64 bits here. */
static bool read_wide(struct args *a)
{
    bool wide = false;

    while (*a->fmt && strchr("lzjt", *a->fmt)) {
        wide = true;
        a->fmt++;
    }
    return wide;
}

static void add_string(struct buf *v, const char *s, int precision)
{
    add_text(v, (struct span){ s, precision < 0 ? strlen(s) : strnlen(s, (size_t)precision) });
}

/* One conversion, after the '%'. */
static enum value_type convert(struct args *a, struct buf *v)
{
    _Static_assert(sizeof(long) == sizeof(int64_t) && sizeof(size_t) == sizeof(int64_t), "l and z mean 64 bits");
    int precision = read_precision(a);
    bool wide = read_wide(a);
    char c = *a->fmt ? *a->fmt++ : '\0';
    const char *s;
    uint64_t u;

    switch (c) {
    case 'd':
    case 'i':
        buf_i64(v, wide ? va_arg(a->ap, int64_t) : va_arg(a->ap, int));
        return NUMBER;
    case 'u':
    case 'x':
        u = wide ? va_arg(a->ap, uint64_t) : va_arg(a->ap, unsigned);
        buf_printf(v, c == 'u' ? "%" PRIu64 : "%" PRIx64, u);
        return c == 'u' ? NUMBER : TEXT;
    case 'f':
        buf_printf(v, "%.*f", precision < 0 ? 6 : precision, va_arg(a->ap, double));
        return NUMBER;
    case 's':
        s = va_arg(a->ap, const char *);
        add_string(v, s ? s : "", precision);
        return s ? TEXT : MISSING;
    case 'c':
        buf_char(v, (char)va_arg(a->ap, int));
        return TEXT;
    case 'm':
        buf_str(v, strerror(a->error));
        return TEXT;
    default:
        err_die("log_event: the format has a conversion that is not known, before \"%s\"", a->fmt);
    }
}

/* The value up to the next blank: one conversion, or a mixture of text and conversions, which is text. */
static enum value_type gather(struct args *a, struct buf *v)
{
    enum value_type type = TEXT;
    int parts = 0;

    for (; *a->fmt && *a->fmt != ' '; parts++) {
        if (*a->fmt == '%') {
            a->fmt++;
            type = convert(a, v);
        } else {
            buf_char(v, *a->fmt++);
        }
    }
    return parts == 1 ? type : TEXT;
}

/* "nan" and "inf" are numbers to printf() and to nobody else; a redacted number is none either. */
static enum value_type settle_type(enum value_type type, struct span v)
{
    bool finite = v.n > 0 && v.p[v.n - 1] >= '0' && v.p[v.n - 1] <= '9';

    return type == NUMBER && !finite ? TEXT : type;
}

static void put_fields(struct line *l, struct args *a)
{
    struct buf raw = BUF(VALUE_MAX), clean = BUF(2 * VALUE_MAX);

    while (*a->fmt && !l->full) {
        const char *eq = strchr(a->fmt, '=');
        struct span key = { a->fmt, eq ? (size_t)(eq - a->fmt) : 0 };
        enum value_type type;

        if (!eq)
            err_die("log_event: the format has no '=' in \"%s\"", a->fmt);
        a->fmt = eq + 1;
        buf_clear(&raw);
        buf_clear(&clean);
        type = gather(a, &raw);
        log_redact(&clean, buf_span(&raw));
        put_field(l, key, buf_span(&clean), settle_type(type, buf_span(&clean)));
        if (*a->fmt == ' ')
            a->fmt++;
    }
    buf_free(&raw);
    buf_free(&clean);
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    static const char *const levels[] = { "debug", "info", "warn", "error" };
    struct args a = { .error = errno, .fmt = fmt ? fmt : "" };
    struct line l = { .n = 0 };
    char at[CLOCK_RFC3339];

    if (level < state.least)
        return;
    clock_rfc3339(clock_wall(), at);
    put_field(&l, SPAN("time"), span_of(at), TEXT);
    put_field(&l, SPAN("level"), span_of(levels[level]), TEXT);
    put_field(&l, SPAN("event"), span_of(event), TEXT);
    va_start(a.ap, fmt);
    put_fields(&l, &a);
    va_end(a.ap);
    finish(&l);
    emit(&l);
    errno = a.error;
}

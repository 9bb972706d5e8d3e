/*
 * RFC 9110, 13.1: If-Match compares strongly, so W/ never matches; If-None-Match compares weakly.  For If-Match only the
 * version of a session's tag counts: messages arriving do not make a change of the session stale.
 */
// SPDX-License-Identifier: Apache-2.0
#include "data/precondition.h"

/* The next tag of a list, with its quotes; weak: had W/ before it.  False at the end or when it is none (*ok false). */
static bool next_tag(struct span *rest, struct span *tag, bool *weak, bool *ok)
{
    struct span s = *rest;
    const char *close;

    *ok = true;
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == ','))
        s = span_drop(s, 1);
    if (s.n == 0)
        return false;
    *weak = span_starts(s, SPAN("W/"));
    if (*weak)
        s = span_drop(s, 2);
    close = s.n > 1 && s.p[0] == '"' ? memchr(s.p + 1, '"', s.n - 1) : NULL;
    if (!close) {
        *ok = false;
        return false;
    }
    *tag = (struct span){ s.p, (size_t)(close - s.p) + 1 };
    *rest = span_drop(s, tag->n);
    return true;
}

static int64_t version_of(struct span tag, bool weak)
{
    struct span s = { tag.p + 1, tag.n - 2 };
    uint64_t v;

    if (weak || !span_starts(s, SPAN("v")))
        return -1;
    s = span_drop(s, 1);
    s = span_cut(&s, '-');
    return span_u64(s, &v) && v <= INT64_MAX ? (int64_t)v : -1;
}

bool precondition_parse(struct span if_match, struct precondition *out, struct err *e)
{
    struct span rest = span_trim(if_match), tag;
    bool weak, ok = true;

    *out = (struct precondition){ .given = if_match.p != NULL };
    if (!out->given)
        return true;
    if (span_is(rest, "*")) {
        out->any = true;
        return true;
    }
    while (next_tag(&rest, &tag, &weak, &ok)) {
        if (out->n < PRECONDITION_TAGS)
            out->version[out->n++] = version_of(tag, weak);
    }
    if (!ok || out->n == 0)
        return fail(e, E_PARAMETER, "If-Match: expected * or the ETag of an earlier answer, such as \"v7\" with its quotes");
    return true;
}

bool precondition_required(const struct call *c, const struct precondition *p, struct err *e)
{
    return p->given || fail(e, E_PRECONDITION, "a change needs If-Match with the ETag of the %s, or *", call_noun(c));
}

bool precondition_check(const struct call *c, const struct precondition *p, int64_t version, struct err *e)
{
    if (!p->given || p->any)
        return true;
    for (int i = 0; i < p->n; i++) {
        if (p->version[i] == version)
            return true;
    }
    e->extra = arena_printf(c->arena, "\"current_version\":%lld", (long long)version);
    if (p->version[0] < 0)
        return fail(e, E_STALE, "%s is at version %lld, which If-Match does not name", call_noun(c), (long long)version);
    return fail(e, E_STALE, "%s is at version %lld, If-Match was %lld", call_noun(c), (long long)version, (long long)p->version[0]);
}

bool precondition_unchanged(struct span if_none_match, struct span etag)
{
    struct span rest = span_trim(if_none_match), tag;
    bool weak, ok;

    if (span_is(rest, "*"))
        return true;
    while (next_tag(&rest, &tag, &weak, &ok)) {
        if (span_eq(tag, etag))
            return true;
    }
    return false;
}

struct span precondition_etag(struct arena *a, int64_t version, int64_t event)
{
    char text[64];
    struct buf b = { .p = text, .cap = sizeof text, .max = sizeof text };

    buf_add(&b, SPAN("\"v"));
    buf_i64(&b, version);
    if (event >= 0) {
        buf_char(&b, '-');
        buf_i64(&b, event);
    }
    buf_char(&b, '"');
    return arena_span(a, buf_span(&b));
}

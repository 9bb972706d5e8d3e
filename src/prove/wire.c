/*
 * Framing only: a message is a letter and a length that counts itself; the first of a client has no letter.  What the bodies mean
 * is left to libpq and the server, but for the two things a relay must know: whose backend it is, and what the client calls itself.
 */
// SPDX-License-Identifier: Apache-2.0
#include "prove/wire.h"

#include "base/attr.h"

enum { CODE_CANCEL = 80877102, CODE_SSL = 80877103, CODE_GSSENC = 80877104 };

static uint32_t u32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static enum wire_kind kind_of(uint32_t code)
{
    switch (code) {
    case CODE_CANCEL:
        return WIRE_CANCEL;
    case CODE_SSL:
    case CODE_GSSENC:
        return WIRE_ENCRYPTION;
    default:
        return WIRE_STARTUP;
    }
}

static enum wire_result first(struct wire *w, struct span in, struct wire_message *out)
{
    size_t n;

    if (in.n < 4)
        return WIRE_MORE;
    n = u32(in.p);
    if (n < 8 || n > WIRE_STARTUP_MOST)
        return WIRE_BROKEN;
    if (in.n < n)
        return WIRE_MORE;
    *out = (struct wire_message){ .kind = kind_of(u32(in.p + 4)), .bytes = { in.p, n }, .body = { in.p + 8, n - 8 } };
    w->started = out->kind == WIRE_STARTUP;
    return WIRE_MESSAGE;
}

enum wire_result wire_next(struct wire *w, struct span in, struct wire_message *out)
{
    size_t n;

    if (w->side == WIRE_CLIENT && !w->started)
        return first(w, in, out);
    if (in.n < 5)
        return WIRE_MORE;
    n = (size_t)u32(in.p + 1) + 1;
    if (n < 5 || n > WIRE_MESSAGE_MOST)
        return WIRE_BROKEN;
    if (in.n < n)
        return WIRE_MORE;
    *out = (struct wire_message){ .kind = WIRE_TYPED, .type = in.p[0], .bytes = { in.p, n }, .body = { in.p + 5, n - 5 } };
    return WIRE_MESSAGE;
}

/* The text up to its zero, which is cut off too.  SPAN_NONE: there is no zero. */
static struct span text_cut(struct span *s)
{
    if (s->n == 0 || !memchr(s->p, '\0', s->n))
        return SPAN_NONE;
    return span_cut(s, '\0');
}

struct span wire_startup_value(const struct wire_message *startup, const char *name)
{
    struct span rest = startup->body;

    while (startup->kind == WIRE_STARTUP && rest.n > 0) {
        struct span key = text_cut(&rest), value = text_cut(&rest);

        if (!key.p || !value.p)
            break;
        if (span_is(key, name))
            return value;
    }
    return SPAN_NONE;
}

int wire_backend_pid(const struct wire_message *m)
{
    return m->kind == WIRE_TYPED && m->type == 'K' && m->body.n == 8 ? (int)u32(m->body.p) : 0;
}

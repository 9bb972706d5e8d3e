/*
 * A text with "://" in it is a URL; everything else is a password.  What a command writes to its standard error is not looked at: it may
 * be anything, and it would be mixed into the secret.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/credentials.h"

#include <string.h>

#include "base/log.h"
#include "base/proc.h"

static struct span trimmed(struct span s)
{
    while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1]))
        s.n--;
    while (s.n > 0 && strchr(" \t\r\n", *s.p))
        s = span_drop(s, 1);
    return s;
}

static bool command_run(const char *command, struct buf *out, struct err *e)
{
    struct arena a = ARENA;
    const char *const argv[] = { "/bin/sh", "-c", arena_printf(&a, "exec 2>/dev/null\n%s", command), NULL };
    struct proc_opts o = { .argv = argv };
    int status = 0;
    bool ok = proc_run(&o, clock_now() + CREDENTIALS_LIMIT, out, &status, e);

    if (!ok)
        fail(e, e->kind, "database.url.command: it could not be run, or took longer than %d s", (int)(CREDENTIALS_LIMIT / USEC_S));
    else if (status != 0)
        ok = fail(e, E_USAGE, "database.url.command: it ended with status %d", status);
    arena_free(&a);
    return ok;
}

bool credentials_read(const struct credentials *c, struct buf *out, struct err *e)
{
    if (c->file ? !buf_read_file(out, c->file, e) : !command_run(c->command, out, e))
        return false;
    if (out->full || trimmed(buf_span(out)).n == 0)
        return fail(e, E_USAGE, "%s: %s", c->file ? "database.url.file" : "database.url.command", out->full ? "it is too long" : "it is empty");
    return true;
}

static const char *encoded(struct arena *a, struct span text)
{
    char *out = arena_alloc(a, 3 * text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        out[n++] = '%';
        out[n++] = "0123456789ABCDEF"[c >> 4];
        out[n++] = "0123456789ABCDEF"[c & 15];
    }
    out[n] = '\0';
    return out;
}

/* libpq takes the last of two passwords. */
bool credentials_url(struct arena *a, const struct credentials *c, struct span text, const char **url, struct err *e)
{
    text = trimmed(text);
    log_guard(text);
    if (memmem(text.p, text.n, "://", 3)) {
        *url = arena_strdup(a, text);
        return true;
    }
    if (!c->url || !strstr(c->url, "://"))
        return fail(e, E_USAGE, "%s: a password alone needs DATABASE_URL as a URL (postgresql://...) to go with it",
                    c->file ? "database.url.file" : "database.url.command");
    *url = arena_printf(a, "%s%cpassword=%s", c->url, strchr(c->url, '?') ? '&' : '?', encoded(a, text));
    log_guard(span_of(*url));
    return true;
}

bool credentials_find(struct arena *a, const struct credentials *c, const char **url, struct err *e)
{
    struct buf text = BUF(CREDENTIALS_MOST);
    bool ok = true;

    if (c->file || c->command)
        ok = credentials_read(c, &text, e) && credentials_url(a, c, buf_span(&text), url, e);
    if (text.p)
        explicit_bzero(text.p, text.cap);
    buf_free(&text);
    return ok;
}

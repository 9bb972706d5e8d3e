/*
 * A value is quoted only where a shell would need it, because `docker run --env-file` takes quotes as part of the value.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/dotenv.h"

#include <stdbool.h>
#include <string.h>

/* Does this line set the name?  *value is what follows the equals sign. */
static bool sets(struct span line, const char *name, struct span *value)
{
    struct span key;

    line = span_trim(line);
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    if (span_starts(line, SPAN("export ")))
        line = span_trim(span_drop(line, 7));
    key = span_trim(span_cut(&line, '='));
    *value = span_trim(line);
    return line.p && span_is(key, name);
}

static struct span unquoted(struct span v)
{
    const char *comment;

    if (v.n >= 2 && (v.p[0] == '"' || v.p[0] == '\'')) {
        const char *end = memchr(v.p + 1, v.p[0], v.n - 1);

        if (end)
            return (struct span){ v.p + 1, (size_t)(end - v.p - 1) };
    }
    comment = v.n ? memmem(v.p, v.n, " #", 2) : NULL;
    return comment ? span_trim((struct span){ v.p, (size_t)(comment - v.p) }) : v;
}

const char *dotenv_find(struct arena *a, struct span text, const char *name)
{
    struct span found = SPAN_NONE, value;

    while (text.n > 0)
        if (sets(span_cut(&text, '\n'), name, &value))
            found = unquoted(value);
    return found.n > 0 ? arena_strdup(a, found) : NULL;
}

static void assign(struct buf *out, const char *name, const char *value)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%?=,+~-";
    const char *quote = value[strspn(value, plain)] ? "\"" : "";

    buf_printf(out, "%s=%s%s%s\n", name, quote, value, quote);
}

void dotenv_set(struct buf *out, struct span text, const char *name, const char *value)
{
    bool done = false;
    struct span ignored;

    while (text.n > 0) {
        struct span line = span_cut(&text, '\n');

        if (!sets(line, name, &ignored)) {
            buf_add(out, line);
            buf_char(out, '\n');
        } else if (!done) {
            assign(out, name, value);
            done = true;
        }
    }
    if (!done)
        assign(out, name, value);
}

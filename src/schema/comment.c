/*
 * Reads "@resource(candidates) @pii Text for people": tags are words that begin with @, anywhere in the comment, with an
 * optional argument in parentheses.  What is left is the description.  A word that only looks like a tag is left alone.
 */
// SPDX-License-Identifier: Apache-2.0
#include "schema/comment.h"

#include <stddef.h>

enum tag_kind { TAG_FLAG, TAG_TEXT, TAG_LIST, TAG_PAIR };

struct tag {
    const char   *name;
    enum tag_kind kind;
    size_t        at, more;      /* offsets into the table or column; more: count of a list, second of a pair */
};

#define COLUMN(member) offsetof(struct column, member)
#define TABLE(member)  offsetof(struct table, member)

static const struct tag column_tags[] = {
    { "readonly",   TAG_FLAG, COLUMN(readonly),        0 },
    { "filter",     TAG_FLAG, COLUMN(filter),          0 },
    { "pii",        TAG_FLAG, COLUMN(pii),             0 },
    { "hidden",     TAG_FLAG, COLUMN(hidden),          0 },
    { "lazy",       TAG_FLAG, COLUMN(lazy),            0 },
    { "exact",      TAG_FLAG, COLUMN(exact),           0 },
    { "create",     TAG_FLAG, COLUMN(create),          0 },
    { "reason",     TAG_FLAG, COLUMN(reason),          0 },
    { "number",     TAG_TEXT, COLUMN(number_within),   0 },
    { "normalized", TAG_TEXT, COLUMN(normalized_from), 0 },
    { "current",    TAG_TEXT, COLUMN(current_within),  0 },
    { "on",         TAG_LIST, COLUMN(on_states),       COLUMN(non_states) },
};

static const struct tag table_tags[] = {
    { "resource", TAG_TEXT, TABLE(resource), 0 },
    { "part",     TAG_PAIR, TABLE(part_of),  TABLE(part_field) },
};

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool word(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_';
}

static const char *const *list(struct arena *a, struct span text, int *count)
{
    const char **out = arena_array(a, const char *, text.n / 2 + 1);
    struct span rest = text;

    *count = 0;
    while (rest.n > 0)
        out[(*count)++] = arena_strdup(a, span_trim(span_cut(&rest, ',')));
    return out;
}

static bool set(struct arena *a, const struct tag *t, struct span argument, bool has_argument, char *out)
{
    struct span first = argument;

    if (has_argument != (t->kind != TAG_FLAG))
        return false;
    switch (t->kind) {
    case TAG_FLAG:
        *(bool *)(void *)(out + t->at) = true;
        break;
    case TAG_TEXT:
        *(const char **)(void *)(out + t->at) = arena_strdup(a, span_trim(argument));
        break;
    case TAG_LIST:
        *(const char *const **)(void *)(out + t->at) = list(a, argument, (int *)(void *)(out + t->more));
        break;
    case TAG_PAIR:
        first = span_cut(&argument, ',');
        *(const char **)(void *)(out + t->at) = arena_strdup(a, span_trim(first));
        *(const char **)(void *)(out + t->more) = arena_strdup(a, span_trim(argument));
        break;
    }
    return true;
}

/* Bytes of the tag at the start of `s`, applied to *out; 0: there is none. */
static size_t tag_apply(struct arena *a, struct span s, const struct tag *tags, size_t ntags, void *out)
{
    size_t n = 1, end;
    struct span name, argument = SPAN_NONE;
    bool has_argument = false;
    const char *close;

    while (n < s.n && word(s.p[n]))
        n++;
    name = (struct span){ s.p + 1, n - 1 };
    end = n;
    if (n < s.n && s.p[n] == '(' && (close = memchr(s.p + n, ')', s.n - n)) != NULL) {
        argument = (struct span){ s.p + n + 1, (size_t)(close - s.p) - n - 1 };
        has_argument = true;
        end = (size_t)(close - s.p) + 1;
    }
    for (size_t i = 0; i < ntags; i++) {
        if (span_is(name, tags[i].name))
            return set(a, &tags[i], argument, has_argument, out) ? end : 0;
    }
    return 0;
}

static const char *apply(struct arena *a, struct span text, const struct tag *tags, size_t ntags, void *out)
{
    char *doc = arena_alloc(a, text.n + 1);
    size_t n = 0, i = 0;

    while (i < text.n) {
        bool start = i == 0 || blank(text.p[i - 1]);
        size_t used = start && text.p[i] == '@' ? tag_apply(a, span_drop(text, i), tags, ntags, out) : 0;

        if (used > 0) {
            for (i += used; i < text.n && blank(text.p[i]); i++)
                ;
            continue;
        }
        doc[n++] = text.p[i++];
    }
    while (n > 0 && blank(doc[n - 1]))
        n--;
    doc[n] = '\0';
    return n > 0 ? doc : NULL;
}

void comment_table(struct arena *a, struct span text, struct table *out)
{
    out->doc = apply(a, text, table_tags, ARRAY_LEN(table_tags), out);
}

void comment_column(struct arena *a, struct span text, struct column *out)
{
    out->doc = apply(a, text, column_tags, ARRAY_LEN(column_tags), out);
}

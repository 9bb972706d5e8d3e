/*
 * The scanner follows psql's rules, which are the ones people write their files by: a semicolon ends a statement outside of
 * quotes, comments, parentheses and BEGIN ATOMIC bodies.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/split.h"

#include <ctype.h>

enum token { T_END, T_WORD, T_QUOTED, T_SEMICOLON, T_OPEN, T_CLOSE, T_BACKSLASH, T_OTHER, T_BAD };

struct scan {
    struct span text;
    size_t      at;               /* after the token */
    size_t      start;            /* of the token */
    const char *bad;              /* T_BAD: what does not end */
    size_t      counted;          /* lines are counted once, forward */
    int         line;
};

static int peek(const struct scan *s, size_t ahead)
{
    return s->at + ahead < s->text.n ? (unsigned char)s->text.p[s->at + ahead] : -1;
}

static bool is_word_start(int c)
{
    return c == '_' || c >= 0x80 || (c > 0 && isalpha(c));
}

static bool is_word(int c)
{
    return is_word_start(c) || c == '$' || (c > 0 && isdigit(c));
}

/* Comments nest, as the standard wants and C does not. */
static bool skip_block_comment(struct scan *s)
{
    int depth = 1;

    s->at += 2;
    while (depth > 0 && s->at < s->text.n) {
        if (peek(s, 0) == '/' && peek(s, 1) == '*') {
            depth++;
            s->at++;
        } else if (peek(s, 0) == '*' && peek(s, 1) == '/') {
            depth--;
            s->at++;
        }
        s->at++;
    }
    return depth == 0;
}

static bool skip_blanks(struct scan *s)
{
    while (s->at < s->text.n) {
        int c = peek(s, 0);

        if (c == '-' && peek(s, 1) == '-') {
            while (s->at < s->text.n && peek(s, 0) != '\n')
                s->at++;
        } else if (c == '/' && peek(s, 1) == '*') {
            s->start = s->at;
            if (!skip_block_comment(s))
                return false;
        } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
            s->at++;
        } else {
            return true;
        }
    }
    return true;
}

/* At the opening quote; a doubled one stands for itself. */
static bool skip_quoted(struct scan *s, int quote, bool escapes)
{
    s->at++;
    while (s->at < s->text.n) {
        int c = peek(s, 0);

        s->at += escapes && c == '\\' ? 2 : 1;
        if (c == quote && peek(s, 0) != quote)
            return true;
        if (c == quote)
            s->at++;
    }
    return false;
}

/* The length of "$tag$" at the scanner, 0 if there is none: "$1" is a parameter. */
static size_t dollar_tag(const struct scan *s)
{
    size_t n = 1;

    if (peek(s, n) != '$' && !is_word_start(peek(s, n)))
        return 0;
    while (peek(s, n) != '$' && is_word(peek(s, n)))
        n++;
    return peek(s, n) == '$' ? n + 1 : 0;
}

static bool skip_dollar_quoted(struct scan *s, size_t tag)
{
    const char *open = s->text.p + s->at;
    const char *found;

    s->at += tag;
    found = memmem(s->text.p + s->at, s->text.n - s->at, open, tag);
    if (!found)
        return false;
    s->at = (size_t)(found - s->text.p) + tag;
    return true;
}

static enum token bad(struct scan *s, const char *what)
{
    s->bad = what;
    return T_BAD;
}

static enum token word(struct scan *s)
{
    while (is_word(peek(s, 0)))
        s->at++;
    if (peek(s, 0) == '\'' && s->at - s->start == 1 && (s->text.p[s->start] | 0x20) == 'e')
        return skip_quoted(s, '\'', true) ? T_QUOTED : bad(s, "a string begins here and does not end");
    return T_WORD;
}

static enum token next(struct scan *s)
{
    int c;
    size_t tag;

    if (!skip_blanks(s))
        return bad(s, "a comment begins here and does not end");
    s->start = s->at;
    c = peek(s, 0);
    if (c < 0)
        return T_END;
    if (is_word_start(c))
        return word(s);
    if (c == '\'')
        return skip_quoted(s, c, false) ? T_QUOTED : bad(s, "a string begins here and does not end");
    if (c == '"')
        return skip_quoted(s, c, false) ? T_QUOTED : bad(s, "a quoted name begins here and does not end");
    if (c == '$' && (tag = dollar_tag(s)) > 0)
        return skip_dollar_quoted(s, tag) ? T_QUOTED : bad(s, "a dollar-quoted string begins here and does not end");
    s->at++;
    /* 1e5 and $1: digits and what clings to them are no words. */
    while (isdigit(c) && is_word(peek(s, 0)))
        s->at++;
    return c == ';' ? T_SEMICOLON : c == '(' ? T_OPEN : c == ')' ? T_CLOSE : c == '\\' ? T_BACKSLASH : T_OTHER;
}

/* `at` never goes back. */
static int line_of(struct scan *s, size_t at)
{
    for (; s->counted < at; s->counted++)
        s->line += s->text.p[s->counted] == '\n';
    return s->line;
}

/* ---------------------------------------------------------------- one statement */

#define HEAD 12                   /* words that are looked at to tell what a statement is */

struct head {
    struct span words[HEAD];
    int         n;
    int         all;              /* words of the whole statement */
};

static bool is(const struct head *h, int i, const char *word)
{
    return i < h->n && span_ieq(h->words[i], span_of(word));
}

static bool has(const struct head *h, const char *word)
{
    for (int i = 0; i < h->n; i++)
        if (is(h, i, word))
            return true;
    return false;
}

/* What fingerprint.c sees; the catalog has more, about which nothing is claimed. */
static bool names_object(const struct head *h)
{
    static const char *const kinds[] = { "table", "index", "view", "function", "procedure", "type", "domain", "schema", "sequence",
                                         "policy", "trigger" };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (is(h, 1, kinds[i]) || is(h, 2, kinds[i]))     /* CREATE TABLE, CREATE UNIQUE INDEX */
            return true;
    return false;
}

static bool is_conditional(const struct head *h)
{
    return has(h, "if") || is(h, 2, "replace");
}

static bool is_temporary(const struct head *h)
{
    return is(h, 1, "temp") || is(h, 1, "temporary") || is(h, 2, "temp") || is(h, 2, "temporary") || has(h, "pg_temp");
}

static bool is_transaction(const struct head *h)
{
    if (is(h, 0, "rollback"))
        return !(is(h, 1, "to") || is(h, 2, "to"));       /* to a savepoint: stays inside */
    return is(h, 0, "begin") || is(h, 0, "commit") || is(h, 0, "end") || is(h, 0, "abort") ||
           (is(h, 0, "start") && is(h, 1, "transaction")) || (is(h, 0, "prepare") && is(h, 1, "transaction"));
}

static bool is_alone(const struct head *h)
{
    bool create = is(h, 0, "create"), drop = is(h, 0, "drop");

    if (is(h, 0, "vacuum"))
        return true;
    if ((create || drop || is(h, 0, "reindex")) && has(h, "concurrently") && (has(h, "index") || is(h, 0, "reindex")))
        return true;
    return (create || drop) && (is(h, 1, "database") || is(h, 1, "tablespace"));
}

static unsigned flags_of(const struct head *h)
{
    unsigned flags = 0;

    if (is_transaction(h))
        flags |= SPLIT_TRANSACTION;
    if (is(h, 0, "copy") && has(h, "stdin"))
        flags |= SPLIT_COPY_IN;
    if (is(h, 0, "create") && names_object(h) && !is_conditional(h) && !is_temporary(h))
        flags |= SPLIT_CREATES;
    if (is(h, 0, "drop") && names_object(h) && !is_conditional(h) && !is_temporary(h))
        flags |= SPLIT_DROPS;
    if (is_alone(h))
        flags |= SPLIT_ALONE;
    return flags;
}

static bool is_routine(const struct head *h)
{
    int i = is(h, 1, "or") ? 3 : 1;

    return is(h, 0, "create") && (is(h, i, "function") || is(h, i, "procedure"));
}

/* What keeps a semicolon from ending the statement. */
struct nesting {
    int  parens;
    int  blocks;                  /* BEGIN ATOMIC, and each CASE in it: both end with END */
    bool begin;                   /* the word before was BEGIN */
};

static void nest_word(struct nesting *nest, const struct head *h, struct span w)
{
    if (!is_routine(h))
        return;
    if (nest->begin && span_ieq(w, SPAN("atomic")))
        nest->blocks++;
    else if (nest->blocks > 0 && span_ieq(w, SPAN("case")))
        nest->blocks++;
    else if (nest->blocks > 0 && span_ieq(w, SPAN("end")))
        nest->blocks--;
    nest->begin = span_ieq(w, SPAN("begin"));
}

static void nest(struct nesting *nest, struct head *h, enum token t, struct span text)
{
    if (t == T_OPEN)
        nest->parens++;
    else if (t == T_CLOSE && nest->parens > 0)
        nest->parens--;
    else if (t == T_WORD && nest->parens == 0) {
        if (h->n < HEAD)
            h->words[h->n++] = text;
        nest_word(nest, h, text);
    }
}

static struct span between(struct span text, size_t from, size_t to)
{
    return (struct span){ text.p + from, to - from };
}

/* One statement from the scanner; *found is false at the end of the text. */
static bool statement(struct scan *s, struct split_statement *out, bool *found, struct err *e)
{
    struct head h = { .n = 0 };
    struct nesting n = { 0 };
    size_t from = s->at, start = 0, end = 0;
    enum token t;

    for (t = next(s); t != T_END; t = next(s)) {
        if (t == T_BAD || t == T_BACKSLASH)
            return fail(e, E_USAGE, "line %d: %s", line_of(s, s->start), t == T_BAD ? s->bad : "backslash commands are psql's, not SQL");
        if (t == T_SEMICOLON && n.parens == 0 && n.blocks == 0 && end > 0)
            break;
        if (t == T_SEMICOLON && end == 0) {             /* an empty statement */
            from = s->at;
            continue;
        }
        if (end == 0)
            start = s->start;
        end = s->at;
        nest(&n, &h, t, between(s->text, s->start, s->at));
    }
    *found = end > 0;
    if (!*found)
        start = end = s->text.n;
    *out = (struct split_statement){
        .text = between(s->text, start, end),
        .before = between(s->text, from, start),
        .line = line_of(s, start),
        .flags = flags_of(&h),
    };
    return true;
}

bool split_statements(struct arena *a, struct span text, struct split_statement **out, int *n, struct span *tail, struct err *e)
{
    struct scan s = { .text = text, .line = 1 };
    int cap = 0;
    bool found = true;

    *n = 0;
    *out = NULL;
    while (found) {
        struct split_statement one;

        if (!statement(&s, &one, &found, e))
            return false;
        if (!found) {
            if (tail)
                *tail = one.before;
            break;
        }
        if (*n == cap) {
            struct split_statement *more = arena_array(a, struct split_statement, cap = cap ? cap * 2 : 16);

            if (*n)
                memcpy(more, *out, (size_t)*n * sizeof *more);
            *out = more;
        }
        (*out)[(*n)++] = one;
    }
    return true;
}

/*
 * A reader for the few spellings pg_get_expr() gives to the checks people write: AND of comparisons, "x IS NULL OR ...",
 * = ANY (ARRAY[...]), ~ 'pattern', length(x) <= n, jsonb_typeof(x) = 'object'.  PostgreSQL puts parentheses around every
 * operator, so one level has one kind of operator and no precedence has to be known.
 */
// SPDX-License-Identifier: Apache-2.0
#include "schema/check.h"

enum operand { OPERAND_OTHER, OPERAND_VALUE, OPERAND_LENGTH, OPERAND_KIND };

static const struct { const char *name; enum operand gives; } functions[] = {
    { "length",           OPERAND_LENGTH },
    { "char_length",      OPERAND_LENGTH },
    { "character_length", OPERAND_LENGTH },
    { "cardinality",      OPERAND_LENGTH },
    { "jsonb_typeof",     OPERAND_KIND   },
    { "json_typeof",      OPERAND_KIND   },
};

/* One step over a quoted piece or a single byte, depth kept. */
static size_t advance(struct span s, size_t i, int *depth)
{
    char c = s.p[i];

    if (c == '\'' || c == '"') {
        for (i++; i < s.n && s.p[i] != c; i++)
            ;
        return i + 1;
    }
    *depth += (c == '(' || c == '[') - (c == ')' || c == ']');
    return i + 1;
}

/* Where `token` stands outside quotes and parentheses, or s.n. */
static size_t find_top(struct span s, struct span token)
{
    int depth = 0;

    for (size_t i = 0; i < s.n; i = advance(s, i, &depth)) {
        if (depth == 0 && span_starts(span_drop(s, i), token))
            return i;
    }
    return s.n;
}

static bool enclosed(struct span s)
{
    int depth = 0;

    if (s.n < 2 || s.p[0] != '(')
        return false;
    for (size_t i = 0; i < s.n; ) {
        i = advance(s, i, &depth);
        if (depth == 0)
            return i == s.n;
    }
    return false;
}

/* Without parentheses around it and casts behind it. */
static struct span bare(struct span s)
{
    for (;;) {
        size_t cast;

        s = span_trim(s);
        if (enclosed(s)) {
            s = (struct span){ s.p + 1, s.n - 2 };
            continue;
        }
        cast = find_top(s, SPAN("::"));
        if (cast == s.n)
            return s;
        s.n = cast;
    }
}

static bool names(struct span s, const char *column)
{
    if (s.n >= 2 && s.p[0] == '"')
        s = (struct span){ s.p + 1, s.n - 2 };
    return span_is(s, column);
}

static enum operand operand(struct span s, const struct column *col)
{
    s = bare(s);
    if (names(s, col->name))
        return OPERAND_VALUE;
    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        struct span f = span_of(functions[i].name);

        if (span_starts(s, f) && enclosed(span_drop(s, f.n)) && operand(span_drop(s, f.n), col) == OPERAND_VALUE)
            return functions[i].gives;
    }
    return OPERAND_OTHER;
}

static const char *literal(struct arena *a, struct span s)
{
    char *out;
    size_t n = 0;

    s = bare(s);
    if (s.n < 2 || s.p[0] != '\'' || s.p[s.n - 1] != '\'')
        return NULL;
    out = arena_alloc(a, s.n);
    for (size_t i = 1; i + 1 < s.n; i++) {
        out[n++] = s.p[i];
        if (s.p[i] == '\'')
            i++;
    }
    out[n] = '\0';
    return out;
}

static bool number(struct arena *a, struct span s, int64_t *out)
{
    const char *quoted = literal(a, s);

    return span_i64(quoted ? span_of(quoted) : bare(s), out);
}

static void allow(struct arena *a, struct span right, struct column *col)
{
    struct span any = SPAN("ANY "), array = SPAN("ARRAY["), s = span_trim(right);
    const char **values;
    int n = 0;

    if (!span_starts(s, any))
        return;
    s = bare(span_drop(s, any.n));
    if (!span_starts(s, array) || s.p[s.n - 1] != ']')
        return;
    s = (struct span){ s.p + array.n, s.n - array.n - 1 };
    values = arena_array(a, const char *, s.n / 2 + 1);
    while (s.n > 0) {
        size_t comma = find_top(s, SPAN(","));
        const char *value = literal(a, (struct span){ s.p, comma });

        if (!value)
            return;
        values[n++] = value;
        s = comma < s.n ? span_drop(s, comma + 1) : SPAN_NONE;
    }
    col->allowed = values;
    col->nallowed = n;
}

static void at_least(struct column *col, int64_t v)
{
    if (v > col->min)
        col->min = v;
}

static void at_most(struct column *col, int64_t v)
{
    if (v < col->max)
        col->max = v;
}

/* "left op right" with a number: < and > become <= and >= only where values are whole. */
static void bound(struct arena *a, const char *op, struct span right, bool whole, struct column *col)
{
    int64_t v;

    if (!number(a, right, &v))
        return;
    if (span_is(span_of(op), ">="))
        at_least(col, v);
    else if (span_is(span_of(op), "<="))
        at_most(col, v);
    else if (op[0] == '>' && whole && v < INT64_MAX)
        at_least(col, v + 1);
    else if (op[0] == '<' && whole && v > INT64_MIN)
        at_most(col, v - 1);
}

static bool whole_type(const struct column *col)
{
    return col->type == OID_INT2 || col->type == OID_INT4 || col->type == OID_INT8;
}

static bool counted_type(const struct column *col)
{
    return whole_type(col) || col->type == OID_NUMERIC || col->type == OID_FLOAT4 || col->type == OID_FLOAT8;
}

static void compare(struct arena *a, struct span left, const char *op, struct span right, struct column *col)
{
    enum operand what = operand(left, col);
    const char *text;

    if (what == OPERAND_KIND && op[0] == '=' && (text = literal(a, right)) != NULL)
        col->json_kind = text;
    else if (what == OPERAND_LENGTH)
        bound(a, op, right, true, col);
    else if (what == OPERAND_VALUE && op[0] == '=')
        allow(a, right, col);
    else if (what == OPERAND_VALUE && op[0] == '~' && op[1] == '\0')
        col->pattern = literal(a, right);
    else if (what == OPERAND_VALUE && counted_type(col))
        bound(a, op, right, whole_type(col), col);
}

static bool is_null_test(struct span s, const struct column *col)
{
    size_t at;

    s = span_trim(s);
    if (enclosed(s))
        s = (struct span){ s.p + 1, s.n - 2 };
    at = find_top(s, SPAN(" IS NULL"));
    return at < s.n && at + 8 == s.n && operand((struct span){ s.p, at }, col) == OPERAND_VALUE;
}

static void either(struct arena *a, struct span left, struct span right, struct column *col)
{
    if (find_top(right, SPAN(" OR ")) < right.n)
        return;
    if (is_null_test(left, col))
        check_apply(a, right, col);
    else if (is_null_test(right, col))
        check_apply(a, left, col);
}

void check_apply(struct arena *a, struct span expr, struct column *col)
{
    static const char *const ops[] = { ">=", "<=", "=", ">", "<", "~" };
    struct span s = span_trim(expr);
    size_t at;

    while (enclosed(s))
        s = span_trim((struct span){ s.p + 1, s.n - 2 });
    if ((at = find_top(s, SPAN(" AND "))) < s.n) {
        check_apply(a, (struct span){ s.p, at }, col);
        check_apply(a, span_drop(s, at + 5), col);
        return;
    }
    if ((at = find_top(s, SPAN(" OR "))) < s.n) {
        either(a, (struct span){ s.p, at }, span_drop(s, at + 4), col);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        struct span op = span_of(arena_printf(a, " %s ", ops[i]));

        if ((at = find_top(s, op)) < s.n) {
            compare(a, (struct span){ s.p, at }, ops[i], span_drop(s, at + op.n), col);
            return;
        }
    }
}

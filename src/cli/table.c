/*
 * Cells come from a database that others write to: control characters would be commands to the terminal and are shown as '?'.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

#define OUTPUT_MAX ((size_t)64 << 20)

void table_init(struct table *t, struct arena *a, const struct table_column *columns, int ncolumns)
{
    *t = (struct table){ .arena = a, .columns = columns, .ncolumns = ncolumns };
}

void table_row(struct table *t, const char *const *cells)
{
    if (t->nrows == t->room) {
        const char **more;

        t->room = t->room ? 2 * t->room : 16;
        more = arena_array(t->arena, const char *, t->room * t->ncolumns);
        if (t->nrows > 0)
            memcpy(more, t->cells, sizeof *more * (size_t)(t->nrows * t->ncolumns));
        t->cells = more;
    }
    memcpy(t->cells + t->nrows++ * t->ncolumns, cells, sizeof *cells * (size_t)t->ncolumns);
}

static const char *cell(const struct table *t, int row, int column)
{
    const char *text = t->cells[row * t->ncolumns + column];

    return text ? text : "";
}

/* ---- text ---- */

static int width_of(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;     /* characters, not bytes */
    return n;
}

static void print_safe(const char *text)
{
    for (; *text; text++)
        putchar((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text);
}

static void print_cell(const char *text, int width, bool last)
{
    print_safe(text);
    if (!last)
        printf("%*s", width - width_of(text) + 2, "");
}

static const char *heading(const struct table *t, int column)
{
    char *text = arena_strdup(t->arena, span_of(t->columns[column].key));

    for (char *p = text; *p; p++)
        *p = *p == '_' ? ' ' : (char)toupper((unsigned char)*p);
    return text;
}

static int last_shown(const struct table *t)
{
    int last = t->ncolumns - 1;

    while (last > 0 && t->columns[last].json_only)
        last--;
    return last;
}

static void show_text(const struct table *t)
{
    int *width = arena_array(t->arena, int, t->ncolumns), last = last_shown(t);

    for (int c = 0; c <= last; c++) {
        width[c] = width_of(heading(t, c));
        for (int r = 0; r < t->nrows; r++)
            width[c] = width_of(cell(t, r, c)) > width[c] ? width_of(cell(t, r, c)) : width[c];
    }
    for (int r = -1; r < t->nrows; r++) {
        for (int c = 0; c <= last; c++)
            if (!t->columns[c].json_only)
                print_cell(r < 0 ? heading(t, c) : cell(t, r, c), width[c], c == last);
        putchar('\n');
    }
}

/* ---- JSON ---- */

static void json_row(struct json_out *o, const struct table *t, int row)
{
    json_open(o, '{');
    for (int c = 0; c < t->ncolumns; c++) {
        const char *text = t->cells[row * t->ncolumns + c];

        json_key(o, t->columns[c].key);
        if (text && t->columns[c].raw)
            json_raw(o, span_of(text));
        else
            json_cstring(o, text);
    }
    json_close(o, '}');
}

static void show_json(const struct table *t, const char *name)
{
    struct buf b = BUF(OUTPUT_MAX);
    struct json_out o = JSON_OUT(&b);

    json_open(&o, '{');
    json_key(&o, name);
    json_open(&o, '[');
    for (int r = 0; r < t->nrows; r++)
        json_row(&o, t, r);
    json_close(&o, ']');
    json_key(&o, "summary");
    json_open(&o, '{');
    json_key(&o, name);
    json_int(&o, t->nrows);
    json_close(&o, '}');
    json_close(&o, '}');
    printf("%.*s\n", SPAN_ARG(buf_span(&b)));
    buf_free(&b);
}

void table_show(const struct table *t, const struct command_call *c, const char *name, const char *none)
{
    if (c->format == COMMAND_JSON)
        show_json(t, name);
    else if (t->nrows == 0)
        puts(none);
    else
        show_text(t);
}

void table_show_one(const struct table *t, const struct command_call *c, const char *name)
{
    int width = 0;

    if (c->format == COMMAND_JSON) {
        show_json(t, name);
        return;
    }
    for (int i = 0; i < t->ncolumns; i++)
        width = width_of(t->columns[i].key) > width ? width_of(t->columns[i].key) : width;
    for (int i = 0; i < t->ncolumns && t->nrows > 0; i++) {
        if (!*cell(t, 0, i))
            continue;
        print_cell(t->columns[i].key, width, false);
        print_cell(cell(t, 0, i), 0, true);
        putchar('\n');
    }
}

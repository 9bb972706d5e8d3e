/*
 * Formatting only: which help is asked for is decided in command.c.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <string.h>

#define WIDTH 80
#define GAP   2

static const char everywhere[] =
    "Every command takes --format text|json, --config FILE, and every setting as a flag, such as --pool-size 20 (`keelson config` lists them).";

static int max(int a, int b)
{
    return a > b ? a : b;
}

void help_wrap(FILE *to, const char *text, int column, int indent)
{
    bool fresh = true;                  /* nothing on this line yet but the indent */

    while (*text) {
        size_t word = strcspn(text, " \n"), blanks;

        if (!fresh && column + 1 + (int)word > WIDTH) {
            fprintf(to, "\n%*s", indent, "");
            column = indent;
            fresh = true;
        }
        column += fprintf(to, "%s%.*s", fresh ? "" : " ", (int)word, text);
        fresh = false;
        text += word;
        blanks = strspn(text, " \n");
        if (strncmp(text, "\n\n", 2) == 0) {
            fprintf(to, "\n\n%*s", indent, "");
            column = indent;
            fresh = true;
        }
        text += blanks;
    }
    fputc('\n', to);
}

/* "  name    text", the texts of a list below each other. */
static void entry(FILE *to, const char *name, const char *value, int width, const char *text)
{
    int n = fprintf(to, "  %s%s%s", name, value ? " " : "", value ? value : "");
    int column = 2 + width + GAP;

    fprintf(to, "%*s", column - n, "");
    help_wrap(to, text, column, column);
}

/* ---- lists ---- */

static int width_of(const struct command_group *groups, int n)
{
    int width = 0;

    for (int g = 0; g < n; g++)
        for (int i = 0; i < groups[g].n; i++)
            width = max(width, (int)strlen(groups[g].commands[i].name));
    return width;
}

void help_all(FILE *to, const struct command_group *groups, int n)
{
    int width = width_of(groups, n);

    fputs("Keelson: the data foundation of an AI-interview product, beside PostgreSQL.\n\n"
          "usage: keelson COMMAND [ARGUMENTS] [--OPTION VALUE ...]\n", to);
    for (int g = 0; g < n; g++) {
        fprintf(to, "\n%s\n", groups[g].title);
        for (int i = 0; i < groups[g].n; i++)
            entry(to, groups[g].commands[i].name, NULL, width, groups[g].commands[i].summary);
    }
    fputc('\n', to);
    help_wrap(to, "`keelson COMMAND --help` explains one command. "
                  "Exit status: 0 done, 1 the answer is no, 2 wrong usage or configuration, 3 it could not be done.", 0, 0);
}

static bool belongs(const struct command *c, const char *word)
{
    size_t n = strlen(word);

    return strncmp(c->name, word, n) == 0 && c->name[n] == ' ';
}

bool help_is_family(const struct command_group *groups, int n, const char *word)
{
    for (int g = 0; g < n; g++)
        for (int i = 0; i < groups[g].n; i++)
            if (belongs(&groups[g].commands[i], word))
                return true;
    return false;
}

void help_family(FILE *to, const struct command_group *groups, int n, const char *word)
{
    int width = width_of(groups, n);

    fprintf(to, "usage: keelson %s COMMAND\n\n", word);
    for (int g = 0; g < n; g++)
        for (int i = 0; i < groups[g].n; i++)
            if (belongs(&groups[g].commands[i], word))
                entry(to, groups[g].commands[i].name, NULL, width, groups[g].commands[i].summary);
    fprintf(to, "\n`keelson %s COMMAND --help` explains one of them.\n", word);
}

/* ---- one command ---- */

static void options_of(FILE *to, const struct command *c)
{
    int width = 0;

    for (int i = 0; i < c->noptions; i++)
        width = max(width, (int)(strlen(c->options[i].name) + (c->options[i].value ? 1 + strlen(c->options[i].value) : 0)));
    fputs("\nOptions\n", to);
    for (int i = 0; i < c->noptions; i++)
        entry(to, c->options[i].name, c->options[i].value, width, c->options[i].doc);
}

void help_command(FILE *to, const struct command *c)
{
    fprintf(to, "usage: keelson %s%s%s [OPTIONS]\n\n", c->name, c->args ? " " : "", c->args ? c->args : "");
    help_wrap(to, c->summary, 0, 0);
    if (c->more) {
        fputc('\n', to);
        help_wrap(to, c->more, 0, 0);
    }
    if (c->noptions > 0)
        options_of(to, c);
    fputc('\n', to);
    help_wrap(to, everywhere, 0, 0);
}

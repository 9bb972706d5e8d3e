/*
 * From argv to a call of one command.  The only place that prints errors and chooses exit statuses: 0 yes, 1 the answer is no,
 * 2 usage or configuration, 3 could not.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "base/span.h"

#define FLAGS_MAX 64

struct parsed {
    struct conf_flag flags[FLAGS_MAX];
    size_t           nflags;
    const char      *config_file;
    const char      *args[FLAGS_MAX];
    bool             help;
};

const char *command_option(const struct command_call *c, const char *name)
{
    for (int i = 0; i < c->ngiven; i++)
        if (strcmp(c->given[i].name, name) == 0)
            return c->given[i].value;
    return NULL;
}

/* ---- help ---- */

static void help_all(const struct command_group *groups, int n, FILE *to)
{
    fputs("Keelson: the data foundation of an AI-interview product, one program beside PostgreSQL.\n\n"
          "usage: keelson COMMAND [ARGUMENTS] [--SETTING VALUE ...]\n", to);
    for (int g = 0; g < n; g++) {
        fprintf(to, "\n%s\n", groups[g].title);
        for (int i = 0; i < groups[g].n; i++)
            fprintf(to, "  %-20s %s\n", groups[g].commands[i].name, groups[g].commands[i].summary);
    }
    fputs("\n`keelson COMMAND --help` explains one command, `keelson config` lists the settings.\n", to);
}

static void help_one(const struct command *c)
{
    printf("usage: keelson %s%s%s%s\n\n%s\n", c->name, c->args ? " " : "", c->args ? c->args : "", c->noptions ? " [OPTIONS]" : "", c->summary);
    if (c->more)
        printf("\n%s\n", c->more);
    if (c->noptions > 0)
        puts("\nOptions");
    for (int i = 0; i < c->noptions; i++)
        printf("  %s %-*s %s\n", c->options[i].name, 24 - (int)strlen(c->options[i].name), c->options[i].value ? c->options[i].value : "",
               c->options[i].doc);
    puts("\nEvery command takes --format text|json, --config FILE and every setting as a flag (see `keelson config`).");
}

/* ---- which command ---- */

static int words(const char *name)
{
    return strchr(name, ' ') ? 2 : 1;
}

static bool named(const struct command *c, int argc, char **argv)
{
    size_t first = strcspn(c->name, " ");

    if (argc < 2 || strlen(argv[1]) != first || strncmp(c->name, argv[1], first) != 0)
        return false;
    return words(c->name) == 1 || (argc > 2 && strcmp(c->name + first + 1, argv[2]) == 0);
}

static const struct command *find(const struct command_group *groups, int n, int argc, char **argv)
{
    for (int want = 2; want > 0; want--)
        for (int g = 0; g < n; g++)
            for (int i = 0; i < groups[g].n; i++)
                if (words(groups[g].commands[i].name) == want && named(&groups[g].commands[i], argc, argv))
                    return &groups[g].commands[i];
    return NULL;
}

/* "keelson migrate" alone: show what there is. */
static bool help_family(const struct command_group *groups, int n, const char *word, FILE *to)
{
    size_t len = strlen(word);
    bool any = false;

    for (int g = 0; g < n; g++)
        for (int i = 0; i < groups[g].n; i++) {
            const struct command *c = &groups[g].commands[i];

            if (strncmp(c->name, word, len) != 0 || c->name[len] != ' ')
                continue;
            if (!any)
                fprintf(to, "usage: keelson %s COMMAND\n\n", word);
            fprintf(to, "  %-20s %s\n", c->name, c->summary);
            any = true;
        }
    return any;
}

/* ---- flags ---- */

static const struct command_option *own_option(const struct command *c, struct span name)
{
    for (int i = 0; i < c->noptions; i++)
        if (span_is(name, c->options[i].name))
            return &c->options[i];
    return NULL;
}

static bool format_set(struct command_call *c, const char *value, struct err *e)
{
    if (value && strcmp(value, "json") == 0)
        c->format = COMMAND_JSON;
    else if (!value || strcmp(value, "text") != 0)
        return fail(e, E_USAGE, "--format: use text or json");
    return true;
}

/* One flag with its value, which is after '=' or the next argument.  *i moves over what was used. */
static bool flag_take(struct command_call *c, struct parsed *p, int argc, char **argv, int *i, struct err *e)
{
    struct span rest = span_of(argv[*i]);
    const char *equals = strchr(argv[*i], '=');
    struct span name = equals ? span_cut(&rest, '=') : rest;
    const struct command_option *own = own_option(c->command, name);
    const char *flag = arena_strdup(c->arena, name);
    bool is_bool = own && !own->value;
    const char *setting = own ? NULL : conf_flag_name(flag, &is_bool);
    const char *value = equals ? equals + 1 : is_bool ? "true" : *i + 1 < argc ? argv[++*i] : NULL;

    if (strcmp(flag, "--help") == 0) {
        p->help = true;
        return true;
    }
    if (!value)
        return fail(e, E_USAGE, "%s needs a value", flag);
    if (strcmp(flag, "--format") == 0)
        return format_set(c, value, e);
    if (strcmp(flag, "--config") == 0) {
        p->config_file = value;
        return true;
    }
    if (!own && !setting)
        return fail(e, E_USAGE, "there is no option %s; `keelson %s --help` lists them", flag, c->command->name);
    if (c->ngiven == COMMAND_VALUES || p->nflags == FLAGS_MAX)
        return fail(e, E_USAGE, "too many options");
    if (own) {
        c->given[c->ngiven].name = own->name;
        c->given[c->ngiven++].value = own->value ? value : "";
    } else {
        p->flags[p->nflags++] = (struct conf_flag){ setting, value };
    }
    return true;
}

static bool parse(struct command_call *c, struct parsed *p, int argc, char **argv, struct err *e)
{
    bool only_args = false;

    for (int i = 1 + words(c->command->name); i < argc; i++) {
        if (!only_args && strcmp(argv[i], "--") == 0) {
            only_args = true;
        } else if (!only_args && strcmp(argv[i], "-h") == 0) {
            p->help = true;
        } else if (!only_args && strncmp(argv[i], "--", 2) == 0) {
            if (!flag_take(c, p, argc, argv, &i, e))
                return false;
        } else if (c->nargs < FLAGS_MAX) {
            p->args[c->nargs++] = argv[i];
        }
    }
    c->args = p->args;
    if (p->help || (c->nargs >= c->command->min_args && c->nargs <= c->command->max_args))
        return true;
    return fail(e, E_USAGE, "usage: keelson %s%s%s", c->command->name, c->command->args ? " " : "", c->command->args ? c->command->args : "");
}

static bool run(struct command_call *c, int argc, char **argv, struct err *e)
{
    struct parsed p = { 0 };

    if (!parse(c, &p, argc, argv, e))
        return false;
    if (p.help) {
        help_one(c->command);
        return true;
    }
    if (!conf_load(c->arena, p.config_file, p.flags, p.nflags, &c->conf, e))
        return false;
    log_setup((enum log_level)c->conf.log_level, (enum log_format)c->conf.log_format);
    c->colour = c->format == COMMAND_TEXT && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    return c->command->run(c, e);
}

static int usage(const struct command_group *groups, int n, int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        help_all(groups, n, stdout);
        return argc < 2 ? 2 : 0;
    }
    if (!help_family(groups, n, argv[1], stderr))
        fprintf(stderr, "keelson: there is no command %s; `keelson --help` lists them\n", argv[1]);
    return 2;
}

int command_main(const struct command_group *groups, int ngroups, int argc, char **argv)
{
    struct arena a = ARENA;
    struct command_call c = { .arena = &a, .command = find(groups, ngroups, argc, argv) };
    struct err e = { 0 };
    int status = 0;

    if (!c.command)
        return usage(groups, ngroups, argc, argv);
    if (!run(&c, argc, argv, &e)) {
        status = err_info(e.kind)->exit;
        fflush(stdout);
        if (e.message[0])
            fprintf(stderr, "keelson: %s\n", e.message);
    }
    if (fflush(stdout) != 0 && status == 0)
        status = 3;
    arena_free(&a);
    return status;
}

/*
 * From argv to a call of one command.  The only place that prints errors and chooses exit statuses: 0 yes, 1 the answer is no,
 * 2 usage or configuration, 3 could not.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "base/span.h"
#include "cli/help.h"

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

/* ---- which command ---- */

static int words(const char *name)
{
    return strchr(name, ' ') ? 2 : 1;
}

static bool named(const struct command *c, int argc, char **argv)
{
    size_t first = strcspn(c->name, " ");

    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return strcmp(c->name, "version") == 0;
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
        return fail(e, E_USAGE, "--format is text or json");
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
    if (!own && !setting && strcmp(flag, "--format") != 0 && strcmp(flag, "--config") != 0)
        return fail(e, E_USAGE, "%s has no option %s; `keelson %s --help` and `keelson config` list them", c->command->name, flag,
                    c->command->name);
    if (!value)
        return fail(e, E_USAGE, "%s needs a value, as in %s=VALUE; `keelson %s --help` explains it", flag, flag, c->command->name);
    if (strcmp(flag, "--format") == 0)
        return format_set(c, value, e);
    if (strcmp(flag, "--config") == 0) {
        p->config_file = value;
        return true;
    }
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
    if (c->command->max_args == 0)
        return fail(e, E_USAGE, "%s takes options only, no arguments; `keelson %s --help` lists them", c->command->name, c->command->name);
    return fail(e, E_USAGE, "usage: keelson %s %s; `keelson %s --help` explains it", c->command->name, c->command->args, c->command->name);
}

static bool run(struct command_call *c, int argc, char **argv, struct err *e)
{
    struct parsed p = { 0 };

    if (!parse(c, &p, argc, argv, e))
        return false;
    if (p.help) {
        help_command(stdout, c->command);
        return true;
    }
    if (!conf_load(c->arena, p.config_file, p.flags, p.nflags, &c->conf, e))
        return false;
    log_setup((enum log_level)c->conf.log_level, (enum log_format)c->conf.log_format);
    c->colour = c->format == COMMAND_TEXT && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    return c->command->run(c, e);
}

/* ---- without a command ---- */

static bool asks_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* A word in the place of a command is repeated only if it looks like one: it may be a URL with a password. */
static const char *shown(const char *word)
{
    size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz-");

    return n > 0 && n <= 20 && word[n] == '\0' ? word : "like that";
}

static int usage(const struct command_group *groups, int n, int argc, char **argv)
{
    if (argc < 2 || asks_help(argv[1])) {
        help_all(argc < 2 ? stderr : stdout, groups, n);
        return argc < 2 ? 2 : 0;
    }
    if (!help_is_family(groups, n, argv[1])) {
        fprintf(stderr, "keelson: there is no command %s; `keelson --help` lists them\n", shown(argv[1]));
        return 2;
    }
    if (argc == 2 || asks_help(argv[2])) {
        help_family(argc == 2 ? stderr : stdout, groups, n, argv[1]);
        return argc == 2 ? 2 : 0;
    }
    fprintf(stderr, "keelson: there is no command %s %s; `keelson %s --help` lists them\n", argv[1], shown(argv[2]), argv[1]);
    return 2;
}

/* ---- the program ---- */

/*
 * Whoever started us may have closed one of the first three descriptors, and the next file or connection we open would take its
 * number and receive what we print.  They are opened the wrong way round, so that using them fails as if they were closed.
 */
static void descriptors_fill(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            _exit(3);
}

/* What was printed is only true if it arrived. */
static bool printed(void)
{
    bool ok = !ferror(stdout);

    errno = 0;
    if (fflush(stdout) == 0 && ok)
        return true;
    fprintf(stderr, "keelson: what was to be printed could not be written to standard output%s%s\n", errno ? ": " : "",
            errno ? strerror(errno) : "");
    return false;
}

int command_main(const struct command_group *groups, int ngroups, int argc, char **argv)
{
    struct arena a = ARENA;
    struct command_call c = { .arena = &a, .command = find(groups, ngroups, argc, argv) };
    struct err e = { 0 };
    int status = 0;

    descriptors_fill();
    if (!c.command) {
        status = usage(groups, ngroups, argc, argv);
    } else if (!run(&c, argc, argv, &e)) {
        status = err_info(e.kind)->exit;
        fflush(stdout);
        if (e.message[0])
            fprintf(stderr, "keelson: %s\n", e.message);
    }
    if (!printed() && status == 0)
        status = 3;
    arena_free(&a);
    return status;
}

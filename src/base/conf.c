/*
 * Settings: the walk of their table (conf_settings.c) over its sources.  Later sources overwrite earlier ones: default, file, environment, flag.  What a
 * source says is checked even when a stronger one overrides it, so that a mistake is not found on another day.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf_settings.h"
#include "base/conf_value.h"
#include "base/log.h"

enum { FILE_MOST = 64 << 10, NAME_MOST = 64 };

/* Variables of ours that are for others: clients, tests.  Not a spelling mistake. */
static const char *const foreign[] = {
    "KEELSON_API_KEY", "KEELSON_BASE_URL", "KEELSON_URL", "KEELSON_BIN", "KEELSON_LONG",
};

/* Where a value was found. */
struct origin {
    const char *kind;       /* "file", "environment", "flag": the `source` of a line */
    const char *place;      /* for messages: "keelson.conf:3: pool.size", "KEELSON_POOL_SIZE", "--pool-size" */
};

struct load {
    struct arena *a;
    struct conf  *out;
    const char  **sources;
    struct err   *e;
};

static bool is_text(enum conf_type type)
{
    return type == CONF_TEXT || type == CONF_SECRET || type == CONF_ADDRESS;
}

/* ---- names ---- */

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static const char *env_name(struct arena *a, const struct setting *s)
{
    char *name;

    if (s->env)
        return s->env;
    name = arena_printf(a, "KEELSON_%s", s->name);
    for (char *p = name; *p; p++)
        *p = *p == '.' ? '_' : upper(*p);
    return name;
}

static const char *flag_name(struct arena *a, const struct setting *s)
{
    char *name = arena_printf(a, "--%s", s->name);

    for (char *p = name; *p; p++)
        if (*p == '.')
            *p = '-';
    return name;
}

static const struct setting *find(struct span name)
{
    for (size_t i = 0; i < conf_nsettings; i++)
        if (span_is(name, conf_settings[i].name))
            return &conf_settings[i];
    return NULL;
}

/* Edits that turn one name into the other; what is longer than any of ours is far from all. */
static size_t distance(struct span a, struct span b)
{
    size_t row[NAME_MOST + 1];

    if (a.n > NAME_MOST || b.n > NAME_MOST)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t change = diagonal + (a.p[i - 1] != b.p[j - 1]);
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            diagonal = row[j];
            row[j] = change < other ? change : other;
        }
    }
    return row[b.n];
}

/* However a source writes it: KEELSON_POOL_SIZE, pool-size and pool_size are pool.size. */
static struct span as_name(struct arena *a, struct span wrong)
{
    char *copy;

    if (span_starts(wrong, SPAN("KEELSON_")))
        wrong = span_drop(wrong, sizeof("KEELSON_") - 1);
    copy = arena_strdup(a, wrong);
    for (char *p = copy; *p; p++)
        *p = *p == '_' || *p == '-' ? '.' : lower(*p);
    return (struct span){ copy, wrong.n };
}

/* " (did you mean X?)" or nothing.  `spell` is how this source writes a setting's name. */
static const char *suggestion(struct arena *a, struct span wrong,
                              const char *(*spell)(struct arena *a, const struct setting *s))
{
    const struct setting *best = NULL;
    size_t least = wrong.n / 3 + 1;

    wrong = as_name(a, wrong);
    for (size_t i = 0; i < conf_nsettings; i++) {
        size_t d = distance(wrong, span_of(conf_settings[i].name));

        if (d < least) {
            least = d;
            best = &conf_settings[i];
        }
    }
    return best ? arena_printf(a, " (did you mean %s?)", spell(a, best)) : "";
}

static const char *plain_name(struct arena *a, const struct setting *s)
{
    (void)a;
    return s->name;
}

/* ---- one value ---- */

/* What a value may be, "" for any text. */
static const char *allowed(struct arena *a, const struct setting *s)
{
    const char *list = "";

    if (s->least)
        return arena_printf(a, "%s to %s", s->least, s->most);
    for (size_t i = 0; s->choices && s->choices[i]; i++)
        list = arena_printf(a, "%s%s%s", list, i ? ", " : "", s->choices[i]);
    return s->type == CONF_BOOL ? "true, false" : list;
}

static int64_t number_of(const struct setting *s, const char *text)
{
    int64_t v = 0;

    conf_value_parse(s->type, span_of(text), s->choices, &v);
    return v;
}

static const char *check(const struct setting *s, struct span text, int64_t *v)
{
    const char *why = conf_value_parse(s->type, text, s->choices, v);

    if (why || !s->least)
        return why;
    if (*v < number_of(s, s->least))
        return "is too small";
    return *v > number_of(s, s->most) ? "is too large" : NULL;
}

/* Fit for a terminal. */
static const char *shown(struct arena *a, struct span text)
{
    char *copy = arena_strdup(a, text.n > 60 ? (struct span){ text.p, 60 } : text);

    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7F)
            *p = '?';
    return copy;
}

static void store(struct load *l, const struct setting *s, struct span text, int64_t v, const char *source)
{
    char *member = (char *)l->out + s->at;

    if (is_text(s->type))
        *(const char **)(void *)member = arena_strdup(l->a, text);
    else if (s->type == CONF_BOOL)
        *(bool *)(void *)member = v != 0;
    else
        *(int64_t *)(void *)member = v;
    l->sources[s - conf_settings] = source;
}

static bool set(struct load *l, const struct setting *s, struct span text, struct origin from)
{
    int64_t v = 0;
    const char *why = check(s, text, &v);

    if (why && s->type == CONF_SECRET)
        return fail(l->e, E_USAGE, "%s: the value %s", from.place, why);
    if (why)
        return fail(l->e, E_USAGE, "%s: \"%s\" %s%s%s", from.place, shown(l->a, text), why, *allowed(l->a, s) ? "; allowed: " : "",
                    allowed(l->a, s));
    if (s->type == CONF_SECRET)
        log_guard(text);
    store(l, s, text, v, from.kind);
    return true;
}

/* ---- sources ---- */

static bool load_defaults(struct load *l)
{
    for (size_t i = 0; i < conf_nsettings; i++) {
        const struct setting *s = &conf_settings[i];

        l->sources[i] = "default";
        if (s->def && !set(l, s, span_of(s->def), (struct origin){ "default", s->name }))
            return false;
    }
    return true;
}

struct file {
    const char *path;
    int         line;
    bool        open_to_others;     /* group or others may read it: no place for a secret */
    bool        seen[CONF_SETTINGS_MOST];
};

static bool load_line(struct load *l, struct file *f, struct span line)
{
    struct origin from = { "file", NULL };
    const struct setting *s;
    struct span name;

    line = span_trim(span_ends(line, SPAN("\r")) ? (struct span){ line.p, line.n - 1 } : line);
    if (line.n == 0 || line.p[0] == '#')
        return true;
    if (!memchr(line.p, '=', line.n))
        return fail(l->e, E_USAGE, "%s:%d: no '=' in this line: write name = value", f->path, f->line);
    name = span_trim(span_cut(&line, '='));
    s = find(name);
    if (!s)
        return fail(l->e, E_USAGE, "%s:%d: no setting is called \"%s\"%s; `keelson config` lists them",
                    f->path, f->line, shown(l->a, name), suggestion(l->a, name, plain_name));
    if (f->seen[s - conf_settings])
        return fail(l->e, E_USAGE, "%s:%d: %s is set twice: keep one of the lines", f->path, f->line, s->name);
    if (s->type == CONF_SECRET && f->open_to_others)
        return fail(l->e, E_USAGE, "%s:%d: %s is a secret and others may read this file: chmod 600 it, or use %s",
                    f->path, f->line, s->name, env_name(l->a, s));
    f->seen[s - conf_settings] = true;
    from.place = arena_printf(l->a, "%s:%d: %s", f->path, f->line, s->name);
    return set(l, s, span_trim(line), from);
}

static bool load_lines(struct load *l, struct file *f, struct span text)
{
    while (text.n > 0) {
        f->line++;
        if (!load_line(l, f, span_cut(&text, '\n')))
            return false;
    }
    return true;
}

static bool load_file(struct load *l, const char *path)
{
    struct file f = { .path = path ? path : "keelson.conf" };
    struct buf text = BUF(FILE_MOST);
    int fd = open(f.path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    bool ok = false;

    if (fd < 0 && !path && errno == ENOENT)
        return true;
    if (fd < 0)
        return fail(l->e, E_USAGE, "configuration file %s: %m", f.path);
    if (fstat(fd, &st) < 0 || !buf_read_fd(&text, fd, l->e)) {
        fail(l->e, E_USAGE, "configuration file %s cannot be read, or has more than %d bytes", f.path, FILE_MOST);
        goto out;
    }
    f.open_to_others = (st.st_mode & 077) != 0;
    ok = load_lines(l, &f, buf_span(&text));
out:
    explicit_bzero(text.p, text.cap);
    buf_free(&text);
    close(fd);
    return ok;
}

static bool load_variable(struct load *l, const struct setting *s)
{
    const char *name = env_name(l->a, s);
    char *value = getenv(name);
    bool ok;

    if (!value)
        return true;
    ok = *value == '\0' || set(l, s, span_of(value), (struct origin){ "environment", name });
    if (s->type == CONF_SECRET) {       /* /proc/PID/environ, and every child, would show it */
        explicit_bzero(value, strlen(value));
        unsetenv(name);
    }
    return ok;
}

/* Kubernetes tells every pod about a service of our name: KEELSON_PORT=tcp://..., KEELSON_SERVICE_HOST, ... */
static bool is_service_link(struct span name, const char *value)
{
    return span_starts(name, SPAN("KEELSON_SERVICE_")) || span_starts(name, SPAN("KEELSON_PORT_")) ||
           (span_is(name, "KEELSON_PORT") && strstr(value, "://"));
}

static bool is_known_variable(struct load *l, struct span name, const char *value)
{
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        if (span_is(name, foreign[i]))
            return true;
    for (size_t i = 0; i < conf_nsettings; i++)
        if (span_is(name, env_name(l->a, &conf_settings[i])))
            return true;
    return is_service_link(name, value);
}

static bool load_environment(struct load *l)
{
    for (size_t i = 0; i < conf_nsettings; i++)
        if (!load_variable(l, &conf_settings[i]))
            return false;
    for (char **at = environ; at && *at; at++) {
        struct span value = span_of(*at), name = span_cut(&value, '=');

        if (span_starts(name, SPAN("KEELSON_")) && !is_known_variable(l, name, value.p ? value.p : ""))
            return fail(l->e, E_USAGE,
                        "no setting belongs to the environment variable %s%s; `keelson config` lists them",
                        shown(l->a, name), suggestion(l->a, name, env_name));
    }
    return true;
}

static bool load_flag(struct load *l, const struct conf_flag *flag)
{
    const struct setting *s = find(span_of(flag->name));

    if (!s)
        return fail(l->e, E_USAGE, "no setting is called \"%s\"%s; `keelson config` lists them",
                    shown(l->a, span_of(flag->name)), suggestion(l->a, span_of(flag->name), plain_name));
    if (s->type == CONF_SECRET)
        return fail(l->e, E_USAGE, "%s: a secret on the command line is seen by everybody on the machine: "
                    "set the environment variable %s instead", flag_name(l->a, s), env_name(l->a, s));
    return set(l, s, span_of(flag->value), (struct origin){ "flag", flag_name(l->a, s) });
}

static bool check_together(const struct conf *c, struct err *e)
{
    if (c->pool_lanes > c->pool_size)
        return fail(e, E_USAGE, "pool.lanes (%ld) is more than pool.size (%ld), of which lanes are a part: "
                    "lower the one or raise the other", (long)c->pool_lanes, (long)c->pool_size);
    if (c->database_url_file && c->database_url_command)
        return fail(e, E_USAGE, "database.url.file and database.url.command are both set: keep one of them");
    return true;
}

bool conf_load(struct arena *a, const char *file, const struct conf_flag *flags, size_t nflags, struct conf *out,
               struct err *e)
{
    struct load l = { a, out, arena_array(a, const char *, conf_nsettings), e };

    *out = (struct conf){ .sources = l.sources };
    if (!load_defaults(&l) || !load_file(&l, file) || !load_environment(&l))
        return false;
    for (size_t i = 0; i < nflags; i++)
        if (!load_flag(&l, &flags[i]))
            return false;
    return check_together(out, e);
}

/* ---- for the command line and the manual ---- */

const char *conf_flag_name(const char *flag, bool *is_bool)
{
    struct arena a = ARENA;
    const char *name = NULL;

    for (size_t i = 0; i < conf_nsettings && !name; i++)
        if (strcmp(flag, flag_name(&a, &conf_settings[i])) == 0) {
            name = conf_settings[i].name;
            *is_bool = conf_settings[i].type == CONF_BOOL;
        }
    arena_free(&a);
    return name;
}

static const char *value_of(struct arena *a, const struct setting *s, const struct conf *c)
{
    const char *member = (const char *)c + s->at, *text;

    if (s->type == CONF_BOOL)
        return conf_value_text(a, s->type, *(const bool *)(const void *)member, NULL);
    if (!is_text(s->type))
        return conf_value_text(a, s->type, *(const int64_t *)(const void *)member, s->choices);
    text = *(const char *const *)(const void *)member;
    if (!text)
        return "";
    return s->type == CONF_SECRET ? "***" : text;
}

size_t conf_lines(struct arena *a, const struct conf *c, struct conf_line **out)
{
    struct conf_line *lines = arena_array(a, struct conf_line, conf_nsettings);

    for (size_t i = 0; i < conf_nsettings; i++) {
        const struct setting *s = &conf_settings[i];

        lines[i] = (struct conf_line){
            .name = s->name, .value = value_of(a, s, c), .source = c->sources ? c->sources[i] : "default", .doc = s->doc,
            .def = s->def ? s->def : "", .env = env_name(a, s), .flag = s->type == CONF_SECRET ? NULL : flag_name(a, s),
            .allowed = allowed(a, s),
        };
    }
    *out = lines;
    return conf_nsettings;
}

/*
 * Names, pairs, gaps and directives are all checked here, so that whoever applies a set knows that it is in order.
 */
// SPDX-License-Identifier: Apache-2.0
#include "migrate/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "embedded.h"

/* ---------------------------------------------------------------- directives */

static bool set_no_transaction(struct file_script *s, struct arena *a, struct span words, struct err *e)
{
    (void)a;
    s->no_transaction = true;
    return words.n == 0 || fail(e, E_USAGE, "no-transaction takes no words after it");
}

static bool set_unreviewed(struct file_script *s, struct arena *a, struct span words, struct err *e)
{
    (void)a;
    (void)words;
    (void)e;
    s->unreviewed = true;
    return true;
}

static bool set_irreversible(struct file_script *s, struct arena *a, struct span words, struct err *e)
{
    s->irreversible = arena_strdup(a, words);
    return words.n > 0 || fail(e, E_USAGE, "irreversible needs a reason");
}

static bool set_allow(struct file_script *s, struct arena *a, struct span words, struct err *e)
{
    struct span rule = span_cut(&words, ' ');

    (void)s;
    (void)a;
    return (rule.n > 0 && span_trim(words).n > 0) || fail(e, E_USAGE, "allow needs a rule and a reason");
}

static const struct {
    const char *name;
    bool        anywhere;         /* else only at the top of the file */
    bool      (*set)(struct file_script *s, struct arena *a, struct span words, struct err *e);
} directives[] = {
    { "no-transaction", false, set_no_transaction },
    { "irreversible",   false, set_irreversible   },
    { "unreviewed",     false, set_unreviewed     },
    { "allow",          true,  set_allow          },
};

static bool directive(struct file_script *s, struct arena *a, struct span words, bool top, struct err *e)
{
    struct span name = span_cut(&words, ' ');

    for (size_t i = 0; i < ARRAY_LEN(directives); i++) {
        if (!span_is(name, directives[i].name))
            continue;
        if (!top && !directives[i].anywhere)
            return fail(e, E_USAGE, "\"%s\" belongs at the top of the file", directives[i].name);
        return directives[i].set(s, a, span_trim(words), e);
    }
    return fail(e, E_USAGE, "unknown directive \"%.*s\"", SPAN_ARG(name));
}

/* "-- keelson: words" */
static bool is_directive(struct span line, struct span *words)
{
    line = span_trim(line);
    if (!span_starts(line, SPAN("--")))
        return false;
    line = span_trim(span_drop(line, 2));
    if (!span_starts(line, SPAN("keelson:")))
        return false;
    *words = span_trim(span_drop(line, 8));
    return true;
}

static bool directives_in(struct file_script *s, struct arena *a, struct span comments, bool top, int line, struct err *e)
{
    while (comments.n > 0) {
        struct span text = span_cut(&comments, '\n'), words;

        if (text.n > 0 && text.p[text.n - 1] == '\r')
            text.n--;
        if (is_directive(text, &words) && !directive(s, a, words, top, e))
            return err_context(e, "line %d", line);
        line++;
    }
    return true;
}

static int lines_in(struct span s)
{
    int n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

/* ---------------------------------------------------------------- one file */

static bool check_statements(const struct file_script *s, struct err *e)
{
    for (int i = 0; i < s->nstatements; i++) {
        const struct split_statement *st = &s->statements[i];

        if (st->flags & SPLIT_TRANSACTION)
            return fail(e, E_USAGE, "line %d: the runner begins and ends transactions, a migration does not", st->line);
        if (st->flags & SPLIT_COPY_IN)
            return fail(e, E_USAGE, "line %d: COPY FROM STDIN has no input here; use INSERT", st->line);
        if ((st->flags & SPLIT_ALONE) && !s->no_transaction)
            return fail(e, E_USAGE, "line %d: this statement cannot run inside a transaction; put \"-- keelson: no-transaction\" at the top",
                        st->line);
    }
    return true;
}

static bool read_script(struct arena *a, const struct file_source *file, struct file_script *s, struct err *e)
{
    uint8_t digest[DIGEST_SHA256];
    struct span tail = SPAN_NONE;

    *s = (struct file_script){ .path = file->path, .text = file->text };
    digest_sha256(file->text, digest);
    digest_hex(digest, sizeof digest, s->checksum);
    if (!span_utf8(file->text) || memchr(file->text.p, '\0', file->text.n))
        return fail(e, E_USAGE, "%s: is not UTF-8 text", file->path);
    if (!split_statements(a, file->text, &s->statements, &s->nstatements, &tail, e))
        return err_context(e, "%s", file->path);
    for (int i = 0; i < s->nstatements; i++) {
        const struct split_statement *st = &s->statements[i];

        if (!directives_in(s, a, st->before, i == 0, st->line - lines_in(st->before), e))
            return err_context(e, "%s", file->path);
    }
    if (!directives_in(s, a, tail, s->nstatements == 0, 1 + lines_in(file->text) - lines_in(tail), e) || !check_statements(s, e))
        return err_context(e, "%s", file->path);
    return true;
}

/* ---------------------------------------------------------------- a set */

struct file_name { int64_t version; struct span name; bool up; };

/* NNNN_name.up.sql */
static bool parse_name(const char *text, struct file_name *out)
{
    struct span rest = span_of(text);
    struct span number = span_cut(&rest, '_');
    uint64_t version;

    if (number.n < 4 || number.n > 18 || !span_u64(number, &version) || version == 0)
        return false;
    out->up = span_ends(rest, SPAN(".up.sql"));
    if (!out->up && !span_ends(rest, SPAN(".down.sql")))
        return false;
    rest.n -= out->up ? 7 : 9;
    out->version = (int64_t)version;
    out->name = rest;
    return rest.n > 0 && !memchr(rest.p, '.', rest.n);
}

static struct file_migration *slot(struct file_set *set, int64_t version)
{
    for (int i = 0; i < set->n; i++)
        if (set->migrations[i].version == version)
            return &set->migrations[i];
    set->migrations[set->n] = (struct file_migration){ .version = version };
    return &set->migrations[set->n++];
}

static bool add(struct arena *a, const struct file_source *file, struct file_set *set, struct err *e)
{
    struct file_name name;
    struct file_migration *m;
    struct file_script *script;

    if (!parse_name(file->name, &name))
        return fail(e, E_USAGE, "%s: a migration is called NNNN_name.up.sql or NNNN_name.down.sql, numbers from 0001", file->path);
    m = slot(set, name.version);
    if (m->name && !span_is(name.name, m->name))
        return fail(e, E_USAGE, "%s: number %lld is also used by %s", file->path, (long long)m->version, m->up.path ? m->up.path : m->down.path);
    script = name.up ? &m->up : &m->down;
    if (script->path)
        return fail(e, E_USAGE, "%s: number %lld is also used by %s", file->path, (long long)m->version, script->path);
    m->name = arena_strdup(a, name.name);
    if (!read_script(a, file, script, e))
        return false;
    if (script->irreversible)
        m->irreversible = script->irreversible;
    return true;
}

static int by_version(const void *a, const void *b)
{
    const struct file_migration *x = a, *y = b;

    return (x->version > y->version) - (x->version < y->version);
}

static bool check_set(const struct file_set *set, struct err *e)
{
    for (int i = 0; i < set->n; i++) {
        const struct file_migration *m = &set->migrations[i];
        const char *path = m->up.path ? m->up.path : m->down.path;

        if (m->version != i + 1)
            return fail(e, E_USAGE, "%s: number %04d is missing in front of it", path, i + 1);
        if (!m->up.path)
            return fail(e, E_USAGE, "%s: its .up.sql is missing", path);
        if (!m->down.path && !m->irreversible)
            return fail(e, E_USAGE, "%s: its .down.sql is missing; write it, or declare \"-- keelson: irreversible REASON\"", path);
    }
    return true;
}

bool file_set_build(struct arena *a, const struct file_source *files, int n, struct file_set *out, struct err *e)
{
    out->migrations = arena_array(a, struct file_migration, n + 1);
    out->n = 0;
    for (int i = 0; i < n; i++)
        if (span_ends(span_of(files[i].name), SPAN(".sql")) && !add(a, &files[i], out, e))
            return false;
    qsort(out->migrations, (size_t)out->n, sizeof *out->migrations, by_version);
    return check_set(out, e);
}

const struct file_migration *file_find(const struct file_set *set, int64_t version)
{
    return version >= 1 && version <= set->n ? &set->migrations[version - 1] : NULL;
}

/* ---------------------------------------------------------------- where they come from */

bool file_load_embedded(struct arena *a, struct file_set *out, struct err *e)
{
    int n = (int)embedded_nmigrations;
    struct file_source *files = arena_array(a, struct file_source, n + 1);

    *out = (struct file_set){ .project = "keelson" };
    for (int i = 0; i < n; i++)
        files[i] = (struct file_source){ .path = arena_printf(a, "keelson/%s", embedded_migrations[i].name),
                                         .name = embedded_migrations[i].name,
                                         .text = { embedded_migrations[i].data, embedded_migrations[i].size } };
    return file_set_build(a, files, n, out, e);
}

static bool read_file(struct arena *a, const char *dir, const char *name, struct file_source *out, struct err *e)
{
    struct buf text = BUF(FILE_MAX);
    bool ok;

    out->path = arena_printf(a, "%s/%s", dir, name);
    out->name = arena_strdup(a, span_of(name));
    ok = buf_read_file(&text, out->path, e);
    if (ok)
        out->text = arena_span(a, buf_span(&text));
    buf_free(&text);
    return ok;
}

static int is_sql(const struct dirent *d)
{
    return d->d_name[0] != '.' && span_ends(span_of(d->d_name), SPAN(".sql"));
}

bool file_load_dir(struct arena *a, const char *project, const char *dir, struct file_set *out, struct err *e)
{
    struct dirent **names = NULL;
    struct file_source *files;
    bool ok = true;
    int n = scandir(dir, &names, is_sql, alphasort);

    *out = (struct file_set){ .project = project, .dir = dir };
    if (n < 0) {
        out->absent = errno == ENOENT;
        return out->absent || fail(e, E_IO, "%s: %m", dir);
    }
    files = arena_array(a, struct file_source, n + 1);
    for (int i = 0; i < n; i++) {
        ok = ok && read_file(a, dir, names[i]->d_name, &files[i], e);
        free(names[i]);
    }
    free(names);
    return ok && file_set_build(a, files, n, out, e);
}

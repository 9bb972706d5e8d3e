/*
 * Reads the .gitignore files itself: git need not be installed.  Knows patterns for names, not those with folders in them; the worst
 * that comes of it is one line too many.
 */
// SPDX-License-Identifier: Apache-2.0
#include "cli/gitignore.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define FILE_LIMIT ((size_t)1 << 20)

static bool matches(struct arena *a, struct span pattern, const char *name, bool here)
{
    if (span_starts(pattern, SPAN("**/")))
        pattern = span_drop(pattern, 3);
    else if (here && span_starts(pattern, SPAN("/")))
        pattern = span_drop(pattern, 1);
    return pattern.n > 0 && !memchr(pattern.p, '/', pattern.n) && fnmatch(arena_strdup(a, pattern), name, 0) == 0;
}

int gitignore_says(struct arena *a, struct span text, const char *name, bool here)
{
    int says = 0;

    while (text.n > 0) {
        struct span line = span_trim(span_cut(&text, '\n'));
        bool back;

        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        back = span_starts(line, SPAN("!"));
        if (back)
            line = span_drop(line, 1);
        if (matches(a, line, name, here))
            says = back ? -1 : 1;
    }
    return says;
}

static bool is_tree_root(struct arena *a, const char *dir)
{
    struct stat st;

    return stat(arena_printf(a, "%s/.git", dir), &st) == 0;
}

static bool ask(struct arena *a, const char *file, const char *name, bool here, int *says, struct err *e)
{
    struct buf text = BUF(FILE_LIMIT);
    bool ok = true;

    *says = 0;
    if (access(file, F_OK) == 0)
        ok = buf_read_file(&text, file, e);
    if (ok)
        *says = gitignore_says(a, buf_span(&text), name, here);
    buf_free(&text);
    return ok;
}

/* On a line of its own, also when the file does not end with a newline. */
static bool append(struct arena *a, const char *file, const char *name, struct err *e)
{
    int fd = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const char *line = arena_printf(a, "\n%s\n", name);
    bool ok = false;
    off_t end;
    char last = '\n';

    if (fd < 0)
        return fail(e, E_IO, "open %s: %m", file);
    end = lseek(fd, 0, SEEK_END);
    if (end > 0 && pread(fd, &last, 1, end - 1) != 1)
        fail(e, E_IO, "read %s: %m", file);
    else if (last == '\n')
        line++;
    ok = e->kind == E_NONE && (write(fd, line, strlen(line)) == (ssize_t)strlen(line) || fail(e, E_IO, "write %s: %m", file));
    return close(fd) == 0 && ok;
}

static char *parent(struct arena *a, const char *dir)
{
    const char *slash = strrchr(dir, '/');

    return arena_strdup(a, slash > dir ? (struct span){ dir, (size_t)(slash - dir) } : SPAN("/"));
}

/* The nearest file that says something decides, as in git. */
static bool add_below(struct arena *a, const char *dir, const char *name, const char **where, bool *tree, struct err *e)
{
    int says = 0;
    bool here = true;

    for (;; dir = parent(a, dir), here = false) {
        const char *file = arena_printf(a, "%s/.gitignore", dir);
        int one = 0;

        if (says == 0 && !ask(a, file, name, here, &one, e))
            return false;
        says = says ? says : one;
        *tree = is_tree_root(a, dir);
        if (*tree && says <= 0) {
            *where = file;
            return append(a, file, name, e);
        }
        if (*tree || strcmp(dir, "/") == 0)
            return true;
    }
}

bool gitignore_add(struct arena *a, const char *path, const char **where, bool *tree, struct err *e)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char resolved[PATH_MAX];

    *where = NULL;
    if (!realpath(slash ? parent(a, path) : ".", resolved))
        return fail(e, E_IO, "%s: %m", path);
    return add_below(a, resolved, name, where, tree, e);
}

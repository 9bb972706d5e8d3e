/*
 * Finding server binaries: the directory that was named, else Debian's layout, newest first, else PATH.
 * Asks a binary for its version only where the path does not tell.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cluster_find.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/proc.h"
#include "pg/cluster.h"

#define DEBIAN_DIR "/usr/lib/postgresql"
#define ASK_TIME   (10 * USEC_S)

int cluster_find_version(struct span text)
{
    struct span word;

    while (text.n > 0) {
        int major = 0;

        word = span_cut(&text, ' ');
        for (size_t i = 0; i < word.n && i < 4 && word.p[i] >= '0' && word.p[i] <= '9'; i++)
            major = major * 10 + (word.p[i] - '0');
        if (major > 0)
            return major;
    }
    return 0;
}

static bool has_server(struct arena *a, const char *dir)
{
    return access(arena_printf(a, "%s/postgres", dir), X_OK) == 0 && access(arena_printf(a, "%s/initdb", dir), X_OK) == 0;
}

static int ask_version(struct arena *a, const char *dir)
{
    const char *argv[] = { arena_printf(a, "%s/postgres", dir), "--version", NULL };
    struct buf out = BUF(4096);
    struct err ignored = { .kind = E_NONE };
    int status, major = 0;

    if (proc_run(&(struct proc_opts){ .argv = argv }, clock_now() + ASK_TIME, &out, &status, &ignored) && status == 0)
        major = cluster_find_version(buf_span(&out));
    buf_free(&out);
    return major;
}

/* The newest of Debian's directories that fits; NULL: none. */
static const char *find_debian(struct arena *a, int major, int *out_major)
{
    const char *best = NULL;
    DIR *d = opendir(DEBIAN_DIR);
    struct dirent *entry;

    *out_major = 0;
    while (d && (entry = readdir(d))) {
        uint64_t n;
        const char *bin = arena_printf(a, DEBIAN_DIR "/%s/bin", entry->d_name);

        if (!span_u64(span_of(entry->d_name), &n) || n > 999 || n < CLUSTER_FIND_OLDEST || (int)n <= *out_major)
            continue;
        if ((major != 0 && (int)n != major) || !has_server(a, bin))
            continue;
        best = bin;
        *out_major = (int)n;
    }
    if (d)
        closedir(d);
    return best;
}

static const char *find_in_path(struct arena *a, int major, int *out_major)
{
    struct span path = span_of(getenv("PATH"));

    while (path.n > 0) {
        struct span dir = span_cut(&path, ':');
        const char *bin = arena_strdup(a, dir);

        if (dir.n == 0 || dir.p[0] != '/' || !has_server(a, bin))
            continue;
        *out_major = ask_version(a, bin);
        if (*out_major >= CLUSTER_FIND_OLDEST && (major == 0 || *out_major == major))
            return bin;
    }
    return NULL;
}

static bool find_named(struct arena *a, const char *bindir, int major, const char **out, int *out_major, struct err *e)
{
    *out = bindir;
    if (!has_server(a, bindir))
        return fail(e, E_USAGE, "pg.bindir: there are no PostgreSQL server binaries (postgres, initdb) in %s", bindir);
    *out_major = ask_version(a, bindir);
    if (*out_major == 0)
        return fail(e, E_USAGE, "pg.bindir: %s/postgres does not tell its version", bindir);
    if (*out_major < CLUSTER_FIND_OLDEST)
        return fail(e, E_USAGE, "pg.bindir: %s has PostgreSQL %d; %d or later is needed", bindir, *out_major, CLUSTER_FIND_OLDEST);
    if (major != 0 && *out_major != major)
        return fail(e, E_USAGE, "pg.bindir: %s has PostgreSQL %d; %d is needed", bindir, *out_major, major);
    return true;
}

bool cluster_find_bindir(struct arena *a, const char *bindir, int major, const char **out, int *out_major, struct err *e)
{
    int package = major ? major : CLUSTER_FIND_OLDEST;

    if (bindir)
        return find_named(a, bindir, major, out, out_major, e);
    *out = find_debian(a, major, out_major);
    if (!*out)
        *out = find_in_path(a, major, out_major);
    if (*out)
        return true;
    return fail(e, E_USAGE, "PostgreSQL server binaries not found: install postgresql-%d (apt-get install postgresql-%d) or set pg.bindir",
                package, package);
}

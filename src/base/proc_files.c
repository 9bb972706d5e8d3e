/*
 * Directories and files around child processes: made with their owner, written whole, removed whole.
 *
 * Links are never followed where somebody else could have put one.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

/* Create each missing directory before the last component. */
static bool make_parents(char *path, struct err *e)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return fail(e, E_IO, "create directory %s: %m", path);
        *slash = '/';
    }
    return true;
}

/* Through the descriptor and never through a link, which somebody may have put there. */
static bool settle_directory(const char *path, mode_t mode, uid_t uid, gid_t gid, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    bool ok = false;

    if (fd < 0 && errno == ENOTDIR)
        return fail(e, E_IO, "%s is a link or no directory: name the directory itself", path);
    if (fd < 0 || fstat(fd, &st) < 0)
        fail(e, E_IO, "open directory %s: %m", path);
    else if (uid != 0 && (st.st_uid != uid || st.st_gid != gid) && fchown(fd, uid, gid) < 0)
        fail(e, E_IO, "give directory %s to user %u: %m", path, uid);
    else if ((st.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
        fail(e, E_IO, "set mode %03o of directory %s: %m", mode, path);
    else
        ok = true;
    if (fd >= 0)
        close(fd);
    return ok;
}

bool proc_mkdirs(const char *path, mode_t mode, uid_t uid, gid_t gid, struct err *e)
{
    struct arena a = ARENA;
    char *copy = arena_strdup(&a, span_of(path));
    size_t n = strlen(copy);
    bool ok = false;

    while (n > 1 && copy[n - 1] == '/')
        copy[--n] = '\0';
    if (n == 0)
        fail(e, E_IO, "create directory: the name is empty");
    else if (make_parents(copy, e)) {
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
            fail(e, E_IO, "create directory %s: %m", path);
        else
            ok = settle_directory(copy, mode, uid, gid, e);
    }
    arena_free(&a);
    return ok;
}

static bool write_all(int fd, struct span text)
{
    while (text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text = span_drop(text, (size_t)n);
    }
    return true;
}

/* A rename is durable when its directory is. */
static bool sync_directory(const char *path)
{
    struct arena a = ARENA;
    const char *slash = strrchr(path, '/');
    const char *dir = !slash ? "." : slash == path ? "/" : arena_printf(&a, "%.*s", (int)(slash - path), path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    arena_free(&a);
    return ok;
}

bool proc_write_file(const char *path, struct span text, mode_t mode, uid_t uid, gid_t gid, struct err *e)
{
    struct arena a = ARENA;
    char *temporary = arena_printf(&a, "%s.XXXXXX", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    bool ok = false;

    if (fd < 0) {
        fail(e, E_IO, "create %s: %m", temporary);
        goto out;
    }
    ok = (uid == 0 || fchown(fd, uid, gid) == 0) && fchmod(fd, mode) == 0 && write_all(fd, text) && fsync(fd) == 0 &&
         rename(temporary, path) == 0;
    if (!ok) {
        fail(e, E_IO, "write %s: %m", path);
        unlink(temporary);
    } else if (!sync_directory(path)) {
        ok = fail(e, E_IO, "sync the directory of %s: %m", path);
    }
out:
    if (fd >= 0)
        close(fd);
    arena_free(&a);
    return ok;
}

static bool remove_below(int dir_fd, const char *name, struct err *e);

static bool remove_entry(int dir_fd, const char *name, struct err *e)
{
    if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return fail(e, E_IO, "remove %s: %m", name);
    if (!remove_below(dir_fd, name, e))
        return err_context(e, "%s", name);
    if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return fail(e, E_IO, "remove directory %s: %m", name);
    return true;
}

static bool remove_below(int dir_fd, const char *name, struct err *e)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    bool ok = true;

    if (!dir) {
        fail(e, E_IO, "open directory %s: %m", name);
        if (fd >= 0)
            close(fd);
        return false;
    }
    while (ok && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = remove_entry(dirfd(dir), entry->d_name, e);
    closedir(dir);
    return ok;
}

bool proc_rmtree(const char *path, struct err *e)
{
    return remove_entry(AT_FDCWD, path, e);
}

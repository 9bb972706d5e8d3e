/*
 * A pid alone may be another process by now; with its start time it is one process for good.  A lock file that was
 * removed while it was held would let two programs in, so a lock counts only while the name still leads to it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cluster_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/proc.h"

static bool lock_path(const char *dir, char out[PATH_MAX])
{
    return snprintf(out, PATH_MAX, "%s/keelson.lock", dir) < PATH_MAX;
}

static bool still_named(int fd, const char *path)
{
    struct stat ours, named;

    return fstat(fd, &ours) == 0 && lstat(path, &named) == 0 && S_ISREG(ours.st_mode) &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static bool write_holder(int fd)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%d %" PRIu64 "\n", (int)getpid(), proc_birth(getpid()));

    return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n;
}

static bool take(int fd, const char *path, uid_t uid, gid_t gid, bool *mine, struct err *e)
{
    *mine = flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (!*mine && errno != EWOULDBLOCK)
        return fail(e, E_IO, "lock %s: %s", path, strerror(errno));
    *mine = *mine && still_named(fd, path);
    if (*mine && ((uid != 0 && fchown(fd, uid, gid) != 0) || !write_holder(fd)))
        return fail(e, E_IO, "write %s: %s", path, strerror(errno));
    return true;
}

bool cluster_lock_try(const char *dir, uid_t uid, gid_t gid, int *fd, struct err *e)
{
    char path[PATH_MAX];
    bool mine = false, ok;

    *fd = -1;
    if (!lock_path(dir, path))
        return fail(e, E_USAGE, "the path of the data directory is too long");
    *fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (*fd < 0)
        return fail(e, E_IO, "open %s: %s", path, strerror(errno));
    ok = take(*fd, path, uid, gid, &mine, e);
    if (!ok || !mine) {
        close(*fd);
        *fd = -1;
    }
    return ok;
}

pid_t cluster_lock_holder(const char *dir)
{
    char path[PATH_MAX], text[64] = "";
    uint64_t birth = 0;
    int pid = 0, fd;

    if (!lock_path(dir, path))
        return 0;
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (pread(fd, text, sizeof text - 1, 0) <= 0 || sscanf(text, "%d %" SCNu64, &pid, &birth) != 2 || pid <= 0)
        pid = 0;
    close(fd);
    return pid > 0 && proc_alive(pid) && proc_birth(pid) == birth ? pid : 0;    /* a zombie holds nothing */
}

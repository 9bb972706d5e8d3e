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
#include <time.h>
#include <unistd.h>

#include "base/proc.h"

static const char *const uses[] = { [CLUSTER_LOCK_SERVICE] = "service", [CLUSTER_LOCK_COMMAND] = "command" };

static bool path_of(const char *dir, const char *name, char out[PATH_MAX])
{
    return snprintf(out, PATH_MAX, "%s/%s", dir, name) < PATH_MAX;
}

static bool still_named(int fd, const char *path)
{
    struct stat ours, named;

    return fstat(fd, &ours) == 0 && lstat(path, &named) == 0 && S_ISREG(ours.st_mode) &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static bool write_holder(int fd, enum cluster_lock_use use)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%d %" PRIu64 " %s\n", (int)getpid(), proc_birth(getpid()), uses[use]);

    return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n;
}

static int open_lock(const char *path, int flags)
{
    return open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
}

static bool take(int fd, const char *path, bool *mine, struct err *e)
{
    *mine = flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (!*mine && errno != EWOULDBLOCK)
        return fail(e, E_IO, "lock %s: %m", path);
    *mine = *mine && still_named(fd, path);
    return true;
}

bool cluster_lock_try(const char *dir, uid_t uid, gid_t gid, enum cluster_lock_use use, int *fd, struct err *e)
{
    char path[PATH_MAX];
    bool mine = false, ok;

    *fd = -1;
    if (!path_of(dir, "keelson.lock", path))
        return fail(e, E_USAGE, "the path of the data directory is too long");
    *fd = open_lock(path, O_RDWR | O_CREAT);
    if (*fd < 0)
        return fail(e, E_IO, "open %s: %m", path);
    ok = take(*fd, path, &mine, e);
    if (mine && ((uid != 0 && fchown(*fd, uid, gid) != 0) || !write_holder(*fd, use)))
        ok = fail(e, E_IO, "write %s: %m", path);
    if (!ok || !mine) {
        close(*fd);
        *fd = -1;
    }
    return ok;
}

pid_t cluster_lock_holder(const char *dir, enum cluster_lock_use *use)
{
    char path[PATH_MAX], text[64] = "", word[16] = "";
    uint64_t birth = 0;
    int pid = 0, fd;

    if (!path_of(dir, "keelson.lock", path) || (fd = open_lock(path, O_RDONLY)) < 0)
        return 0;
    if (pread(fd, text, sizeof text - 1, 0) <= 0 || sscanf(text, "%d %" SCNu64 " %15s", &pid, &birth, word) != 3)
        pid = 0;
    close(fd);
    *use = strcmp(word, uses[CLUSTER_LOCK_COMMAND]) == 0 ? CLUSTER_LOCK_COMMAND : CLUSTER_LOCK_SERVICE;
    return pid > 0 && proc_alive(pid) && proc_birth(pid) == birth ? pid : 0;    /* a zombie holds nothing */
}

int cluster_lock_guests(const char *dir, uid_t uid, gid_t gid)
{
    char path[PATH_MAX];
    int fd = path_of(dir, "keelson.guests", path) ? open_lock(path, O_RDWR | O_CREAT) : -1;

    if (fd >= 0 && uid != 0 && fchown(fd, uid, gid) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int cluster_lock_guest(const char *dir)
{
    char path[PATH_MAX];
    int fd = path_of(dir, "keelson.guests", path) ? open_lock(path, O_RDONLY) : -1;

    if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void cluster_lock_last_guest(int guests, usec wait)
{
    deadline until = clock_now() + wait;

    while (flock(guests, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK && clock_now() < until)
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

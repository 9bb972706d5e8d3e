/*
 * Users and directories.  PostgreSQL refuses to run as root, so root hands the data directory to another user, and everything
 * in it is then done as that user.  What the user cannot reach is found out before initdb would stumble over it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cluster_place.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc.h"

#define DIR_MAX 900          /* PostgreSQL's own limit is 1024, file names included */

/* The first that exists runs the server of a program run by root. */
static const char *const server_users[] = { "keelson", "postgres", "nobody" };

uid_t cluster_place_owner(const struct cluster_place *p)
{
    return p->uid ? p->uid : geteuid();
}

bool cluster_place_become(uid_t uid, gid_t gid)
{
    return uid == 0 || (setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0);
}

bool cluster_place_run(const struct cluster_place *p, bool (*work)(void *arg, struct err *e), void *arg, struct err *e)
{
    struct err *shared;
    int status = 0;
    pid_t pid;
    bool ok;

    if (p->uid == 0)
        return work(arg, e);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return fail(e, E_IO, "mmap: %s", strerror(errno));
    pid = fork();
    if (pid == 0) {
        if (!cluster_place_become(p->uid, p->gid) || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
            _exit(!fail(shared, E_IO, "cannot become user %s: %s", p->user, strerror(errno)));
        _exit(work(arg, shared) ? 0 : 1);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    ok = pid > 0 && status == 0;
    if (!ok)
        fail(e, shared->kind ? shared->kind : E_IO, "%s", shared->kind ? shared->message : "a helper process failed");
    munmap(shared, sizeof *shared);
    return ok;
}

/* ---- can the server's user get there? ---- */

/* As the server's user: every directory that leads to the path can be passed, as far as it exists. */
static bool reach(void *arg, struct err *e)
{
    const char *path = arg;
    char part[PATH_MAX];
    struct passwd *me = getpwuid(geteuid());
    struct stat st;

    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t n = (size_t)(slash - path);

        memcpy(part, path, n);
        part[n] = '\0';
        if (access(part, X_OK) == 0)
            continue;
        if (errno == ENOENT)
            return true;
        return fail(e, E_USAGE, "run by root the server works as user %s, who cannot pass %s (mode %04o); use a directory that it can reach, "
                                "such as --data-dir /var/lib/keelson, or allow it: chmod o+x %s",
                    me ? me->pw_name : "?", part, stat(part, &st) == 0 ? st.st_mode & 07777 : 0, part);
    }
    return true;
}

static bool check_reach(const struct cluster_place *p, const char *path, struct err *e)
{
    return p->uid == 0 || cluster_place_run(p, reach, (void *)path, e);
}

/* ---- user ---- */

static bool be_user(struct arena *a, struct cluster_place *p, const struct passwd *pw)
{
    if (!pw || pw->pw_uid == 0)
        return false;
    p->uid = pw->pw_uid;
    p->gid = pw->pw_gid;
    p->user = arena_strdup(a, span_of(pw->pw_name));
    return true;
}

/* An existing cluster stays with whom it belongs to. */
bool cluster_place_user(struct arena *a, const char *dir, struct cluster_place *p, struct err *e)
{
    struct stat st;
    struct passwd *me = getpwuid(geteuid());

    *p = (struct cluster_place){ .user = me ? arena_strdup(a, span_of(me->pw_name)) : arena_printf(a, "%u", (unsigned)geteuid()) };
    if (geteuid() != 0)
        return true;
    if (dir && lstat(arena_printf(a, "%s/PG_VERSION", dir), &st) == 0 && be_user(a, p, getpwuid(st.st_uid)))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(server_users); i++)
        if (be_user(a, p, getpwnam(server_users[i])))
            return true;
    return fail(e, E_USAGE, "PostgreSQL does not run as root and there is no user postgres to run it as: adduser --system --group postgres");
}

/* ---- data directory ---- */

static bool owner_fits(const struct cluster_place *p, const struct stat *st, struct err *e)
{
    /* Root gives a directory of its own (mkdir, a mounted volume) to the server. */
    if (st->st_uid == cluster_place_owner(p) || (p->uid != 0 && st->st_uid == 0))
        return true;
    return fail(e, E_USAGE, "data directory %s belongs to user %u, the server would run as %s: run this as its owner, or use another --data-dir",
                p->dir, (unsigned)st->st_uid, p->user);
}

static const char *absolute(struct arena *a, const char *dir)
{
    char cwd[PATH_MAX];
    struct span s = span_of(dir);

    while (s.n > 1 && s.p[s.n - 1] == '/')
        s.n--;
    return s.p[0] == '/' || !getcwd(cwd, sizeof cwd) ? arena_strdup(a, s) : arena_printf(a, "%s/%.*s", cwd, SPAN_ARG(s));
}

bool cluster_place_data(struct arena *a, const char *dir, struct cluster_place *out, struct err *e)
{
    char real[PATH_MAX];
    struct stat st;

    dir = absolute(a, dir);
    if (strlen(dir) > DIR_MAX)
        return fail(e, E_USAGE, "the path of the data directory has %zu bytes; %d are allowed", strlen(dir), DIR_MAX);
    if (!cluster_place_user(a, dir, out, e) || !check_reach(out, dir, e))
        return false;
    if (stat(dir, &st) != 0 && errno == ENOENT && !proc_mkdirs(dir, 0700, out->uid, out->gid, e))
        return err_context(e, "data directory");
    if (!realpath(dir, real))
        return fail(e, errno == EACCES ? E_USAGE : E_IO, "data directory %s: %s", dir, strerror(errno));
    if (strlen(real) > DIR_MAX)
        return fail(e, E_USAGE, "the path of the data directory has %zu bytes; %d are allowed", strlen(real), DIR_MAX);
    out->dir = arena_strdup(a, span_of(real));
    if (stat(out->dir, &st) == 0 && !owner_fits(out, &st, e))
        return false;
    return check_reach(out, out->dir, e);
}

bool cluster_place_adopt(const struct cluster_place *p, struct err *e)
{
    struct stat st;
    int fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool ok = false;

    if (fd < 0 || fstat(fd, &st) != 0)
        fail(e, E_IO, "data directory %s: %m", p->dir);
    else if (!owner_fits(p, &st, e))
        ok = false;
    else if ((st.st_uid != cluster_place_owner(p) && fchown(fd, p->uid, p->gid) != 0) || ((st.st_mode & 0077) && fchmod(fd, 0700) != 0))
        fail(e, E_IO, "data directory %s: %m", p->dir);
    else
        ok = true;
    if (fd >= 0)
        close(fd);
    return ok;
}

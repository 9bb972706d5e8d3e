/*
 * Places of throwaway clusters: keelson-tmp-PID-XXXXXX with the data directory and the socket in it, so that one removal
 * removes all.  The guardian does that; what two kills have left is swept by the next who makes one.
 */
// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/proc.h"
#include "pg/cluster_lock.h"
#include "pg/cluster_place.h"
#include "pg/cluster_server.h"

#define PREFIX   "keelson-tmp-"
#define BASE_MAX 50          /* the socket's path must stay below 107 bytes */

static const char *base_dir(void)
{
    const char *dir = getenv("TMPDIR");
    struct stat st;

    /* Open to everybody, as /tmp is: the server's user must get in, and the guardian remove what it owns there. */
    if (dir && dir[0] == '/' && strlen(dir) <= BASE_MAX && stat(dir, &st) == 0 && (geteuid() != 0 || (st.st_mode & 01777) == 01777))
        return dir;
    return "/tmp";
}

static bool make_inside(void *arg, struct err *e)
{
    const struct cluster_place *p = arg;

    if (mkdir(p->dir, 0700) == 0 && mkdir(p->socket_dir, 0700) == 0)
        return true;
    return fail(e, E_IO, "mkdir below %s: %s", p->dir, strerror(errno));
}

bool cluster_place_temporary(struct arena *a, struct cluster_place *out, const char **root, struct err *e)
{
    char *tree = arena_printf(a, "%s/" PREFIX "%d-XXXXXX", base_dir(), (int)getpid());

    *root = NULL;
    if (!cluster_place_user(a, NULL, out, e))
        return false;
    if (!mkdtemp(tree))
        return fail(e, E_IO, "mkdtemp %s: %s", tree, strerror(errno));
    *root = tree;
    out->dir = arena_printf(a, "%s/data", tree);
    out->socket_dir = arena_printf(a, "%s/run", tree);
    if (out->uid != 0 && lchown(tree, out->uid, out->gid) != 0)
        return fail(e, E_IO, "chown %s: %s", tree, strerror(errno));
    return cluster_place_run(out, make_inside, out, e);
}

static bool remove_tree(void *arg, struct err *e)
{
    return proc_rmtree(arg, e);
}

bool cluster_place_remove(const struct cluster_place *p, const char *root, struct err *e)
{
    return cluster_place_run(p, remove_tree, (void *)root, e);
}

/* Nobody works on it any more: its program is dead, and its guardian too or it would hold the lock. */
static void sweep_one(struct arena *a, const struct cluster_place *p, const char *tree)
{
    struct cluster_place there = *p;
    struct err ignored = { .kind = E_NONE };
    struct stat st;
    int fd = -1;

    there.dir = arena_printf(a, "%s/data", tree);
    if (lstat(tree, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != cluster_place_owner(p))
        return;
    if (lstat(there.dir, &st) == 0 && S_ISDIR(st.st_mode)) {
        if (!cluster_lock_try(there.dir, 0, 0, CLUSTER_LOCK_COMMAND, &fd, &ignored) || fd < 0 || !cluster_server_stop(&there, &ignored))
            goto out;
    }
    if (!cluster_place_remove(p, tree, &ignored))
        goto out;
out:
    if (fd >= 0)
        close(fd);
}

void cluster_place_sweep(struct arena *a)
{
    struct cluster_place p;
    struct err ignored = { .kind = E_NONE };
    const char *base = base_dir();
    struct dirent *entry;
    DIR *d;

    if (!cluster_place_user(a, NULL, &p, &ignored))
        return;
    d = opendir(base);
    while (d && (entry = readdir(d))) {
        struct span rest = span_of(entry->d_name);
        uint64_t pid;

        if (!span_starts(rest, SPAN(PREFIX)))
            continue;
        rest = span_drop(rest, sizeof PREFIX - 1);
        if (span_u64(span_cut(&rest, '-'), &pid) && pid > 0 && pid < INT32_MAX && !proc_alive((pid_t)pid))
            sweep_one(a, &p, arena_printf(a, "%s/%s", base, entry->d_name));
    }
    if (d)
        closedir(d);
}

/*
 * Runs in the guardian: nothing here may block, fail or grow.  A full disk costs log lines, never the server.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/cluster_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (8 << 20)

static bool name(const struct cluster_log *l, const char *suffix, char out[PATH_MAX])
{
    return snprintf(out, PATH_MAX, "%s/postgresql.log%s", l->dir, suffix) < PATH_MAX;
}

static void open_file(struct cluster_log *l)
{
    char path[PATH_MAX];

    if (!name(l, "", path))
        return;
    l->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    l->size = l->fd < 0 ? 0 : lseek(l->fd, 0, SEEK_END);
}

static void rotate(struct cluster_log *l)
{
    char now[PATH_MAX], older[PATH_MAX], oldest[PATH_MAX];

    if (!name(l, "", now) || !name(l, ".1", older) || !name(l, ".2", oldest))
        return;
    close(l->fd);
    rename(older, oldest);
    rename(now, older);
    open_file(l);
}

void cluster_log_open(struct cluster_log *l, const char *dir)
{
    *l = (struct cluster_log){ .dir = dir, .fd = -1 };
    mkdir(dir, 0700);
    open_file(l);
}

bool cluster_log_copy(struct cluster_log *l, int pipe)
{
    char chunk[16 << 10];
    ssize_t n = 0;

    /* Not for ever: a server that writes without pause must not keep the guardian from its other business. */
    for (int i = 0; i < 16 && (n = read(pipe, chunk, sizeof chunk)) > 0; i++) {
        if (l->fd < 0)
            open_file(l);
        else if (l->size + n > FILE_MAX)
            rotate(l);
        if (l->fd >= 0 && write(l->fd, chunk, (size_t)n) == n)
            l->size += n;
    }
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/*
 * The directory of the server's socket.  A socket's path has at most 107 bytes, so it cannot be below a data directory of
 * unknown depth.  Whoever can enter this directory is the superuser of the cluster: it is checked each time that it is a
 * directory, no link, the server user's, and closed to others.
 *
 * Not in XDG_RUNTIME_DIR: that goes away when its user logs out, while a server started with nohup stays.
 */
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/proc.h"
#include "pg/cluster_place.h"

#define SOCKET_DIR_MAX (107 - sizeof("/.s.PGSQL.65535") + 1)

const char *cluster_place_name(struct arena *a, uid_t owner, const char *dir)
{
    enum { BYTES = 6 };
    uint8_t hash[DIGEST_SHA256];
    char hex[2 * BYTES];

    digest_sha256(span_of(arena_printf(a, "%u:%s", (unsigned)owner, dir)), hash);
    digest_hex(hash, BYTES, hex);
    return arena_printf(a, "keelson-%.*s", (int)sizeof hex, hex);
}

static bool is_ours(const char *path, uid_t owner)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == owner && !(st.st_mode & 0077);
}

/* Root may have died between making it and giving it away. */
static bool make(const char *path, const struct cluster_place *p)
{
    if (strlen(path) > SOCKET_DIR_MAX || (mkdir(path, 0700) != 0 && errno != EEXIST))
        return false;
    if (p->uid != 0 && is_ours(path, 0) && lchown(path, p->uid, p->gid) != 0)
        return false;
    return is_ours(path, cluster_place_owner(p));
}

static bool make_unique(char *template, const struct cluster_place *p)
{
    return strlen(template) <= SOCKET_DIR_MAX && mkdtemp(template) && make(template, p);
}

/* systemd's RUNTIME_DIRECTORY (the first of its list) is there for this, and private to the service. */
static const char *service_dir(struct arena *a)
{
    const char *dirs = getenv("RUNTIME_DIRECTORY");

    return dirs && dirs[0] == '/' ? arena_strdup(a, (struct span){ dirs, strcspn(dirs, ":") }) : NULL;
}

static const char *record_path(struct arena *a, const struct cluster_place *p)
{
    return arena_printf(a, "%s/keelson.socket", p->dir);
}

/* A copied data directory still records the original's socket: the name must be this one's. */
const char *cluster_place_recorded(struct arena *a, const struct cluster_place *p)
{
    struct buf text = BUF(PATH_MAX);
    struct err ignored = { .kind = E_NONE };
    const char *path = NULL;

    if (buf_read_file(&text, record_path(a, p), &ignored)) {
        struct span rest = buf_span(&text);

        path = arena_strdup(a, span_cut(&rest, '\n'));
        if (path[0] != '/' || !strstr(path, cluster_place_name(a, cluster_place_owner(p), p->dir)) || !is_ours(path, cluster_place_owner(p)))
            path = NULL;
    }
    buf_free(&text);
    return path;
}

struct record {
    const char *path, *text;
};

static bool write_record(void *arg, struct err *e)
{
    const struct record *r = arg;

    return proc_write_file(r->path, span_of(r->text), 0600, 0, 0, e);
}

static bool choose(struct arena *a, struct cluster_place *p, struct err *e)
{
    const char *name = cluster_place_name(a, cluster_place_owner(p), p->dir);
    const char *bases[] = { service_dir(a), geteuid() == 0 ? "/run" : NULL, "/tmp" };

    for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
        p->socket_dir = arena_printf(a, "%s/%s", bases[i] ? bases[i] : "", name);
        if (bases[i] && make(p->socket_dir, p))
            return true;
    }
    /* The name was there and not ours: nobody may keep us from starting by making a directory in /tmp. */
    p->socket_dir = arena_printf(a, "/tmp/%s-XXXXXX", name);
    if (make_unique((char *)p->socket_dir, p))
        return true;
    return fail(e, E_IO, "no directory for the server's socket: %s: %s", p->socket_dir, strerror(errno));
}

bool cluster_place_socket(struct arena *a, struct cluster_place *p, struct err *e)
{
    struct record r = { .path = record_path(a, p) };

    p->socket_dir = cluster_place_recorded(a, p);
    if (p->socket_dir)
        return true;
    if (!choose(a, p, e))
        return false;
    r.text = arena_printf(a, "%s\n", p->socket_dir);
    return cluster_place_run(p, write_record, &r, e);
}

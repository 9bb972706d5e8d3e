/*
 * Child processes: run one and wait, or start one that dies with us; users and files around it.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_PROC_H
#define KEELSON_BASE_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

struct proc_opts {
    const char *const *argv;      /* NULL-terminated; argv[0] is a path */
    const char *const *env;       /* "NAME=value" added to or replacing ours, "NAME" alone removes it; NULL: none.
                                     LC_ALL=C is always set */
    uid_t uid; gid_t gid;         /* 0: stay who we are; else groups are dropped too */
    const char *cwd;              /* NULL: ours */
    int   out_fd;                 /* 0: /dev/null; else where stdout and stderr go */
    bool  die_with_parent;        /* PR_SET_PDEATHSIG SIGTERM -> for helpers whose end must follow ours */
};

/* Run to its end.  Output (stdout and stderr) is appended to *out; what does not fit is dropped and sets out->full.
   out NULL: output goes where o->out_fd says.  *status is the exit status, or 128 + signal.
   E_IO when it cannot be started, E_TIMEOUT (killed, with its group) when `until` passes. */
MUST_CHECK bool proc_run(const struct proc_opts *o, deadline until, struct buf *out, int *status, struct err *e);

/* Start and return.  The child leads a process group of its own (kill(-pid, ...) reaches its children too);
   the caller reaps it with waitpid(). */
MUST_CHECK bool proc_start(const struct proc_opts *o, pid_t *pid, struct err *e);

bool proc_alive(pid_t pid);       /* a zombie is not */
/* Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat): a pid together with it names one process
   for good.  0: no such process. */
uint64_t proc_birth(pid_t pid);

/* A directory and its missing parents; the last one, new or not, gets `mode` and, if uid is not 0, that owner.
   It must not be a symbolic link. */
MUST_CHECK bool proc_mkdirs(const char *path, mode_t mode, uid_t uid, gid_t gid, struct err *e);
/* Write a whole file: temporary name, fsync, rename, fsync of the directory. */
MUST_CHECK bool proc_write_file(const char *path, struct span text, mode_t mode, uid_t uid, gid_t gid, struct err *e);
/* Remove a directory and all below it, never following a link.  True when there is nothing to remove. */
MUST_CHECK bool proc_rmtree(const char *path, struct err *e);

#endif

/*
 * Work that may block, in a thread of its own: a name server, a file system, a program to wait for.
 *
 * One owner at a time: the thread while it works, then whoever asked, who learns of it by a readable descriptor and can wait for that
 * with an event loop or with poll().  Giving up is always possible at once; then the thread cleans up when it comes back.
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_BASE_JOB_H
#define KEELSON_BASE_JOB_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

#define JOB_MOST 16             /* threads of this kind at a time, in the process */

struct job;

/*
 * run(arg) in the thread; it may touch nothing but arg.  drop(arg) frees it, in the thread, when nobody wants the result any more.
 * E_BUSY at the limit, E_IO when there is no descriptor or thread; then arg is still the caller's.
 */
MUST_CHECK bool job_start(void (*run)(void *arg), void (*drop)(void *arg), void *arg, struct job **out, struct err *e);
int   job_fd(const struct job *j);      /* readable when run() has returned */
void *job_end(struct job *j);           /* when it is readable: arg is the caller's again, the job and its descriptor are gone */
void  job_abandon(struct job *j);       /* at any time; NULL is harmless */

#endif

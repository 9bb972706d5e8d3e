/*
 * Read in a thread: a file may lie on a network, and a command may take long.  A command is not run more than once in five seconds.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/rotate.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/job.h"
#include "base/log.h"

#define LOOK_EVERY    USEC_S
#define COMMAND_EVERY (5 * USEC_S)

struct reading {                    /* the thread's */
    struct credentials from;
    struct buf         text;
    bool               ok;
    struct err         err;
};

static void reading_run(void *arg)
{
    struct reading *r = arg;

    r->ok = credentials_read(&r->from, &r->text, &r->err);
}

static void reading_drop(void *arg)
{
    struct reading *r = arg;

    if (r->text.p)
        explicit_bzero(r->text.p, r->text.cap);
    buf_free(&r->text);
    free(r);
}

/* ---- what it says now ---- */

static bool same_target(const struct pg_target *a, const struct pg_target *b)
{
    size_t i = 0;

    while (a->keys[i] && b->keys[i] && strcmp(a->keys[i], b->keys[i]) == 0 && strcmp(a->values[i], b->values[i]) == 0)
        i++;
    return !a->keys[i] && !b->keys[i];
}

static bool target_read(struct rotate *r, const struct credentials *from, struct span text, struct err *e)
{
    const char *url;

    arena_reset(&r->arena[r->next]);
    return credentials_url(&r->arena[r->next], from, text, &url, e) && pg_url_parse(&r->arena[r->next], url, &r->target[r->next], e);
}

static void take(struct pool *p)
{
    struct rotate *r = &p->rotate;
    const struct pg_target *t = &r->target[r->next];

    if (same_target(t, p->hosts.target))
        return;
    hosts_change(&p->hosts, t);
    p->config.target = t;
    r->next = 1 - r->next;
    log_event(LOG_INFO, "credentials-changed", "target=%s note=%s", t->shown, "new connections use them, the others live on");
    p->connect_at = 0;
    pool_turn_soon(p);
}

static void ready(struct watch *w, int events)
{
    struct pool *p = CONTAINER(w, struct pool, rotate.watch);
    struct rotate *r = &p->rotate;
    struct reading *read;
    struct err e = { 0 };

    (void)events;
    loop_unwatch(w);
    read = job_end(r->job);
    r->job = NULL;
    e = read->err;
    if (read->ok && target_read(r, &read->from, buf_span(&read->text), &e))
        take(p);
    else
        log_event(LOG_ERROR, "credentials-unreadable", "reason=%s", e.message);
    reading_drop(read);
}

static void ask(struct pool *p, usec now)
{
    struct rotate *r = &p->rotate;
    struct reading *read;
    struct err e = { 0 };

    if (r->job || (p->config.credentials.command && r->asked_at != 0 && now - r->asked_at < COMMAND_EVERY))
        return;
    read = calloc(1, sizeof *read);
    if (!read)
        err_die("out of memory: no room to read credentials");
    read->from = p->config.credentials;
    read->text = (struct buf)BUF(CREDENTIALS_MOST);
    r->asked_at = now;
    if (!job_start(reading_run, reading_drop, read, &r->job, &e)) {
        log_event(LOG_ERROR, "credentials-unreadable", "reason=%s", e.message);
        reading_drop(read);
        return;
    }
    r->watch = (struct watch){ .fd = job_fd(r->job), .ready = ready };
    loop_watch(p->loop, &r->watch, LOOP_READ);
}

/* ---- when to look ---- */

/* A replaced file is another one, and a secret that is mounted is a link to another folder. */
static bool file_changed(struct rotate *r, const char *file)
{
    struct stat st;
    bool changed;

    if (!file || stat(file, &st) != 0)
        return false;
    changed = st.st_ino != r->inode || st.st_mtim.tv_sec != r->written.tv_sec || st.st_mtim.tv_nsec != r->written.tv_nsec;
    r->inode = st.st_ino;
    r->written = st.st_mtim;
    return changed;
}

void rotate_start(struct pool *p)
{
    file_changed(&p->rotate, p->config.credentials.file);
}

void rotate_close(struct pool *p)
{
    loop_unwatch(&p->rotate.watch);
    job_abandon(p->rotate.job);
    arena_free(&p->rotate.arena[0]);
    arena_free(&p->rotate.arena[1]);
}

void rotate_turn(struct pool *p, usec now)
{
    struct rotate *r = &p->rotate;

    if (p->draining || now - r->looked_at < LOOK_EVERY)
        return;
    r->looked_at = now;
    if (file_changed(r, p->config.credentials.file))
        ask(p, now);
}

void rotate_refused(struct pool *p, const struct err *why)
{
    if (!p->rotate.refused)
        log_event(LOG_ERROR, "credentials-refused", "reason=%s", why->message);
    p->rotate.refused = true;
    if (p->config.credentials.file || p->config.credentials.command)
        ask(p, loop_now(p->loop));
}

void rotate_accepted(struct pool *p)
{
    if (p->rotate.refused)
        log_event(LOG_INFO, "credentials-accepted", "target=%s", p->config.target->shown);
    p->rotate.refused = false;
}

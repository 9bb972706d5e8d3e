/*
 * The thread owns its lookup and touches nothing else; a lookup that nobody waits for any more ends when the resolver lets it.
 */
// SPDX-License-Identifier: Apache-2.0
#include "pg/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "base/job.h"
#include "base/span.h"

struct lookup {                     /* the thread's */
    char                  name[NI_MAXHOST];
    struct resolve_answer answer;
};

bool resolve_needed(const char *host)
{
    unsigned char ignored[sizeof(struct in6_addr)];
    char plain[RESOLVE_TEXT];
    size_t n = host ? strcspn(host, "%") : 0;       /* fe80::1%eth0 */

    if (n == 0 || host[0] == '/' || host[0] == '@')
        return false;
    if (n >= sizeof plain)
        return true;
    memcpy(plain, host, n);
    plain[n] = '\0';
    return inet_pton(AF_INET, plain, ignored) != 1 && inet_pton(AF_INET6, plain, ignored) != 1;
}

static enum resolve_verdict verdict_of(int rc)
{
    if (rc == 0)
        return RESOLVE_FOUND;
    return rc == EAI_NONAME || rc == EAI_NODATA || rc == EAI_ADDRFAMILY ? RESOLVE_NO_SUCH_NAME : RESOLVE_FAILED;
}

static void lookup_run(void *arg)
{
    struct lookup *l = arg;
    struct resolve_answer *a = &l->answer;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;

    a->verdict = verdict_of(getaddrinfo(l->name, NULL, &hints, &list));
    for (const struct addrinfo *i = list; i && a->n < RESOLVE_MOST; i = i->ai_next)
        a->n += getnameinfo(i->ai_addr, i->ai_addrlen, a->address[a->n], RESOLVE_TEXT, NULL, 0, NI_NUMERICHOST) == 0;
    if (list)
        freeaddrinfo(list);
    if (a->verdict == RESOLVE_FOUND && a->n == 0)
        a->verdict = RESOLVE_NO_SUCH_NAME;
}

bool resolve_fresh(const struct resolve *r, usec now)
{
    return r->answered_at != 0 && now - r->answered_at < RESOLVE_GOOD;
}

static void tell(struct resolve *r)
{
    while (r->waiting) {
        struct resolve_wait *w = r->waiting;

        r->waiting = w->next;
        w->of = NULL;
        w->answered(w);
    }
}

static void ready(struct watch *w, int events)
{
    struct resolve *r = CONTAINER(w, struct resolve, watch);
    struct lookup *l;

    (void)events;
    loop_unwatch(w);
    l = job_end(r->job);
    r->job = NULL;
    r->answer = l->answer;
    r->answered_at = loop_now(r->loop);
    free(l);
    tell(r);
}

/* Without a thread there is no answer; whoever waits runs into his own time limit and comes back. */
static void lookup_start(struct resolve *r)
{
    struct err e = { 0 };
    struct lookup *l = calloc(1, sizeof *l);

    if (!l)
        err_die("out of memory: no room for a lookup");
    strncpy(l->name, r->name, sizeof l->name - 1);
    if (!job_start(lookup_run, free, l, &r->job, &e)) {
        free(l);
        return;
    }
    r->watch = (struct watch){ .fd = job_fd(r->job), .ready = ready };
    loop_watch(r->loop, &r->watch, LOOP_READ);
}

void resolve_wait(struct resolve *r, struct resolve_wait *w)
{
    w->of = r;
    w->next = r->waiting;
    r->waiting = w;
    if (!r->job)
        lookup_start(r);
}

void resolve_unwait(struct resolve_wait *w)
{
    struct resolve_wait **at;

    if (!w->of)
        return;
    for (at = &w->of->waiting; *at != w; at = &(*at)->next) {
        /* it is there */
    }
    *at = w->next;
    w->of = NULL;
}

void resolve_close(struct resolve *r)
{
    loop_unwatch(&r->watch);
    job_abandon(r->job);
    r->job = NULL;
    r->answer = (struct resolve_answer){ .verdict = RESOLVE_FAILED };
    r->answered_at = 0;
    tell(r);
}

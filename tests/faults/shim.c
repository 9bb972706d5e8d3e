/*
 * A library to preload: the wall clock jumps, an allocation fails, no thread can be made, names below .test are answered, when and as
 * the test says so.  It says so in a file that both have mapped, named by FAULT_SHIM; without one everything is as ever.
 *
 * Below it lies either the C library or a sanitizer's runtime, whose own names for what it replaces are used.
 */
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct control {
    _Atomic int64_t  jump;              /* seconds the wall clock is ahead */
    _Atomic int64_t  allocations;       /* the how-many-th from now on fails; 0: none */
    _Atomic int64_t  threads;           /* not 0: none can be made */
    _Atomic uint64_t failed;            /* how often something was refused */
    _Atomic int64_t  lookup_ms;         /* how long a name takes; it may be shortened meanwhile */
    _Atomic int64_t  lookup_verdict;    /* EAI_..., 0: the address */
    _Atomic uint64_t lookup_address;    /* IPv4, the first byte highest */
    _Atomic uint64_t lookups;
} nothing, *control = &nothing;

__attribute__((constructor)) static void control_map(void)
{
    const char *path = getenv("FAULT_SHIM");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *shared = fd >= 0 ? mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (shared != MAP_FAILED)
        control = shared;
    if (fd >= 0)
        close(fd);
}

/* ---- the clock ---- */

int clock_gettime(clockid_t id, struct timespec *t)
{
    int rc = (int)syscall(SYS_clock_gettime, id, t);

    if (rc == 0 && id == CLOCK_REALTIME)
        t->tv_sec += control->jump;
    return rc;
}

time_t time(time_t *out)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    if (out)
        *out = t.tv_sec;
    return t.tv_sec;
}

/* ---- memory ---- */

extern void *__interceptor_malloc(size_t n) __attribute__((weak));
extern void *__interceptor_calloc(size_t n, size_t size) __attribute__((weak));
extern void *__interceptor_realloc(void *p, size_t n) __attribute__((weak));
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

static int refused(void)
{
    if (control->allocations == 0 || atomic_fetch_sub(&control->allocations, 1) != 1)
        return 0;
    control->failed++;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t n)
{
    if (refused())
        return NULL;
    return __interceptor_malloc ? __interceptor_malloc(n) : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    if (refused())
        return NULL;
    return __interceptor_calloc ? __interceptor_calloc(n, size) : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    if (refused())
        return NULL;
    return __interceptor_realloc ? __interceptor_realloc(p, n) : __libc_realloc(p, n);
}

/* ---- threads ---- */

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

    if (control->threads != 0) {
        control->failed++;
        return EAGAIN;
    }
    *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
    return next(thread, attr, run, arg);
}

/* ---- names ---- */

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    size_t n = node ? strlen(node) : 0;
    char address[16];

    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    if (n < 5 || strcmp(node + n - 5, ".test") != 0)
        return next(node, service, hints, res);
    control->lookups++;
    for (int64_t ms = 0; ms < control->lookup_ms; ms += 10)
        usleep(10000);
    if (control->lookup_verdict != 0)
        return (int)control->lookup_verdict;
    snprintf(address, sizeof address, "%u.%u.%u.%u", (unsigned)(control->lookup_address >> 24 & 255), (unsigned)(control->lookup_address >> 16 & 255),
             (unsigned)(control->lookup_address >> 8 & 255), (unsigned)(control->lookup_address & 255));
    return next(address, service, hints, res);
}

/*
 * Many clients at once, each asking for what it alone has written: nonces PORT KEY SESSION CLIENTS REQUESTS.
 *
 * Every request carries or names a nonce of its own, and its answer must hold that nonce, no other, and end where it says.  Some
 * clients leave in the middle, with a reset.  A refusal (409, 503, 504) is an answer too, and a closed connection is counted.
 * The last line says how it went; the exit status is 1 when any answer was wrong, and the first wrong ones are shown.
 */
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 16384, NONCE_MAX = 40, SHOWN = 5 };

static struct sockaddr_in server = { .sin_family = AF_INET };
static const char *key, *session;
static long each;
static atomic_long right, refused, left, closed, wrong;

struct client {
    unsigned number, seed;
    long     asked;
    int      fd;                        /* -1: not connected */
    char     nonce[NONCE_MAX];          /* of the request under way */
    char     mine[NONCE_MAX], id[37];   /* a candidate of its own, to read; id is empty before the first */
    char     answer[ANSWER_MAX];
    size_t   n;
};

static void disconnect(struct client *c, bool reset)
{
    struct linger now = { 1, 0 };

    if (c->fd < 0)
        return;
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(c->fd);
    c->fd = -1;
}

static bool reach(struct client *c)
{
    struct timeval limit = { .tv_sec = 60 };
    int one = 1;

    if (c->fd >= 0)
        return true;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) == 0)
        return true;
    disconnect(c, false);
    return false;
}

static bool send_request(struct client *c, const char *method, const char *path, const char *body)
{
    char text[1024];
    int n = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n%s", method, path, key, strlen(body), body);

    return send(c->fd, text, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool ask(struct client *c)
{
    char path[128], body[256] = "";
    unsigned kind = (unsigned)rand_r(&c->seed) % 4;

    snprintf(c->nonce, sizeof c->nonce, "nonce-%u-%ld.", c->number, c->asked);
    if (kind < 2 && c->id[0]) {
        snprintf(c->nonce, sizeof c->nonce, "%s", c->mine);
        snprintf(path, sizeof path, "/v1/candidates/%s", c->id);
        return send_request(c, "GET", path, "");
    }
    if (kind == 2) {
        snprintf(path, sizeof path, "/v1/sessions/%s/messages", session);
        snprintf(body, sizeof body, "{\"role\":\"user\",\"content\":\"%s\"}", c->nonce);
        return send_request(c, "POST", path, body);
    }
    snprintf(body, sizeof body, "{\"full_name\":\"%s\"}", c->nonce);
    return send_request(c, "POST", "/v1/candidates", body);
}

static bool read_more(struct client *c)
{
    ssize_t n = recv(c->fd, c->answer + c->n, sizeof c->answer - 1 - c->n, 0);

    if (n <= 0)
        return false;
    c->n += (size_t)n;
    c->answer[c->n] = '\0';
    return true;
}

/* The whole answer as its own length says; false: the connection ended before. */
static bool receive(struct client *c, const char **body)
{
    const char *end = NULL, *length;
    size_t whole;

    c->n = 0;
    while (!end) {
        if (!read_more(c))
            return false;
        end = strstr(c->answer, "\r\n\r\n");
    }
    length = strcasestr(c->answer, "\r\ncontent-length:");
    whole = (size_t)(end + 4 - c->answer) + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
    while (c->n < whole)
        if (c->n == sizeof c->answer - 1 || !read_more(c))
            return false;
    *body = end + 4;
    return true;
}

/* One answer a request: nothing may follow it. */
static bool nothing_follows(struct client *c, const char *body)
{
    size_t length = strtoul(strcasestr(c->answer, "\r\ncontent-length:") + 17, NULL, 10);
    char extra;

    return c->n == (size_t)(body - c->answer) + length && recv(c->fd, &extra, 1, MSG_DONTWAIT) <= 0;
}

static bool only_mine(const char *body, const char *nonce)
{
    bool found = false;

    for (const char *at = body; (at = strstr(at, "nonce-")); at++) {
        if (strncmp(at, nonce, strlen(nonce)) != 0)
            return false;
        found = true;
    }
    return found;
}

static void remember(struct client *c, const char *body)
{
    const char *id = strstr(body, "{\"id\":\"");

    if (!id || !strstr(body, "\"full_name\":"))
        return;
    snprintf(c->id, sizeof c->id, "%.36s", id + 7);
    snprintf(c->mine, sizeof c->mine, "%s", c->nonce);
}

static void judge(struct client *c, const char *body)
{
    int status = atoi(c->answer + 9);
    bool said_no = status == 409 || status == 503 || status == 504;

    if (!nothing_follows(c, body) || !(said_no ? strstr(body, "\"code\":") != NULL && !strstr(body, "nonce-") :
                                       (status == 200 || status == 201) && only_mine(body, c->nonce))) {
        if (atomic_fetch_add(&wrong, 1) < SHOWN)
            printf("asked for %s, was told %s\n", c->nonce, c->answer);
    } else if (said_no) {
        refused++;
    } else {
        right++;
        remember(c, body);
    }
    if (strcasestr(c->answer, "\r\nconnection: close"))
        disconnect(c, false);
}

static void *client(void *arg)
{
    struct client *c = arg;
    const char *body;

    for (c->asked = 0; c->asked < each; c->asked++) {
        bool sent = reach(c) && ask(c);

        if (sent && rand_r(&c->seed) % 32 == 0) {
            left++;
            usleep((unsigned)rand_r(&c->seed) % 2000);      /* to leave at any moment is the point */
            disconnect(c, true);
        } else if (sent && receive(c, &body)) {
            judge(c, body);
        } else {
            closed++;
            disconnect(c, false);
        }
    }
    disconnect(c, false);
    return NULL;
}

int main(int argc, char **argv)
{
    int n = argc == 6 ? atoi(argv[4]) : 0;
    struct client *clients = calloc((size_t)n + 1, sizeof *clients);
    pthread_t *threads = calloc((size_t)n + 1, sizeof *threads);

    if (n < 1 || !clients || !threads)
        return 2;
    server.sin_port = htons((uint16_t)atoi(argv[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    key = argv[2];
    session = argv[3];
    each = atol(argv[5]) / n;
    for (int i = 0; i < n; i++) {
        clients[i] = (struct client){ .number = (unsigned)i, .seed = (unsigned)i + 1, .fd = -1 };
        if (pthread_create(&threads[i], NULL, client, &clients[i]) != 0)
            return 2;
    }
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    printf("right=%ld refused=%ld left=%ld closed=%ld wrong=%ld\n", right, refused, left, closed, wrong);
    free(clients);
    free(threads);
    return wrong > 0;
}

/*
 * One client's connection and the server it belongs to, inside http/ only.
 *
 * Bytes come in through intake.c, which makes exchanges of them; answers are made in reply.c and go out through
 * connection_send().
 */
// SPDX-License-Identifier: Apache-2.0
#ifndef KEELSON_HTTP_CONNECTION_H
#define KEELSON_HTTP_CONNECTION_H

#include <netinet/in.h>

#include "http/server.h"
#include "http/work.h"

enum conn_state {
    CONN_IDLE,      /* no byte of a request yet: c->work is NULL, idle deadline                      */
    CONN_HEAD,      /* part of a head is in c->work, header deadline                                 */
    CONN_BODY,      /* the head was accepted, part of the body is in c->work, body deadline          */
    CONN_HANDLER,   /* c->work->x is the handler's until http_reply(); no deadline of ours           */
    CONN_WRITING,   /* c->out holds what the socket would not take of the answer, write deadline     */
    CONN_LINGER,    /* the last answer is out, c->work is NULL; input is dropped until the client ends */
    CONN_CLOSED,    /* descriptor closed, in server->dead until the end of the turn                  */
};

struct connection {
    struct watch        watch;
    struct timer        timer;      /* never later than `until`; fires early rather than being moved for each request */
    struct http_server *server;
    struct connection  *prev, *next;        /* in server->all; `next` alone in server->dead */
    struct connection  *next_ready;         /* in server->ready: a pipelined request waits in c->work */
    bool                queued;             /* is in server->ready */
    enum conn_state     state;
    deadline            until;      /* 0: none */
    usec                began;      /* when this head or body began to arrive */
    bool                loopback;
    bool                too_late;   /* the request began when the server was draining already */
    bool                close;      /* after this answer */
    bool                unread;     /* the client may still be sending what nobody will read */
    bool                eof;        /* the client sends no more, but may still be reading */
    bool                broken;     /* nothing can be sent any more */
    struct work        *work;
    struct buf          out;
    size_t              sent;       /* of out */
    char                peer[INET6_ADDRSTRLEN];
};

struct http_server {
    struct loop         *loop;
    struct http_config   conf;
    struct watch         listen;    /* fd -1 once draining */
    struct timer         pause;     /* accepting again after descriptors ran out */
    int                  reserve;   /* a descriptor to give up when there are no others */
    struct connection   *all, *dead;
    struct connection   *ready, **ready_end;
    struct work         *spare;
    size_t               nspare;
    struct deferred      turn;      /* end of a turn: pipelined requests, the dead, end of draining */
    struct buf           head;      /* where heads of answers are made */
    bool                 draining;
    void               (*drained)(void *user);
    void                *drained_user;
    char                 date[40];  /* "Date: ...\r\n", good until date_until */
    usec                 date_until;
    struct http_counters counters;
    char                 address[128];
    const char          *unlink;    /* path of a unix socket, inside address */
};

struct connection *connection_open(struct http_server *s, int fd, const char *peer, bool loopback);
void connection_become(struct connection *c, enum conn_state to);
void connection_deadline(struct connection *c, deadline until);
/* Bytes read; 0: none now; -1: there will be none any more. */
ssize_t connection_receive(struct connection *c, char *p, size_t n);
/* The answer of a CONN_HANDLER; what the socket does not take at once is copied. */
void connection_send(struct connection *c, struct span head, struct span body);
/* An interim line outside any answer; false: not sent. */
bool connection_interim(struct connection *c, struct span line);
void connection_linger(struct connection *c);
/* Not in CONN_HANDLER; the struct stays until the end of the turn. */
void connection_close(struct connection *c);
/* The server closes: in any state, freed at once; a handler keeps its exchange. */
void connection_abandon(struct connection *c);

#endif
